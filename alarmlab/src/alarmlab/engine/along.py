"""The functions of metric math that look along a series: each row sees its own window only.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from collections.abc import Callable, Mapping

import numpy as np

from alarmlab.engine.window import AnyArray, Floats, Moments

_DAY = 86_400


def _previous(values: Floats) -> tuple[Floats, Floats]:
    """For each datapoint the one before it and how many periods ago that was; NaN for the first of a row."""
    columns = np.arange(values.shape[-1])
    newest = np.maximum.accumulate(np.where(np.isnan(values), -1, columns), axis=-1)
    before = np.concatenate([np.full_like(newest[..., :1], -1), newest[..., :-1]], axis=-1)
    there = (before >= 0) & ~np.isnan(values)
    earlier = np.take_along_axis(values, np.maximum(before, 0), axis=-1)
    return np.where(there, earlier, np.nan), np.where(there, columns - before, np.nan)


def _diff(values: Floats, _period: int) -> Floats:
    return values - _previous(values)[0]


def _diff_time(values: Floats, period: int) -> Floats:
    return _previous(values)[1] * period


def _rate(values: Floats, period: int) -> Floats:
    earlier, ago = _previous(values)
    return (values - earlier) / (ago * period)


def _running_sum(values: Floats, _period: int) -> Floats:
    missing = np.isnan(values)
    return np.where(missing, np.nan, np.cumsum(np.where(missing, 0.0, values), axis=-1))


ALONG: Mapping[str, Callable[[Floats, int], Floats]] = {
    "DIFF": _diff,
    "DIFF_TIME": _diff_time,
    "RATE": _rate,
    "RUNNING_SUM": _running_sum,
}
"""From values (time along the last axis) and the period to values."""


def fill_repeat(values: Floats) -> Floats:
    """What is missing becomes the newest value before it; at the beginning it stays missing."""
    newest = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(values.shape[-1])), axis=-1)
    return np.take_along_axis(values, newest, axis=-1)


def fill_linear(values: Floats) -> Floats:
    """What is missing between two values lies on the line between them; at both ends it stays missing."""
    columns = np.arange(values.shape[-1])
    missing = np.isnan(values)
    beyond = values.shape[-1]
    left = np.maximum.accumulate(np.where(missing, -1, columns), axis=-1)
    right = np.minimum.accumulate(np.where(missing, beyond, columns)[..., ::-1], axis=-1)[..., ::-1]
    low = np.take_along_axis(values, np.maximum(left, 0), axis=-1)
    high = np.take_along_axis(values, np.minimum(right, beyond - 1), axis=-1)
    share = (columns - left) / np.maximum(right - left, 1)
    return np.where(missing, low + (high - low) * share, values)


def _days(starts: Moments) -> AnyArray:
    return starts.astype("datetime64[s]").astype("datetime64[D]")


def _month(starts: Moments) -> Moments:
    months: Moments = starts.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    return months % 12 + 1


def _date(starts: Moments) -> Moments:
    days = _days(starts)
    date: Moments = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    return date


def _year(starts: Moments) -> Moments:
    years: Moments = starts.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years


_PARTS: Mapping[str, Callable[[Moments], Moments]] = {
    "MINUTE": lambda starts: starts // 60 % 60,
    "HOUR": lambda starts: starts // 3600 % 24,
    # The first of January 1970 was a Thursday; Monday is 1.
    "DAY": lambda starts: (starts // _DAY + 3) % 7 + 1,
    "DATE": _date,
    "MONTH": _month,
    "YEAR": _year,
    "EPOCH": lambda starts: starts,
}


def _of_calendar(part: Callable[[Moments], Moments]) -> Callable[[Moments], Floats]:
    return lambda starts: part(starts).astype(np.float64)


CALENDAR: Mapping[str, Callable[[Moments], Floats]] = {name: _of_calendar(part) for name, part in _PARTS.items()}
"""From the periods' beginnings to a value for each, in UTC, whether there is a datapoint or not."""
