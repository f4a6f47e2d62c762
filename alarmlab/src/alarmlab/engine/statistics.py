"""The statistics that CloudWatch makes of the samples of a period, for many periods at once.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html

The page leaves two things open. Percentiles interpolate here between the two nearest ranks. Boundaries in percent cut
a share of the samples, and the sample on the boundary counts by the part of it that is inside: `tm99` of ten samples
leaves out a tenth of the highest one.
"""

from collections.abc import Callable, Mapping

import numpy as np

from alarmlab.engine.window import Floats, Truths
from alarmlab.model.statistics import Extended, extended


def statistic(samples: Floats, weights: Floats | None, stat: str) -> Floats:
    """The statistic of each row, NaN where a row has no samples.

    Statistics other than the simple ones do not exist for rows with a negative sample.

    Args:
        samples: one period a row, NaN where there are fewer samples than columns.
        weights: how often each sample was seen; None for once.
        stat: `Average`, `p99.9`, `tm99`, `TM(10%:90%)`, `TC(0.005:0.030)`, `PR(:300)`, `IQM`...

    Raises:
        InputError: `stat` is none of them.
    """
    there = ~np.isnan(samples)
    if weights is not None:
        there &= weights > 0
    counts = there.astype(np.float64) if weights is None else np.where(there, weights, 0.0)
    wanted = extended(stat)
    if wanted is None:
        return _SIMPLE[stat](np.where(there, samples, 0.0), there, counts)
    if samples.shape[1] == 0:
        return np.full(len(samples), np.nan)
    measurable = there.any(axis=1) & ~((samples < 0) & there).any(axis=1)
    result = np.full(len(samples), np.nan)
    rows = slice(None) if measurable.all() else measurable
    ordered, ranked = _sorted(samples[rows], there[rows], None if weights is None else counts[rows])
    result[rows] = _measure(wanted, ordered, ranked)
    return result


def _sum(samples: Floats, there: Truths, counts: Floats) -> Floats:
    return np.where(there.any(axis=1), (samples * counts).sum(axis=1), np.nan)


def _count(_samples: Floats, _there: Truths, counts: Floats) -> Floats:
    total = counts.sum(axis=1)
    return np.where(total > 0, total, np.nan)


def _average(samples: Floats, there: Truths, counts: Floats) -> Floats:
    return _sum(samples, there, counts) / _count(samples, there, counts)


def _minimum(samples: Floats, there: Truths, _counts: Floats) -> Floats:
    lowest = np.where(there, samples, np.inf).min(axis=1, initial=np.inf)
    return np.where(there.any(axis=1), lowest, np.nan)


def _maximum(samples: Floats, there: Truths, _counts: Floats) -> Floats:
    highest = np.where(there, samples, -np.inf).max(axis=1, initial=-np.inf)
    return np.where(there.any(axis=1), highest, np.nan)


_SIMPLE: Mapping[str, Callable[[Floats, Truths, Floats], Floats]] = {
    "Average": _average,
    "Sum": _sum,
    "Minimum": _minimum,
    "Maximum": _maximum,
    "SampleCount": _count,
}


def _sorted(samples: Floats, there: Truths, weights: Floats | None) -> tuple[Floats, Floats]:
    """Samples in ascending order with what is missing last, and for each how many there are up to and with it."""
    filled = np.where(there, samples, np.inf)
    if weights is None:
        ordered = np.sort(filled, axis=1)
        ranks = np.minimum(np.arange(1.0, filled.shape[1] + 1), there.sum(axis=1, keepdims=True))
        return ordered, ranks
    order = np.argsort(filled, axis=1, kind="stable")
    ranks = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    return np.take_along_axis(filled, order, axis=1), ranks


def _measure(wanted: Extended, ordered: Floats, ranks: Floats) -> Floats:
    if wanted.kind == "p":
        return _percentile(ordered, ranks, wanted.high)
    whole = ranks[:, -1]
    counts = np.diff(ranks, axis=1, prepend=0.0)
    values = np.where(counts > 0, ordered, 0.0)
    if wanted.percent:
        bottom = whole * wanted.low / 100
        top = whole * wanted.high / 100
        taken = np.minimum(ranks, top[:, np.newaxis]) - np.maximum(ranks - counts, bottom[:, np.newaxis])
        taken = np.maximum(taken, 0.0)
    else:
        bottom = np.where((counts > 0) & (ordered <= wanted.low), counts, 0.0).sum(axis=1)
        taken = np.where((ordered > wanted.low) & (ordered <= wanted.high), counts, 0.0)
    count = taken.sum(axis=1)
    result: Floats
    match wanted.kind:
        case "tc":
            result = count
        case "pr":
            result = 100 * count / whole
        case "ts":
            result = (values * taken).sum(axis=1)
        case "tm":
            result = _divided((values * taken).sum(axis=1), count)
        case _ if wanted.percent:
            result = _winsorized(values, taken, count, bottom, whole)
        case _:
            result = (np.clip(values, wanted.low, wanted.high) * counts).sum(axis=1) / whole
    return result


def _divided(total: Floats, count: Floats) -> Floats:
    return np.where(count > 0, total / np.where(count > 0, count, 1.0), np.nan)


def _winsorized(values: Floats, taken: Floats, count: Floats, bottom: Floats, whole: Floats) -> Floats:
    """What is outside the boundaries counts as the nearest sample inside."""
    inside = taken > 0
    rows = np.arange(len(values))
    lowest = values[rows, inside.argmax(axis=1)]
    highest = values[rows, inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)]
    total = (values * taken).sum(axis=1) + lowest * bottom + highest * (whole - bottom - count)
    return np.where(count > 0, total / whole, np.nan)


def _percentile(ordered: Floats, ranks: Floats, percentile: float) -> Floats:
    wanted = np.maximum(percentile * (ranks[:, -1] - 1) / 100, 0.0)[:, np.newaxis]
    # A sample seen several times has as many ranks; the last of them is one less than what was seen up to it.
    at = np.minimum((ranks <= wanted).sum(axis=1), (ranks < ranks[:, -1:]).sum(axis=1))[:, np.newaxis]
    following = np.minimum(at + 1, ordered.shape[1] - 1)
    value, last = np.take_along_axis(ordered, at, axis=1), np.take_along_axis(ranks, at, axis=1) - 1
    after = np.take_along_axis(ordered, following, axis=1)
    beyond = np.clip(wanted - last, 0.0, 1.0)
    step = np.where(beyond > 0, np.where(np.isfinite(after), after, value) - value, 0.0)
    return np.asarray((value + beyond * step)[:, 0])
