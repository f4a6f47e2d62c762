"""CloudWatch's alarms as its documentation tells them: one alarm, one moment, lists and loops, nothing clever.

Only for tests: what the vectorised engine says is compared with this. It takes nothing from the engine.

- https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
- https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import re
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Recorded:
    """What was published: `rows[i]` are the samples of the step that begins at `start + i * step`."""

    start: int
    step: int
    rows: list[list[float]]


def statistic(samples: list[float], name: str) -> float | None:  # noqa: C901, PLR0911 (one line for each statistic)
    """The statistic of one period's samples; None without samples, and without a meaning for negative ones."""
    if not samples:
        return None
    if name == "SampleCount":
        return float(len(samples))
    if name == "Sum":
        return sum(samples)
    if name == "Average":
        return sum(samples) / len(samples)
    if name == "Minimum":
        return min(samples)
    if name == "Maximum":
        return max(samples)
    if min(samples) < 0:
        return None
    if name == "IQM":
        return statistic(samples, "TM(25%:75%)")
    short = re.fullmatch(r"(p|tm|wm|tc|ts)([\d.]+)", name)
    if short and short[1] == "p":
        return _percentile(sorted(samples), Fraction(short[2]))
    if short:
        return _between_percents(sorted(samples), short[1], Fraction(0), Fraction(short[2]))
    bounds = re.fullmatch(r"(TM|WM|TC|TS|PR)\(([\d.]*)%?:([\d.]*)%?\)", name)
    assert bounds, name
    kind = bounds[1].lower()
    if "%" in name:
        return _between_percents(sorted(samples), kind, Fraction(bounds[2] or 0), Fraction(bounds[3] or 100))
    low = float(bounds[2]) if bounds[2] else float("-inf")
    high = float(bounds[3]) if bounds[3] else float("inf")
    return _between_values(samples, kind, low, high)


def _percentile(ordered: list[float], percentile: Fraction) -> float:
    rank = percentile * (len(ordered) - 1) / 100
    below = int(rank)
    if below + 1 == len(ordered):
        return ordered[below]
    return ordered[below] + float(rank - below) * (ordered[below + 1] - ordered[below])


def _between_percents(ordered: list[float], kind: str, low: Fraction, high: Fraction) -> float | None:
    """The sample with the index i stands for the share from i to i + 1 of all of them."""
    bottom, top = low * len(ordered) / 100, high * len(ordered) / 100
    parts = [max(Fraction(0), min(top, Fraction(i + 1)) - max(bottom, Fraction(i))) for i in range(len(ordered))]
    count = sum(parts)
    total = float(sum(part * Fraction(value) for part, value in zip(parts, ordered, strict=True)))
    if kind == "tc":
        return float(count)
    if kind == "ts":
        return total
    if not count:
        return None
    if kind == "tm":
        return total / float(count)
    inside = [value for part, value in zip(parts, ordered, strict=True) if part]
    outside = float(bottom) * inside[0] + float(len(ordered) - top) * inside[-1]
    return (total + outside) / len(ordered)


def _between_values(samples: list[float], kind: str, low: float, high: float) -> float | None:
    """The lower boundary is outside, the upper one inside."""
    inside = [value for value in samples if low < value <= high]
    if kind == "tc":
        return float(len(inside))
    if kind == "pr":
        return 100 * len(inside) / len(samples)
    if kind == "ts":
        return float(sum(inside))
    if kind == "tm":
        return sum(inside) / len(inside) if inside else None
    return sum(min(max(value, low), high) for value in samples) / len(samples)


def samples_of_period(recorded: Recorded, begin: int, end: int, moment: int) -> list[float]:
    """The samples of the steps that begin in a period and are over at the moment."""
    found: list[float] = []
    for index, row in enumerate(recorded.rows):
        at = recorded.start + index * recorded.step
        if begin <= at < end and at + recorded.step <= moment:
            found += row
    return found


def periods_of_row(moment: int, period: int, periods: int, *, wall_clock: bool) -> list[tuple[int, int]]:
    """From the oldest period to the newest: where each begins and ends."""
    newest = moment // period * period if wall_clock else moment
    return [(newest - (age + 1) * period, newest - age * period) for age in reversed(range(periods))]


def read(
    recorded: Recorded, stat: str, moment: int, period: int, periods: int, *, wall_clock: bool
) -> list[float | None]:
    """One row of datapoints."""
    spans = periods_of_row(moment, period, periods, wall_clock=wall_clock)
    return [statistic(samples_of_period(recorded, begin, end, moment), stat) for begin, end in spans]


def breaches(value: float, comparison: str, threshold: float) -> bool:
    """Whether a datapoint is on the wrong side of the threshold."""
    if comparison == "GreaterThanThreshold":
        return value > threshold
    if comparison == "GreaterThanOrEqualToThreshold":
        return value >= threshold
    if comparison == "LessThanThreshold":
        return value < threshold
    assert comparison == "LessThanOrEqualToThreshold"
    return value <= threshold


def state_after(row: list[bool | None], n: int, m: int, missing: str, before: str) -> str:  # noqa: PLR0911
    """The state after one evaluation; `row` says from the oldest period to the newest whether each breaches."""
    newest_first = [(age, breach) for age, breach in enumerate(reversed(row), start=1) if breach is not None]
    real = newest_first[:n]
    breaching = [age for age, breach in real if breach]
    if len(real) == n:
        return "ALARM" if len(breaching) >= m else "OK"
    if missing == "breaching":
        return "ALARM" if len(breaching) + n - len(real) >= m else "OK"
    if missing == "notBreaching":
        return "ALARM" if len(breaching) >= m else "OK"
    if missing == "missing" and not real:
        return "INSUFFICIENT_DATA"
    if len(breaching) >= m:
        return "ALARM"
    if len(breaching) < len(real):
        return "OK"
    if missing == "ignore":
        return before
    return "ALARM" if max(breaching) >= m else "OK"


def low_samples(stat: str) -> Fraction:
    """How many samples a percentile needs to mean something."""
    percentile = Fraction(stat.removeprefix("p")) / 100
    return 10 / (1 - percentile) if percentile >= Fraction(1, 2) else 10 / percentile
