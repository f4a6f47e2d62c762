"""Thresholds of alarms, and widths of bands: which are tried, and an alarm with another one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from alarmlab.backtest.records import Case
from alarmlab.engine.metric_alarm import datapoints
from alarmlab.engine.window import Floats, moments_between
from alarmlab.errors import InputError
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.bands import band_of_alarm

_RANKS = np.unique(np.concatenate([np.arange(64), (64 * 1.1 ** np.arange(150)).astype(np.int64)]))
"""Which of the different datapoints are tried as thresholds, counted from the most extreme one."""
_HEADROOM = (0.05, 0.1, 0.25, 0.5, 1.0)
"""How far thresholds are tried beyond all datapoints, as shares of their range."""
_WIDTHS = np.arange(1.0, 12.5, 0.5)
_DIGITS = 3
_MOMENTS = 20_000
"""Of each case, for the datapoints that thresholds are taken from."""


def levels_of(alarm: MetricAlarm, cases: Sequence[Case]) -> list[float]:
    """What is tried, the laxest first.

    Raises:
        InputError: nothing was recorded that the alarm compares.
    """
    return widths() if alarm.band else _thresholds(alarm, cases)


def level_of(alarm: MetricAlarm) -> float | None:
    """The alarm's threshold, or the width of its band in standard deviations."""
    return band_of_alarm(alarm)[1] if alarm.band else alarm.settings.threshold


def with_level(alarm: MetricAlarm, level: float, needed: int, periods: int) -> MetricAlarm:
    """The alarm with another threshold or width, M and N."""
    settings = replace(alarm.settings, evaluation_periods=periods, datapoints_to_alarm=needed)
    if not alarm.band:
        return replace(alarm, settings=replace(settings, threshold=level))
    queries = tuple(
        replace(query, expression=_band_expression(alarm, level)) if query.id == alarm.band else query
        for query in alarm.queries
    )
    return replace(alarm, settings=settings, queries=queries)


def properties_of(alarm: MetricAlarm, level: float) -> dict[str, Any]:
    """The properties that set the level."""
    if not alarm.band:
        return {"Threshold": level}
    return {"Metrics": [{"Id": alarm.band, "Expression": _band_expression(alarm, level)}]}


def _band_expression(alarm: MetricAlarm, width: float) -> str:
    around, _ = band_of_alarm(alarm)
    return f"ANOMALY_DETECTION_BAND({around}, {width:g})"


def widths() -> list[float]:
    """Widths of bands, the widest first."""
    return sorted(_WIDTHS.tolist(), reverse=True)


def _thresholds(alarm: MetricAlarm, cases: Sequence[Case]) -> list[float]:
    """Thresholds to try, the laxest first: beyond all that was recorded, then shares of it."""
    down = alarm.settings.comparison.startswith("LessThan")
    values = np.concatenate([_values(alarm, case) for case in cases])
    if not len(values):
        raise InputError(f"alarm {alarm.about.id!r}: it has no datapoint in what was recorded")
    different = np.unique(values)[:: 1 if down else -1]
    spread = float(np.ptp(values)) or abs(float(values[0])) or 1.0
    beyond = [different[0] + (-spread if down else spread) * share for share in sorted(_HEADROOM, reverse=True)]
    tried = different[_RANKS[len(different) // 2 >= _RANKS]]
    return list(dict.fromkeys(_rounded(float(level), up=not down) for level in (*beyond, *tried)))


def _values(alarm: MetricAlarm, case: Case) -> Floats:
    """What the alarm compares, at moments all over the case: the newest datapoint of each."""
    settings = replace(alarm.settings, evaluation_periods=1, datapoints_to_alarm=1, evaluation_range=None)
    moments = moments_between(case.shelf.start, case.shelf.end, settings.interval)
    moments = moments[:: max(1, len(moments) // _MOMENTS)]
    found = datapoints(replace(alarm, settings=settings), case.shelf, moments)
    newest = found.shape[1] - 1 - (~np.isnan(found))[:, ::-1].argmax(axis=1)
    values = found[np.arange(len(found)), newest]
    return np.asarray(values[~np.isnan(values)], dtype=np.float64)


def _rounded(value: float, *, up: bool) -> float:
    """To three digits, away from what is fine."""
    if value == 0:
        return 0.0
    decimals = _DIGITS - 1 - int(np.floor(np.log10(abs(value))))
    scaled = value * 10.0**decimals
    whole = np.floor(scaled + 1e-9) if not up else np.ceil(scaled - 1e-9)
    return round(float(whole) / 10.0**decimals, max(decimals, 0))
