"""When an alarm is evaluated."""

import pytest

from alarmlab.engine.schedule import interval, is_due
from alarmlab.model.alarms import About, AlarmSettings, MetricAlarm


@pytest.mark.parametrize(
    ("period", "n", "seconds"),
    [(10, 1, 10), (30, 5, 10), (60, 1, 60), (3600, 6, 60), (3600, 25, 3600), (86_400, 7, 3600)],
)
def test_evaluation_interval(period: int, n: int, seconds: int) -> None:
    """Every minute whatever the period, every 10 s below a minute, every hour when the alarm spans over a day."""
    settings = AlarmSettings(
        comparison="LessThanThreshold", threshold=1, evaluation_periods=n, datapoints_to_alarm=n, period=period
    )
    alarm = MetricAlarm(about=About(id="a", name="a"), settings=settings, queries=(), returned="m")
    assert interval(alarm) == seconds
    assert is_due(alarm, 7200)
    assert not is_due(alarm, 7200 + seconds // 2)
