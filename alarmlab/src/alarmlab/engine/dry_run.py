"""What would fail at every evaluation of an alarm, found before the first."""

import numpy as np

from alarmlab.engine import metric_alarm, promql
from alarmlab.engine.recording import Recording
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, MetricAlarm, PromQLAlarm

_NOTHING = Recording({})
_MOMENTS = np.array([7 * 86_400], dtype=np.int64)


def checked(alarm: Alarm) -> Alarm:
    """`alarm`, after it was evaluated once where nothing was published.

    Raises:
        InputError: its expressions or its query cannot be evaluated; naming the alarm.
    """
    try:
        if isinstance(alarm, MetricAlarm):
            metric_alarm.codes(alarm, _NOTHING, _MOMENTS)
        elif isinstance(alarm, PromQLAlarm):
            promql.codes(alarm, _NOTHING, _MOMENTS)
    except InputError as error:
        raise named(error, alarm) from error
    return alarm


def named(error: InputError, alarm: Alarm) -> InputError:
    """`error` of an evaluation, with the alarm in front."""
    return type(error)(f"alarm {alarm.about.id!r}: {error}")
