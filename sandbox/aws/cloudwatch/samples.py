"""Samples of one metric in one period, in little memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from alarmlab.engine.statistics import statistic
from alarmlab.engine.window import Floats

_ROWS = 256
"""How many distributions, of at most some thousand values each, are worked on at once."""


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


# The totals stay exact while the values are thinned.
SIMPLE: Mapping[str, Callable[[Samples], float]] = {
    "Average": lambda samples: samples.total / samples.count,
    "Sum": lambda samples: samples.total,
    "Minimum": lambda samples: samples.minimum,
    "Maximum": lambda samples: samples.maximum,
    "SampleCount": lambda samples: samples.count,
}
"""The statistics that do without the distribution, by their names."""


def statistics(periods: Sequence[Samples], stat: str) -> Floats:
    """The statistic of each period, NaN when there is none: no samples, or no distribution where it needs one.

    Raises:
        InputError: `stat` is not known.
    """
    simple = SIMPLE.get(stat)
    if simple is not None:
        return np.array([simple(period) if period.count > 0 else np.nan for period in periods])
    blocks = [periods[first : first + _ROWS] for first in range(0, len(periods), _ROWS)]
    return np.concatenate([_of_distributions(block, stat) for block in blocks or [()]])


def _of_distributions(periods: Sequence[Samples], stat: str) -> Floats:
    distributions = [period.values if period.has_distribution else {} for period in periods]
    shape = len(distributions), max(map(len, distributions), default=0)
    values, counts = np.full(shape, np.nan), np.zeros(shape)
    for row, distribution in enumerate(distributions):
        values[row, : len(distribution)] = list(distribution)
        counts[row, : len(distribution)] = list(distribution.values())
    return statistic(values, counts, stat)


def merged(parts: Iterable[Samples], *, distribution: bool = True) -> Samples:
    """One `Samples` holding all `parts`, with their `distribution` or without."""
    whole = Samples()
    for part in parts:
        whole.merge(part, distribution=distribution)
    return whole
