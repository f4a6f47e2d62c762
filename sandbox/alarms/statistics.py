"""Samples of one period, and the statistics CloudWatch makes of them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

SIMPLE_STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
_EXTENDED = re.compile(r"(p|tm|wm|tc|ts)(\d{1,2}(?:\.\d{1,10})?|100)")


class UnknownStatisticError(ValueError):
    """A statistic that is not known here."""


@dataclass(slots=True)
class Samples:
    """What was published of one metric in one period; grows as samples arrive.

    `values` maps a value to how often it was seen. A statistic set leaves no values behind, unless all its samples
    must have been equal; from then on the period has no percentiles, as in CloudWatch.
    """

    count: float = 0.0
    total: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")
    values: dict[float, float] = field(default_factory=dict)
    has_distribution: bool = True

    def add(self, value: float, count: float = 1.0) -> None:
        """Count `value` as seen `count` times."""
        self.count += count
        self.total += value * count
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)
        self.values[value] = self.values.get(value, 0.0) + count

    def add_set(self, *, count: float, total: float, minimum: float, maximum: float) -> None:
        """Add a published statistic set."""
        if minimum == maximum and total == minimum * count:
            self.add(minimum, count)
            return
        self.count += count
        self.total += total
        self.minimum = min(self.minimum, minimum)
        self.maximum = max(self.maximum, maximum)
        self.has_distribution = False

    def merge(self, other: "Samples", *, distribution: bool = True) -> None:
        """Add what `other` holds; without its `distribution`, the simple statistics only, which is much faster."""
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.has_distribution = self.has_distribution and other.has_distribution and distribution
        if not distribution:
            return
        for value, count in other.values.items():
            self.values[value] = self.values.get(value, 0.0) + count

    def thin(self, limit: int) -> None:
        """Keep at most about `limit` distinct values, each standing for its neighbours; the simple statistics stay."""
        if len(self.values) <= limit:
            return
        # Two neighbouring groups hold more than one share, so there are at most `limit` + 1 of them.
        share = 2 * self.count / limit
        thinned: dict[float, float] = {}
        weight = weighted = 0.0
        for value, count in sorted(self.values.items()):
            # A value seen often stands for itself only.
            if weight and weight + count > share:
                thinned[weighted / weight] = thinned.get(weighted / weight, 0.0) + weight
                weight = weighted = 0.0
            weight += count
            weighted += value * count
        thinned[weighted / weight] = thinned.get(weighted / weight, 0.0) + weight
        self.values = thinned


def merged(parts: Iterable[Samples], *, distribution: bool = True) -> Samples:
    """One `Samples` holding all `parts`, with their `distribution` or without."""
    whole = Samples()
    for part in parts:
        whole.merge(part, distribution=distribution)
    return whole


def is_statistic(name: str) -> bool:
    """Whether `statistic` knows `name`."""
    return name in SIMPLE_STATISTICS or _EXTENDED.fullmatch(name) is not None


def percentile_of(name: str) -> float | None:
    """The percentile (0 to 100) that a statistic such as `p99.9` asks for; None for every other statistic."""
    match = _EXTENDED.fullmatch(name)
    return float(match[2]) if match and match[1] == "p" else None


def statistic(samples: Samples, name: str) -> float | None:
    """The statistic `name` of one period's samples; None when there is none.

    Percentiles interpolate linearly between the two nearest ranks. They and the trimmed statistics do not exist for
    periods with a statistic set or with negative values.

    Raises:
        UnknownStatisticError: `name` is not one of the simple statistics, p, tm, wm, tc or ts with a number.
    """
    if not is_statistic(name):
        known = ", ".join(SIMPLE_STATISTICS)
        raise UnknownStatisticError(f"statistic {name!r} is not supported: use {known}, or p99, tm99, wm99, tc99, ts99")
    if samples.count <= 0:
        return None
    if name in _SIMPLE:
        return _SIMPLE[name](samples)
    match = _EXTENDED.fullmatch(name)
    if match is None or not samples.has_distribution or samples.minimum < 0:
        return None
    ordered = sorted(samples.values.items())
    upper = float(match[2])
    return _percentile(ordered, upper) if match[1] == "p" else _bounded(ordered, match[1], upper)


_SIMPLE: dict[str, Callable[[Samples], float]] = {
    "Average": lambda samples: samples.total / samples.count,
    "Sum": lambda samples: samples.total,
    "Minimum": lambda samples: samples.minimum,
    "Maximum": lambda samples: samples.maximum,
    "SampleCount": lambda samples: samples.count,
}


def _percentile(ordered: list[tuple[float, float]], percentile: float) -> float:
    rank = percentile / 100 * max(sum(count for _, count in ordered) - 1, 0)
    seen = 0.0
    for index, (value, count) in enumerate(ordered):
        seen += count
        # The last sample of this value has rank seen - 1; up to there the value itself is the answer.
        if rank <= seen - 1 or index == len(ordered) - 1:
            return value
        if rank < seen:
            return value + (rank - (seen - 1)) * (ordered[index + 1][0] - value)
    raise AssertionError("a percentile was asked of no samples")


def _bounded(ordered: list[tuple[float, float]], kind: str, upper: float) -> float:
    """Trimmed mean, winsorized mean, trimmed count or trimmed sum of the lowest `upper` percent of the samples."""
    whole = sum(count for _, count in ordered)
    room = whole * upper / 100
    count = total = top = 0.0
    for value, weight in ordered:
        taken = min(weight, room - count)
        if taken <= 0:
            break
        count, total, top = count + taken, total + value * taken, value
    if kind == "tc":
        return count
    if kind == "ts":
        return total
    if kind == "wm":
        return (total + top * (whole - count)) / whole
    return total / count if count else ordered[0][0]
