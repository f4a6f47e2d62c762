"""Alarms from CloudFormation properties, which are the members of PutMetricAlarm and PutCompositeAlarm.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from collections.abc import Mapping
from typing import Any
from unicodedata import category

from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model import members as m
from alarmlab.model.alarms import About, Alarm, CompositeAlarm, PromQLAlarm
from alarmlab.model.read_metric import METRIC_PROPERTIES, read_metric_alarm
from alarmlab.model.rules import parse_rule

ALARM = "AWS::CloudWatch::Alarm"
COMPOSITE_ALARM = "AWS::CloudWatch::CompositeAlarm"
LOG_ALARM = "AWS::CloudWatch::LogAlarm"
TYPES = (ALARM, COMPOSITE_ALARM, LOG_ALARM)
MAX_NAME_CHARACTERS = 255
MAX_ACTIONS = 5
MAX_SUPPRESSOR_SECONDS = 86_400
_ABOUT = frozenset(
    (
        "AlarmName",
        "AlarmDescription",
        "ActionsEnabled",
        "AlarmActions",
        "OKActions",
        "InsufficientDataActions",
        "ActionConfiguration",
        "Tags",
    )
)
_PROMQL = frozenset(("EvaluationCriteria", "EvaluationInterval"))
_CRITERIA = frozenset(("Query", "PendingPeriod", "RecoveryPeriod"))
_COMPOSITE = frozenset(
    ("AlarmRule", "ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
)
PROPERTIES: Mapping[str, frozenset[str]] = {
    ALARM: _ABOUT | METRIC_PROPERTIES | _PROMQL,
    COMPOSITE_ALARM: _ABOUT | _COMPOSITE,
}
"""The properties that decide something here, or that decide nothing about states and pages, by resource type."""


def read_alarm(type_: str, properties: Mapping[str, Any], *, id: str, stack: str = "") -> Alarm:
    """The alarm that properties describe; whether its expressions can be evaluated is for `engine.dry_run` to say.

    Args:
        type_: one of `TYPES`.
        properties: of the resource; numbers may be texts.
        id: the logical id, or the name where there is no template.
        stack: the stack that declares it.

    Raises:
        InputError: naming the alarm, the property, its value and the fix.
        UnsupportedError: CloudWatch takes it, but it is not evaluated here.
    """
    try:
        return _read(type_, properties, id, stack)
    except InputError as error:
        raise m.within(f"alarm {id!r}", error) from error


def _read(type_: str, properties: Mapping[str, Any], id: str, stack: str) -> Alarm:
    if type_ == LOG_ALARM:
        raise UnsupportedError("an AWS::CloudWatch::LogAlarm judges the results of log queries, not metrics")
    if type_ not in PROPERTIES:
        raise UnsupportedError(f"Type: {type_!r} is no alarm: use {ALARM} or {COMPOSITE_ALARM}")
    m.refuse_unknown(properties, PROPERTIES[type_], type_)
    about = _about(properties, id, stack)
    if type_ == COMPOSITE_ALARM:
        return _composite(properties, about)
    if properties.get("EvaluationCriteria") is not None:
        return _promql(properties, about)
    if properties.get("EvaluationInterval") is not None:
        raise InputError("EvaluationInterval: only alarms with EvaluationCriteria have one; remove it")
    return read_metric_alarm(properties, about)


def _about(properties: Mapping[str, Any], id: str, stack: str) -> About:
    name = m.text(properties, "AlarmName") or id
    if len(name) > MAX_NAME_CHARACTERS:
        raise InputError(f"AlarmName: {len(name)} characters, at most {MAX_NAME_CHARACTERS} are allowed")
    if any(category(character) == "Cc" for character in name):
        raise InputError(f"AlarmName: {name!r}: control characters are not allowed")
    return About(
        id=id,
        name=name,
        stack=stack,
        description=m.text(properties, "AlarmDescription"),
        tags={m.text(tag, "Key"): m.text(tag, "Value") for tag in m.mappings(properties, "Tags")},
        actions_enabled=m.truth(properties, "ActionsEnabled", default=True),
        alarm_actions=_actions(properties, "AlarmActions"),
        ok_actions=_actions(properties, "OKActions"),
        insufficient_data_actions=_actions(properties, "InsufficientDataActions"),
    )


def _actions(properties: Mapping[str, Any], name: str) -> tuple[str, ...]:
    given = properties.get(name)
    # Which actions there are may be known only once it is deployed; that there are some is what such a text says.
    found = (given,) if isinstance(given, str) and "${" in given else m.texts(properties, name)
    if len(found) > MAX_ACTIONS:
        raise InputError(f"{name}: {len(found)} actions, at most {MAX_ACTIONS} are allowed")
    return found


def _composite(properties: Mapping[str, Any], about: About) -> CompositeAlarm:
    rule = parse_rule(m.required_text(properties, "AlarmRule"))
    suppressor = m.text(properties, "ActionsSuppressor")
    periods = {
        name: m.integer(properties, name, 0, MAX_SUPPRESSOR_SECONDS)
        for name in ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
    }
    for name, seconds in periods.items():
        if suppressor and seconds is None:
            raise InputError(f"{name} is required beside ActionsSuppressor")
        if not suppressor and seconds is not None:
            raise InputError(f"{name}: {seconds} has no effect without an ActionsSuppressor; remove it")
    wait, extension = periods.values()
    return CompositeAlarm(about=about, rule=rule, suppressor=suppressor, wait=wait or 0, extension=extension or 0)


def _promql(properties: Mapping[str, Any], about: About) -> PromQLAlarm:
    beside = sorted(METRIC_PROPERTIES & set(properties))
    if beside:
        raise InputError(f"{beside[0]}: not together with EvaluationCriteria; remove one of the two")
    criteria = m.required_mapping(properties, "EvaluationCriteria")
    unknown = sorted(set(criteria) - {"PromQLCriteria"})
    if unknown:
        raise UnsupportedError(f"EvaluationCriteria.{unknown[0]} is not evaluated: only PromQLCriteria is")
    promql = m.required_mapping(criteria, "PromQLCriteria")
    m.refuse_unknown(promql, _CRITERIA, "PromQLCriteria")
    return PromQLAlarm(
        about=about,
        query=m.required_text(promql, "Query"),
        pending=m.integer(promql, "PendingPeriod", 0, 86_400) or 0,
        recovery=m.integer(promql, "RecoveryPeriod", 0, 86_400) or 0,
        interval=_interval(properties),
    )


def _interval(properties: Mapping[str, Any]) -> int:
    interval = m.required_integer(properties, "EvaluationInterval", 10, 3600)
    if interval not in (10, 20, 30) and interval % 60:
        raise InputError(f"EvaluationInterval: {interval} is not supported: use 10, 20, 30 or a multiple of 60 seconds")
    return interval
