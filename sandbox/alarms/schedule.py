"""When an alarm is evaluated."""

from sandbox.alarms.evaluate import AlarmSettings

FINEST = 10
"""Seconds between the evaluations of high-resolution alarms: every evaluation falls on a multiple of it."""


def interval(settings: AlarmSettings) -> int:
    """Seconds between two evaluations: 10 for periods of 10, 20 and 30 s, 60 otherwise, 3600 beyond one day in all."""
    if settings.period * settings.evaluation_periods > 86_400:
        return 3600
    return FINEST if settings.period < 60 else 60


def is_due(settings: AlarmSettings, at: int) -> bool:
    """Whether the alarm is evaluated at the Unix second `at`."""
    return at % interval(settings) == 0
