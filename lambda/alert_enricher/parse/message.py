"""Finding the message inside its envelopes, and who reads it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from alert_common.alert import Alert, Kind, Severity, State
from alert_enricher.parse import alarms, events, fields, others

DEPTH = 4
"""Envelopes in envelopes that are opened: a queue's record, SNS in it, its message, and one to spare."""


def parse(payload: object, *, received: datetime, message_id: str = "") -> tuple[Alert, ...]:
    """Turn whatever arrived into alerts, at least one; never raises.

    Args:
        payload: a queue record's body (text), or an event (object).
        received: when it arrived; stands in where a message has no time of its own.
        message_id: tells two messages of the same unknown text apart.
    """
    try:
        return _parse(payload, received=received, message_id=message_id, topic="", depth=DEPTH)
    except Exception as error:
        return (_unknown(payload, received=received, message_id=message_id, topic="", why=type(error).__name__),)


def _parse(payload: object, *, received: datetime, message_id: str, topic: str, depth: int) -> tuple[Alert, ...]:
    body = _object(payload)
    inner = _unwrap(body) if body is not None and depth else ()
    if inner:
        return tuple(
            alert
            for envelope in inner
            for alert in _parse(
                envelope.get("Message"),
                received=fields.when(envelope, "Timestamp") or received,
                message_id=fields.text(envelope, "MessageId") or message_id,
                topic=fields.text(envelope, "TopicArn") or topic,
                depth=depth - 1,
            )
        )
    raw = fields.clean(payload if isinstance(payload, str) else _dump(payload))
    found = _read(body, received=received, raw=raw) if body is not None else ()
    if not found:
        return (_unknown(payload, received=received, message_id=message_id, topic=topic),)
    return tuple(replace(alert, topic=topic) for alert in found)


def _unwrap(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Open an SNS envelope, or the records in which SNS calls a function."""
    records = [r for r in fields.items(body, "Records") if isinstance(r, dict) and isinstance(r.get("Sns"), dict)]
    if records:
        return tuple(r["Sns"] for r in records)
    return (body,) if body.get("Type") == "Notification" and "Message" in body else ()


def _read(  # noqa: PLR0911 - one way out a shape
    body: Mapping[str, Any], *, received: datetime, raw: str
) -> tuple[Alert, ...]:
    if isinstance(body.get("endpointwatch"), str):
        return others.own(body, received=received, raw=raw)
    if body.get("NewStateValue") in alarms.STATES and "AlarmName" in body:
        return (alarms.from_sns(body, received=received, raw=raw),)
    if isinstance(body.get("alarmData"), dict):
        return (alarms.from_direct(body, received=received, raw=raw),)
    if isinstance(body.get("detail"), dict):
        read = events.reader(fields.text(body, "detail-type"))
        return (read(body, received=received, raw=raw),) if read else ()
    if isinstance(body.get("alerts"), list) and ("groupKey" in body or "receiver" in body or "status" in body):
        return others.alertmanager(body, received=received, raw=raw)
    if "TestNotification" in (
        body.get("eventName"),
        body.get("Event"),
        body.get("notificationType"),
        body.get("event"),
    ):
        return (others.test_notification(body, received=received, raw=raw),)
    if "invocationStatus" in body and body.get("eventSource", "aws:sagemaker") == "aws:sagemaker":
        return (others.async_inference(body, received=received, raw=raw),)
    return ()


def _unknown(payload: object, *, received: datetime, message_id: str, topic: str, why: str = "") -> Alert:
    raw = fields.clean(payload if isinstance(payload, str) else _dump(payload))
    return Alert(
        kind=Kind.UNKNOWN,
        understood=False,
        name="Message that the router does not understand",
        state=State.ALARM,
        at=received,
        severity=Severity.WARNING,
        region=topic.split(":")[3] if topic.count(":") >= 5 else "",
        account=topic.split(":")[4] if topic.count(":") >= 5 else "",
        identity=message_id or raw,
        reason=f"reading it failed with {why}" if why else "",
        topic=topic,
        raw=raw,
    )


def _object(payload: object) -> Mapping[str, Any] | None:
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except (ValueError, RecursionError):
            return None
    return payload if isinstance(payload, dict) else None


def _dump(payload: object) -> str:
    try:
        return json.dumps(payload, ensure_ascii=False, default=str)
    except (ValueError, RecursionError, TypeError):
        return str(type(payload).__name__)
