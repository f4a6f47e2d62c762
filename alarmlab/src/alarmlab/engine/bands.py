"""The band that an alarm is compared with: a recorded one, or one of our own that is like CloudWatch's.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html
"""

from alarmlab.engine.queries import band_around
from alarmlab.engine.source import MetricSource
from alarmlab.engine.window import Floats, Window
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.bands import WIDTH, band_of_alarm
from alarmlab.model.metrics import MetricId

RECORDED_BANDS = "alarmlab/Band"
"""The namespace of bands given as series: the name is the alarm's id, the dimension Bound `lower` or `upper`."""


def recorded_bound(alarm_id: str, bound: str) -> MetricId:
    """The series that gives the `lower` or the `upper` bound of an alarm's band."""
    return MetricId(RECORDED_BANDS, alarm_id, (("Bound", bound),))


def band_of(
    alarm: MetricAlarm, source: MetricSource, window: Window, *, of: str = "", width: float = WIDTH
) -> tuple[Floats, Floats]:
    """The lower and the upper bound for each period of `window`; a recorded band goes before our own.

    Args:
        alarm: whose band it is.
        source: where metrics are read.
        window: the rows.
        of: the id of the query that the band is around; empty for what the alarm's band query says.
        width: in standard deviations; unused where `of` is empty.

    Raises:
        UnsupportedError: the band's expression is not ANOMALY_DETECTION_BAND of a query.
    """
    lower, upper = recorded_bound(alarm.about.id, "lower"), recorded_bound(alarm.about.id, "upper")
    if {lower, upper} <= set(source.metrics(RECORDED_BANDS)):
        return source.values(lower, "Average", window), source.values(upper, "Average", window)
    if not of:
        of, width = band_of_alarm(alarm)
    return band_around(alarm.queries, of, width, source=source, window=window)
