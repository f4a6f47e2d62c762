"""Functions of PromQL over ranges of samples, at many moments at once.

https://prometheus.io/docs/prometheus/latest/querying/functions/
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from alarmlab.engine.promql_vectors import quantiles
from alarmlab.engine.window import Floats, Moments, Truths

_BLOCK = 2_000_000
"""How many numbers a matrix of samples holds at once."""


@dataclass(frozen=True, eq=False)
class Ranges:
    """The samples of one series that each moment sees.

    Args:
        times: Unix seconds of all samples, ascending.
        values: of all samples.
        ends: where each range ends, and belongs to it.
        seconds: how long each range is; its beginning does not belong to it, as in Prometheus 3.
    """

    times: Floats
    values: Floats
    ends: Floats
    seconds: float

    @property
    def first(self) -> Moments:
        """The index of each range's first sample."""
        return np.searchsorted(self.times, self.ends - self.seconds, side="right").astype(np.int64)

    @property
    def after(self) -> Moments:
        """One more than the index of each range's last sample."""
        return np.searchsorted(self.times, self.ends, side="right").astype(np.int64)


def newest(ranges: Ranges) -> tuple[Floats, Truths]:
    """The newest sample of each range."""
    return _pick(ranges.values, ranges.after - 1), ranges.after > ranges.first


def over_time(name: str, ranges: Ranges, share: Floats | None = None) -> tuple[Floats, Truths]:
    """What the function `name` makes of each range, and where it gives anything.

    Args:
        name: a function of a range.
        ranges: the samples.
        share: of `quantile_over_time`.
    """
    with np.errstate(all="ignore"):
        if name in _TWO_SAMPLES:
            return _TWO_SAMPLES[name](ranges), ranges.after - ranges.first >= 2
        there = ranges.after > ranges.first
        if name == "quantile_over_time" and share is not None:
            return _of_rows(ranges, lambda rows, at: quantiles(rows, share[at])), there
        return _ONE_SAMPLE[name](ranges), there


def _pick(values: Floats, index: Moments) -> Floats:
    """`values` at `index`, anything where the index is outside."""
    if not len(values):
        return np.full(len(index), np.nan)
    return values[np.clip(index, 0, len(values) - 1)]


def _reduce(function: np.ufunc, ranges: Ranges) -> Floats:
    pairs = np.stack([ranges.first, ranges.after], axis=1).ravel()
    padded = np.append(ranges.values, 0.0)
    reduced: Floats = function.reduceat(padded, pairs)[::2]
    return reduced


def _count(ranges: Ranges, events: Truths) -> Floats:
    """How many of the events between neighbouring samples lie within each range."""
    total = np.concatenate([[0.0], np.cumsum(events)])
    return _pick(total, ranges.after - 1) - _pick(total, ranges.first)


def _of_rows(ranges: Ranges, function: Callable[[Floats, Moments], Floats]) -> Floats:
    """A function of the samples themselves: rows of moments, padded with NaN."""
    result = np.full(len(ranges.ends), np.nan)
    first, counts = ranges.first, ranges.after - ranges.first
    there = np.flatnonzero(counts > 0)
    rows = max(1, _BLOCK // max(1, int(counts.max(initial=1))))
    for at in (there[start : start + rows] for start in range(0, len(there), rows)):
        columns = np.arange(counts[at].max())
        inside = columns < counts[at][:, np.newaxis]
        samples = np.where(inside, _pick(ranges.values, first[at][:, np.newaxis] + columns), np.nan)
        result[at] = function(samples, at)
    return result


def _increase(ranges: Ranges, *, counter: bool) -> Floats:
    """The increase over the whole range, extrapolated to its ends as Prometheus does.

    https://github.com/prometheus/prometheus/blob/main/promql/functions.go, extrapolatedRate.
    """
    first, last = ranges.first, ranges.after - 1
    begin, end = _pick(ranges.times, first), _pick(ranges.times, last)
    start_value = _pick(ranges.values, first)
    increase = _pick(ranges.values, last) - start_value
    if counter:
        lost = np.concatenate([[0.0], np.cumsum(np.where(np.diff(ranges.values) < 0, ranges.values[:-1], 0.0))])
        increase = increase + _pick(lost, last) - _pick(lost, first)
    sampled = end - begin
    average = sampled / (last - first)
    to_start = begin - (ranges.ends - ranges.seconds)
    to_end = ranges.ends - end
    to_start = np.where(to_start >= average * 1.1, average / 2, to_start)
    to_end = np.where(to_end >= average * 1.1, average / 2, to_end)
    if counter:
        # A counter was never below zero: it is not extrapolated to before that.
        to_zero = np.where((increase > 0) & (start_value >= 0), sampled * start_value / increase, np.inf)
        to_start = np.minimum(to_start, to_zero)
    return increase * (sampled + to_start + to_end) / sampled


def _instant(ranges: Ranges, *, counter: bool) -> Floats:
    """The step between the last two samples, by the second for a counter."""
    last = _pick(ranges.values, ranges.after - 1)
    before = _pick(ranges.values, ranges.after - 2)
    if not counter:
        return last - before
    apart = _pick(ranges.times, ranges.after - 1) - _pick(ranges.times, ranges.after - 2)
    return np.where(last < before, last, last - before) / apart


_TWO_SAMPLES: Mapping[str, Callable[[Ranges], Floats]] = {
    "increase": lambda ranges: _increase(ranges, counter=True),
    "rate": lambda ranges: _increase(ranges, counter=True) / ranges.seconds,
    "delta": lambda ranges: _increase(ranges, counter=False),
    "irate": lambda ranges: _instant(ranges, counter=True),
    "idelta": lambda ranges: _instant(ranges, counter=False),
}


def _counts(ranges: Ranges) -> Floats:
    return (ranges.after - ranges.first).astype(np.float64)


def _variance(ranges: Ranges) -> Floats:
    return _of_rows(ranges, lambda rows, _: np.nanvar(rows, axis=1))


_ONE_SAMPLE: Mapping[str, Callable[[Ranges], Floats]] = {
    "avg_over_time": lambda ranges: _reduce(np.add, ranges) / _counts(ranges),
    "changes": lambda ranges: _count(ranges, ranges.values[1:] != ranges.values[:-1]),
    "count_over_time": _counts,
    "last_over_time": lambda ranges: newest(ranges)[0],
    "max_over_time": lambda ranges: _reduce(np.maximum, ranges),
    "min_over_time": lambda ranges: _reduce(np.minimum, ranges),
    "present_over_time": lambda ranges: np.ones(len(ranges.ends)),
    "resets": lambda ranges: _count(ranges, ranges.values[1:] < ranges.values[:-1]),
    "stddev_over_time": lambda ranges: np.sqrt(_variance(ranges)),
    "stdvar_over_time": _variance,
    "sum_over_time": lambda ranges: _reduce(np.add, ranges),
}
