"""A "CloudWatch-like" band of expected values, for alarms on ANOMALY_DETECTION_BAND.

CloudWatch does not publish its model. What it says of it is kept here: trained on up to two weeks of the metric, also on
less; hourly, daily and weekly patterns; trends; retrained all the time; a width in standard deviations; excluded time
ranges. The numbers are not CloudWatch's: a test of an alarm's logic should give the band as a series of its own.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

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
_ROWS = 1 << 16

_Summary = Callable[[Floats], float]


def band(
    values: Floats, starts: Moments, period: int, width: float, *, excluded: Sequence[tuple[int, int]] = ()
) -> tuple[Floats, Floats]:
    """The lower and the upper bound for each value, learnt from the two weeks before it.

    Three models forecast each value: the level of the last day, the same time of day on the last seven days, and the same
    time a week ago, each moved by how far the last day was off. Every six hours the one whose errors were smallest is
    chosen; those errors make the width. Medians and quantiles: a few outliers change nothing.

    Args:
        values: of the metric, NaN for missing.
        starts: where the period of each value begins, Unix seconds, evenly spaced.
        period: seconds.
        width: in standard deviations.
        excluded: Unix seconds from and to which nothing is learnt.

    Returns:
        Bounds, NaN until there is a day of history.
    """
    known = np.array(values, dtype=np.float64)
    for begin, end in excluded:
        known[(starts + period > begin) & (starts < end)] = np.nan
    trainings = _Trainings(starts, period)
    best = np.full(len(known), np.inf)
    centre = np.full(len(known), np.nan)
    level = trainings.summary(known, _DAY, _median)
    for expected in (level, _before(known, trainings, _DAY, _DAYS), _before(known, trainings, _WEEK, 1)):
        errors = known - expected
        drift = np.nan_to_num(trainings.summary(errors, _DRIFT, _median))
        sigma = trainings.summary(errors - drift, _ERRORS, _sigma)
        better: Truths = np.isfinite(expected) & (sigma < best)
        centre[better] = (expected + drift)[better]
        best[better] = sigma[better]
    half = np.where(np.isfinite(best), width * best, np.nan)
    return centre - half, centre + half


class _Trainings:
    """Stretches of values between two trainings, at fixed times of the clock: where a series begins changes nothing."""

    def __init__(self, starts: Moments, period: int) -> None:
        self.step = int(starts[1] - starts[0]) if len(starts) > 1 else period
        self._rows = len(starts)
        turns = np.flatnonzero(np.diff(starts // max(_RETRAINED_EVERY, self.step))) + 1
        self._edges = [0, *turns.tolist(), self._rows]
        # A period that overlaps with the one that is judged has not ended when that one begins.
        self.gap = math.ceil(period / self.step) - 1

    def summary(self, history: Floats, seconds: int, summarise: _Summary) -> Floats:
        """A summary of the `seconds` of history before each training, for every value until the next one."""
        result = np.full(self._rows, np.nan)
        back = max(1, round(seconds / self.step))
        least = min(max(1, round(_AT_LEAST / self.step)), _SAMPLES // 2)
        for first, beyond in pairwise(self._edges):
            end = max(0, first - self.gap)
            past = history[max(0, end - back) : end]
            past = past[:: max(1, len(past) // _SAMPLES)]
            found = past[~np.isnan(past)]
            if len(found) >= least:
                result[first:beyond] = summarise(found)
        return result


def _median(found: Floats) -> float:
    return float(np.median(found))


def _sigma(found: Floats) -> float:
    return float(np.quantile(np.abs(found), _TAIL)) / _TAIL_IN_SIGMAS


def _before(known: Floats, trainings: _Trainings, season: int, seasons: int) -> Floats:
    """The median of the values one season ago, two seasons ago..."""
    rows = len(known)
    lag = max(trainings.gap + 1, round(season / trainings.step))
    before = np.concatenate([np.full(lag * seasons, np.nan), known])
    result = np.empty(rows)
    for first in range(0, rows, _ROWS):
        end = min(rows, first + _ROWS)
        past = np.stack([before[first + lag * back : end + lag * back] for back in range(seasons)], axis=1)
        result[first:end] = _row_medians(past)
    return result


def _row_medians(values: Floats) -> Floats:
    """Medians of rows without what is missing; NaN of a row that holds nothing."""
    ordered = np.sort(values, axis=1)
    found = np.count_nonzero(~np.isnan(values), axis=1)
    rows = np.arange(len(values))
    middle: Floats = (ordered[rows, np.maximum(found - 1, 0) // 2] + ordered[rows, found // 2]) / 2
    return middle
