"""The band that an alarm is compared with: a recorded one, or one of our own that is like CloudWatch's.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html
"""

import numpy as np

from alarmlab.engine.anomaly import band
from alarmlab.engine.queries import evaluate_queries
from alarmlab.engine.source import MetricSource
from alarmlab.engine.values import Series
from alarmlab.engine.window import Floats, Moments, Window
from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.metric_math import Call, Name, Number, parse
from alarmlab.model.metrics import MetricId

RECORDED_BANDS = "alarmlab/Band"
"""The namespace of bands that are given as series: the name is the alarm's id, the dimension Bound `lower` or `upper`."""
_TRAINING = 14 * 86_400
"""CloudWatch trains on up to two weeks of a metric."""


def recorded_bound(alarm_id: str, bound: str) -> MetricId:
    """The series that gives the `lower` or the `upper` bound of an alarm's band."""
    return MetricId(RECORDED_BANDS, alarm_id, (("Bound", bound),))


def band_of(
    alarm: MetricAlarm, source: MetricSource, window: Window, *, of: str = "", width: float = 2.0
) -> tuple[Floats, Floats]:
    """The lower and the upper bound for each period of `window`; a recorded band goes before our own.

    Args:
        alarm: whose band it is.
        source: where metrics are read.
        window: the rows.
        of: the id of the query that the band is around; empty for what the alarm's band query says.
        width: in standard deviations.

    Raises:
        InputError: the band's expression is not ANOMALY_DETECTION_BAND of a query.
    """
    lower, upper = recorded_bound(alarm.about.id, "lower"), recorded_bound(alarm.about.id, "upper")
    if {lower, upper} <= set(source.metrics(RECORDED_BANDS)):
        return source.values(lower, "Average", window), source.values(upper, "Average", window)
    if not of:
        of, width = _band_query(alarm)
    return _like_cloudwatch(alarm, source, window, of, width)


def _band_query(alarm: MetricAlarm) -> tuple[str, float]:
    expression = next((query.expression for query in alarm.queries if query.id == alarm.band), "")
    match parse(expression):
        case Call("ANOMALY_DETECTION_BAND", (Name(of),)):
            return of, 2.0
        case Call("ANOMALY_DETECTION_BAND", (Name(of), Number(width))):
            return of, width
    raise UnsupportedError(
        f"{alarm.about.id}: ThresholdMetricId {alarm.band!r} is {expression!r}: only ANOMALY_DETECTION_BAND(id, width) "
        "is supported there"
    )


def _like_cloudwatch(
    alarm: MetricAlarm, source: MetricSource, window: Window, of: str, width: float
) -> tuple[Floats, Floats]:
    """Periods that begin at different seconds of the clock are different series, each with a band of its own."""
    lower, upper = np.full(window.shape, np.nan), np.full(window.shape, np.nan)
    phases = window.ends % window.period
    for phase in np.unique(phases):
        rows = np.flatnonzero(phases == phase)
        ends = window.ends[rows]
        before = _TRAINING // window.period + window.periods
        grid: Moments = np.arange(ends[0] - before * window.period, ends[-1] + 1, window.period, dtype=np.int64)
        bounds = band(_series(alarm, source, window, grid, of), grid - window.period, window.period, width)
        place = (ends - grid[0])[:, np.newaxis] // window.period - np.arange(window.periods - 1, -1, -1)
        lower[rows], upper[rows] = bounds[0][place], bounds[1][place]
    return lower, upper


def _series(alarm: MetricAlarm, source: MetricSource, window: Window, grid: Moments, of: str) -> Floats:
    """The query `of` for the periods that end at `grid`."""
    history = Window(grid, window.period, window.periods)
    value = evaluate_queries(alarm.queries, source=source, window=history)(of)
    if not isinstance(value, Series):
        raise InputError(f"{alarm.about.id}: ANOMALY_DETECTION_BAND takes one time series: {of!r} is not one")
    return value.values[:, -1]
