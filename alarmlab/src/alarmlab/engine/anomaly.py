"""A "CloudWatch-like" band of expected values, for alarms on ANOMALY_DETECTION_BAND.

CloudWatch does not publish its model. What it says of it is kept here: trained on up to two weeks of the metric, also on
less; hourly, daily and weekly patterns; trends; retrained all the time; a width in standard deviations. Time ranges that an
AnomalyDetector excludes are not. The numbers are not CloudWatch's: a test of an alarm's logic should give the band as a
series of its own.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from alarmlab.engine.window import Floats, Moments, Truths

_DAY = 86_400
_RETRAINED_EVERY = 6 * 3600
_HISTORY = 14 * _DAY
_WEEK = 7 * _DAY
_DAYS = 7
_DRIFT = _DAY
_ERRORS = _HISTORY - _WEEK - _DRIFT - _RETRAINED_EVERY
"""So far back that, with what a forecast needs before that, nothing older than two weeks counts."""
_AT_LEAST = _DAY // 2
"""Of values or errors, before anything is made of them; CloudWatch names no least amount."""
_SAMPLES = 4096
"""Of past errors, from which a width is estimated."""
_TAIL, _TAIL_IN_SIGMAS = 0.9, 1.645
"""So many of a normal distribution's values lie within so many standard deviations. A tenth may be outliers."""
_CELLS = 1 << 20
"""How many numbers are sorted at once."""


def band(values: Floats, starts: Moments, period: int, width: float) -> tuple[Floats, Floats]:
    """The lower and the upper bound for each value, learnt from the two weeks before it.

    Three models forecast each value: the level of the last day, the same time of day on the last seven days, and the same
    time a week ago, each moved by how far the last day was off. Every six hours the one whose errors were smallest is
    chosen; those errors make the width. Medians and quantiles: a few outliers change nothing.

    Args:
        values: of the metric, NaN for missing.
        starts: where the period of each value begins, Unix seconds, evenly spaced.
        period: seconds.
        width: in standard deviations.

    Returns:
        Bounds, NaN until there is a day of history.
    """
    trainings = _Trainings(starts, period)
    best = np.full(len(values), np.inf)
    centre = np.full(len(values), np.nan)
    level = trainings.quantile(0.5, values, _DAY)
    for expected in (level, _before(values, trainings, _DAY, _DAYS), _before(values, trainings, _WEEK, 1)):
        errors = values - expected
        drift = np.nan_to_num(trainings.quantile(0.5, errors, _DRIFT))
        sigma = trainings.quantile(_TAIL, np.abs(errors - drift), _ERRORS) / _TAIL_IN_SIGMAS
        better: Truths = np.isfinite(expected) & (sigma < best)
        centre[better] = (expected + drift)[better]
        best[better] = sigma[better]
    half = np.where(np.isfinite(best), width * best, np.nan)
    return centre - half, centre + half


class _Trainings:
    """Stretches of values between two trainings, at fixed times of the clock: where a series begins changes nothing."""

    def __init__(self, starts: Moments, period: int) -> None:
        self.step = int(starts[1] - starts[0]) if len(starts) > 1 else period
        turns = np.flatnonzero(np.diff(starts // max(_RETRAINED_EVERY, self.step))) + 1
        self._edges = np.concatenate([np.zeros(min(1, len(starts)), dtype=np.int64), turns])
        self._lengths = np.diff(np.append(self._edges, len(starts)))
        # A period that overlaps with the one that is judged has not ended when that one begins.
        self.gap = math.ceil(period / self.step) - 1

    def quantile(self, share: float, history: Floats, seconds: int) -> Floats:
        """A quantile of the `seconds` of history before each training, for every value until the next one."""
        back = max(1, round(seconds / self.step))
        every = max(1, back // _SAMPLES)
        least = min(max(1, round(_AT_LEAST / self.step)), _SAMPLES // 2)
        pasts = sliding_window_view(np.concatenate([np.full(back, np.nan), history]), back)
        ends = np.maximum(self._edges - self.gap, 0)
        found = np.empty(len(ends))
        rows = max(1, _CELLS * every // back)
        for at in range(0, len(ends), rows):
            found[at : at + rows] = _row_quantiles(pasts[ends[at : at + rows], ::every], share, least=least)
        return np.repeat(found, self._lengths)


def _row_quantiles(values: Floats, share: float, *, least: int) -> Floats:
    """A quantile of each row without what is missing; NaN of a row that holds fewer than `least` values."""
    ordered = np.sort(values, axis=1)
    count = np.count_nonzero(~np.isnan(values), axis=1)
    place = share * np.maximum(count - 1, 0)
    below = place.astype(np.int64)
    rows = np.arange(len(values))
    low, high = ordered[rows, below], ordered[rows, np.minimum(below + 1, np.maximum(count - 1, 0))]
    return np.where(count >= least, low + (high - low) * (place - below), np.nan)


def _before(known: Floats, trainings: _Trainings, season: int, seasons: int) -> Floats:
    """The median of the values one season ago, two seasons ago..."""
    rows = len(known)
    lag = max(trainings.gap + 1, round(season / trainings.step))
    before = np.concatenate([np.full(lag * seasons, np.nan), known])
    result = np.empty(rows)
    at_once = _CELLS // seasons
    for first in range(0, rows, at_once):
        end = min(rows, first + at_once)
        past = np.stack([before[first + lag * back : end + lag * back] for back in range(seasons)], axis=1)
        result[first:end] = _row_quantiles(past, 0.5, least=1)
    return result
