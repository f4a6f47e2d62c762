"""When an alarm is evaluated."""

from alarmlab.model.alarms import MetricAlarm, PromQLAlarm

FINEST = 10
"""Seconds between the evaluations of high-resolution alarms: every evaluation falls on a multiple of it."""


def interval(alarm: MetricAlarm | PromQLAlarm) -> int:
    """Seconds between two evaluations."""
    return alarm.interval if isinstance(alarm, PromQLAlarm) else alarm.settings.interval


def is_due(alarm: MetricAlarm | PromQLAlarm, at: int) -> bool:
    """Whether the alarm is evaluated at the Unix second `at`."""
    return at % interval(alarm) == 0
