"""The functions of metric math over several datapoints: of one series (a number), or of an array (a series).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

The page says that AVG of an array counts missing values as 0. It is silent about the rest: SUM, MIN, MAX, STDDEV and
DATAPOINT_COUNT look at the values that are there and leave no datapoint where no series has one; STDDEV is the
population's; a sort puts series without a datapoint last.
"""

from collections.abc import Callable, Mapping

import numpy as np

from alarmlab.engine.values import Series, SeriesArray
from alarmlab.engine.window import Floats, Moments, Truths


def _sum(values: Floats, there: Truths, axis: int) -> Floats:
    total: Floats = np.where(there, values, 0.0).sum(axis=axis)
    return total


def _minimum(values: Floats, there: Truths, axis: int) -> Floats:
    lowest: Floats = np.where(there, values, np.inf).min(axis=axis, initial=np.inf)
    return lowest


def _maximum(values: Floats, there: Truths, axis: int) -> Floats:
    highest: Floats = np.where(there, values, -np.inf).max(axis=axis, initial=-np.inf)
    return highest


def _count(_values: Floats, there: Truths, axis: int) -> Floats:
    count: Floats = there.sum(axis=axis, dtype=np.float64)
    return count


def _average(values: Floats, there: Truths, axis: int) -> Floats:
    return _sum(values, there, axis) / np.maximum(_count(values, there, axis), 1.0)


def _deviation(values: Floats, there: Truths, axis: int) -> Floats:
    apart = values - np.expand_dims(_average(values, there, axis), axis)
    return np.sqrt(_average(apart * apart, there, axis))


_Reduction = Callable[[Floats, Truths, int], Floats]
_REDUCTIONS: Mapping[str, _Reduction] = {
    "AVG": _average,
    "DATAPOINT_COUNT": _count,
    "MAX": _maximum,
    "MIN": _minimum,
    "STDDEV": _deviation,
    "SUM": _sum,
}
ORDERED = ("AVG", "MIN", "MAX", "SUM")
"""What SORT sorts by."""


def _over_series(name: str) -> Callable[[Floats], Floats]:
    def reduce(values: Floats) -> Floats:
        there = ~np.isnan(values)
        found = there.any(axis=-1, keepdims=True)
        number = np.expand_dims(_REDUCTIONS[name](values, there, -1), -1)
        return number if name == "DATAPOINT_COUNT" else np.where(found, number, np.nan)

    return reduce


def _over_array(name: str) -> Callable[[SeriesArray], Floats]:
    def reduce(array: SeriesArray) -> Floats:
        there = ~np.isnan(array.values) & array.there[:, :, np.newaxis]
        values = _REDUCTIONS[name](array.values, there, 0)
        if name == "AVG":
            values = _sum(array.values, there, 0) / np.maximum(array.count, 1.0)
        return np.where(there.any(axis=0), values, np.nan)

    return reduce


REDUCE_SERIES: Mapping[str, Callable[[Floats], Floats]] = {name: _over_series(name) for name in _REDUCTIONS}
"""From values (time along the last axis) to one number, NaN for none; the last axis stays, of length 1."""

REDUCE_ARRAY: Mapping[str, Callable[[SeriesArray], Floats]] = {name: _over_array(name) for name in _REDUCTIONS}
"""From an array to the values of one series."""


def _moved(array: SeriesArray, order: Moments, there: Truths) -> SeriesArray:
    """Each row's series in `order` ([N, T]), with those first that are `there` in their new place."""
    values = np.take_along_axis(array.values, order[:, :, np.newaxis], axis=0)
    return SeriesArray(np.where(there[:, :, np.newaxis], values, np.nan), array.period, there)


def sorted_by(array: SeriesArray, key: Callable[[Floats], Floats], *, descending: bool) -> SeriesArray:
    """SORT: by a number of each series; equal ones keep their order."""
    keys = key(array.values)[:, :, 0]
    signed = -keys if descending else keys
    # NaN sorts last and in the order that it has: what is not there stays behind what is there and empty.
    order = np.argsort(signed, axis=0, kind="stable")
    return _moved(array, order, array.there)


def remove_empty(array: SeriesArray) -> SeriesArray:
    """REMOVE_EMPTY: without the series that have no datapoint in the row."""
    there = array.there & ~np.isnan(array.values).all(axis=2)
    order = np.argsort(~there, axis=0, kind="stable")
    return _moved(array, order, np.take_along_axis(there, order, axis=0))


def sliced(array: SeriesArray, bounds: list[Floats]) -> SeriesArray:
    """SLICE: from the first bound up to and without the second one, counted from 0."""
    begin = np.maximum(bounds[0][:, 0], 0)
    end = bounds[1][:, 0] if len(bounds) > 1 else np.full(len(begin), np.inf)
    places = np.arange(len(array.values))[:, np.newaxis]
    there = array.there & (places >= begin) & (places < end)
    order = np.argsort(~there, axis=0, kind="stable")
    return _moved(array, order, np.take_along_axis(there, order, axis=0))


def first(array: SeriesArray) -> Series:
    """FIRST: the first series, empty for an empty array."""
    return _at(array, np.zeros(array.values.shape[1], dtype=np.int64))


def last(array: SeriesArray) -> Series:
    """LAST: the last series, empty for an empty array."""
    return _at(array, np.maximum(array.there.sum(axis=0) - 1, 0))


def _at(array: SeriesArray, place: Moments) -> Series:
    if len(array.values) == 0:
        return Series(np.full(array.values.shape[1:], np.nan), array.period)
    return Series(np.take_along_axis(array.values, place[np.newaxis, :, np.newaxis], axis=0)[0], array.period)
