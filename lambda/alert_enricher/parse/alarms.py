"""CloudWatch alarms: SNS notifications, direct Lambda actions, and EventBridge events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alert_common.alert import Alert, Child, Kind, Severity, State
from alert_enricher.parse import fields, metrics, reason

STATES = (State.ALARM, State.OK, State.INSUFFICIENT_DATA)
"""An alarm in any other is not understood."""


def from_sns(message: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    """Read the JSON that CloudWatch publishes to a topic."""
    trigger = fields.mapping(message, "Trigger")
    return _alarm(
        message=message,
        configuration=trigger,
        state={"value": message.get("NewStateValue")},
        previous=message.get("OldStateValue"),
        arn=fields.text(message, "AlarmArn"),
        account=fields.text(message, "AWSAccountId"),
        region=fields.text(message, "Region"),
        name=fields.text(message, "AlarmName"),
        description=fields.text(message, "AlarmDescription"),
        reason_text=fields.text(message, "NewStateReason"),
        reason_data=message.get("NewStateReasonData"),
        at=fields.when(message, "StateChangeTime") or received,
        children=fields.items(message, "TriggeringChildren"),
        rule=fields.text(message, "AlarmRule"),
        raw=raw,
    )


def from_direct(event: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    """Read the event that an alarm's Lambda action carries."""
    return _from_state(
        fields.mapping(event, "alarmData"),
        arn=fields.text(event, "alarmArn"),
        account=fields.text(event, "accountId"),
        region=fields.text(event, "region"),
        at=fields.when(event, "time") or received,
        raw=raw,
    )


def from_event(event: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    """Read a "CloudWatch Alarm State Change" from EventBridge."""
    arn = next((a for a in fields.items(event, "resources") if isinstance(a, str)), "")
    return _from_state(
        fields.mapping(event, "detail"),
        arn=arn,
        account=fields.text(event, "account"),
        region=fields.text(event, "region"),
        at=fields.when(event, "time") or received,
        raw=raw,
    )


def from_configuration_event(event: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    """Read a "CloudWatch Alarm Configuration Change": somebody created, updated or deleted an alarm."""
    detail = fields.mapping(event, "detail")
    description, first = fields.description(fields.text(fields.mapping(detail, "configuration"), "description"))
    return Alert(
        kind=Kind.ALARM_CONFIGURATION,
        name=fields.text(detail, "alarmName"),
        state=State.EVENT,
        status=fields.text(detail, "operation"),
        at=fields.when(event, "time") or received,
        severity=Severity.INFO,
        account=fields.text(event, "account"),
        region=fields.text(event, "region"),
        arn=next((a for a in fields.items(event, "resources") if isinstance(a, str)), ""),
        identity=fields.text(event, "id"),
        description=description,
        first_action=first,
        raw=raw,
    )


def _from_state(data: Mapping[str, Any], *, arn: str, account: str, region: str, at: datetime, raw: str) -> Alert:
    state = fields.mapping(data, "state")
    configuration = fields.mapping(data, "configuration")
    triggering = fields.items(reason.as_object(state.get("reasonData")), "triggeringAlarms")
    return _alarm(
        message=data,
        configuration=configuration,
        state=state,
        previous=fields.mapping(data, "previousState").get("value"),
        arn=arn,
        account=account,
        region=region,
        name=fields.text(data, "alarmName"),
        description=fields.text(configuration, "description"),
        reason_text=fields.text(state, "reason"),
        reason_data=state.get("reasonData"),
        # The event's own `time` is cut to seconds; the state's timestamp is what SNS calls StateChangeTime.
        at=fields.when(state, "timestamp") or at,
        children=triggering,
        rule=fields.text(configuration, "alarmRule"),
        raw=raw,
    )


def _alarm(
    *,
    message: Mapping[str, Any],
    configuration: Mapping[str, Any],
    state: Mapping[str, Any],
    previous: object,
    arn: str,
    account: str,
    region: str,
    name: str,
    description: str,
    reason_text: str,
    reason_data: object,
    at: datetime,
    children: object,
    rule: str,
    raw: str,
) -> Alert:
    why = reason.read(reason_text, reason_data)
    metric = metrics.facts(configuration, why)
    value = _state(state.get("value"))
    log_groups = fields.items(configuration, "LogGroups", "logGroups") or fields.items(
        message, "LogGroups", "logGroups"
    )
    query = fields.text(configuration, "QueryString", "queryString") or fields.text(
        message, "QueryString", "queryString"
    )
    about, first = fields.description(description)
    return Alert(
        kind=Kind.COMPOSITE_ALARM if rule else Kind.LOG_ALARM if query or log_groups else Kind.METRIC_ALARM,
        name=name or _arn_part(arn, 6),
        state=value,
        previous_state=_state(previous) if isinstance(previous, str) else None,
        at=at,
        since=metrics.since(metric, why, at) if value is State.ALARM else None,
        severity=Severity.WARNING,
        # SNS writes the region's name ("US East (N. Virginia)"), its ARN the code.
        account=_arn_part(arn, 4) or account,
        region=_arn_part(arn, 3) or region,
        arn=arn,
        description=about,
        first_action=first,
        reason=reason_text,
        resource=metrics.resource(metric),
        metric=metric,
        tags=fields.tags(message) or fields.tags(configuration),
        children=tuple(_child(c) for c in children if isinstance(c, dict)) if isinstance(children, list) else (),
        rule=rule or query,
        log_groups=tuple(_log_group(g) for g in log_groups),
        suppressed_by=fields.text(state, "actionsSuppressedBy")
        or fields.text(message, "ActionsSuppressedBy", "AlarmSuppressedBy"),
        after_mute=_says_yes(message.get("ActionExecutedAfterMuteWindow")),
        raw=raw,
    )


def _says_yes(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _state(value: object) -> State:
    return next((state for state in STATES if state == value), State.EVENT)


def _child(child: Mapping[str, Any]) -> Child:
    state = fields.mapping(child, "State", "state")
    return Child(
        arn=fields.text(child, "Arn", "arn"),
        state=fields.text(state, "Value", "value") or fields.text(child, "State", "state"),
    )


def _log_group(group: object) -> str:
    if isinstance(group, dict):
        return fields.text(group, "LogGroupName", "logGroupName", "Arn", "arn", "LogGroupIdentifier")
    return fields.clean(str(group))


def _arn_part(arn: str, index: int) -> str:
    parts = arn.split(":", 6)
    return parts[index] if len(parts) == 7 and parts[0] == "arn" else ""
