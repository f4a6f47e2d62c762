"""Alarms as they are stored (members of PutMetricAlarm and PutCompositeAlarm), read into what alarmlab evaluates."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from alarmlab.engine.dry_run import checked
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, CompositeAlarm, MetricAlarm
from alarmlab.model.read import ALARM, COMPOSITE_ALARM, PROPERTIES, read_alarm
from sandbox.aws.cloudwatch.wire import ServiceError

IN_WARM_UP = "IN_WARM_UP"
"""EvaluationState of an alarm that waits for its first data."""


def refuse(message: str) -> ServiceError:
    """The error of a member that is not valid, or not emulated."""
    return ServiceError("ValidationError", message)


@contextmanager
def refusals() -> Iterator[None]:
    """Inside of it, what alarmlab does not take is an error of the service.

    Raises:
        ServiceError: with alarmlab's message.
    """
    try:
        yield
    except InputError as error:
        raise refuse(str(error)) from error


def is_in_warm_up(alarm: Mapping[str, Any]) -> bool:
    """Whether a stored alarm still waits for its first data."""
    return alarm.get("EvaluationState") == IN_WARM_UP


def read_metric_alarm(alarm: Mapping[str, Any]) -> MetricAlarm:
    """What decides the state of a stored metric alarm.

    Raises:
        ServiceError: naming the alarm, and what in it is not valid or not supported.
    """
    with refusals():
        read = _read(ALARM, alarm)
        if not isinstance(read, MetricAlarm):
            raise refuse(f"alarm {read.about.name!r}: EvaluationCriteria is not supported by the sandbox")
        return read


def read_composite_alarm(alarm: Mapping[str, Any]) -> CompositeAlarm:
    """What decides the state, and holds back the actions, of a stored composite alarm.

    Raises:
        ServiceError: naming the alarm, and what in it is not valid.
    """
    with refusals():
        read = _read(COMPOSITE_ALARM, alarm)
        assert isinstance(read, CompositeAlarm)
        return read


def _read(type_: str, alarm: Mapping[str, Any]) -> Alarm:
    members = {name: alarm[name] for name in PROPERTIES[type_] if alarm.get(name) is not None}
    return checked(read_alarm(type_, members, id=alarm["AlarmName"]))
