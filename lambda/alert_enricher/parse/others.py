"""Alertmanager's webhook body (version 4), SageMaker's asynchronous-inference notifications, and messages of our own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alert_common import tags as tag
from alert_common.alert import Alert, Kind, Resource, Severity, State
from alert_enricher.parse import fields

_SEVERITIES = {
    "critical": Severity.CRITICAL,
    "page": Severity.CRITICAL,
    "error": Severity.CRITICAL,
    "high": Severity.CRITICAL,
    "warning": Severity.WARNING,
    "info": Severity.INFO,
    "none": Severity.INFO,
    "low": Severity.INFO,
}


def alertmanager(message: Mapping[str, Any], *, received: datetime, raw: str) -> tuple[Alert, ...]:
    """Read every alert of a group; each keeps its own fingerprint, so each resolves by itself."""
    alerts = [a for a in fields.items(message, "alerts") if isinstance(a, dict)]
    return tuple(_one(a, message, received=received, raw=raw) for a in alerts)


def _one(alert: Mapping[str, Any], group: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    labels = _strings(alert, "labels")
    annotations = _strings(alert, "annotations")
    firing = (fields.text(alert, "status") or fields.text(group, "status")) != "resolved"
    started = fields.when(alert, "startsAt")
    about, first = fields.description(annotations.get("description", ""))
    endpoint = labels.get("endpoint_name") or labels.get("EndpointName", "")
    cluster = labels.get("cluster", "")
    return Alert(
        kind=Kind.ALERTMANAGER,
        name=labels.get("alertname") or "Alertmanager alert",
        state=State.ALARM if firing else State.OK,
        previous_state=State.OK if firing else State.ALARM,
        at=(started if firing else fields.when(alert, "endsAt")) or received,
        since=started if firing else None,
        severity=_SEVERITIES.get(labels.get("severity", "").lower(), Severity.WARNING),
        account=labels.get("account_id", ""),
        region=labels.get("region", ""),
        # Without a fingerprint the labels are the identity: that is what a fingerprint hashes.
        identity=fields.text(alert, "fingerprint") or ",".join(f"{k}={v}" for k, v in sorted(labels.items())),
        description=annotations.get("summary") or about,
        first_action=first,
        reason=about if annotations.get("summary") else "",
        resource=Resource(kind="endpoint", name=endpoint, variant=labels.get("variant_name", ""))
        if endpoint
        else Resource(kind="cluster", name=cluster)
        if cluster
        else None,
        tags={
            **labels,
            **({tag.RUNBOOK: annotations["runbook_url"]} if "runbook_url" in annotations else {}),
            **({"generator": g} if (g := fields.text(alert, "generatorURL")) else {}),
        },
        raw=raw,
    )


def async_inference(message: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    """Read the success or error notification of one asynchronous invocation."""
    status = fields.text(message, "invocationStatus")
    request = fields.mapping(message, "requestParameters")
    endpoint = fields.text(request, "endpointName")
    at = fields.when(message, "eventTime") or received
    failed = status.lower() != "completed"
    return Alert(
        kind=Kind.ASYNC_INFERENCE,
        name=f"{endpoint or 'asynchronous endpoint'}/async-invocation",
        state=State.ALARM if failed else State.EVENT,
        status=status,
        at=at,
        since=at if failed else None,
        severity=Severity.WARNING,
        region=fields.text(message, "awsRegion"),
        identity=fields.text(message, "inferenceId") or fields.text(request, "inputLocation"),
        description=fields.text(message, "failureReason"),
        reason=f"input {location}" if (location := fields.text(request, "inputLocation")) else "",
        resource=Resource(kind="endpoint", name=endpoint) if endpoint else None,
        raw=raw,
    )


def test_notification(message: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    """Read the `TestNotification` that SageMaker sends when an asynchronous endpoint gets its topics."""
    endpoint = fields.text(fields.mapping(message, "requestParameters"), "endpointName")
    return Alert(
        kind=Kind.ASYNC_INFERENCE,
        name="asynchronous inference notifications",
        state=State.EVENT,
        status="TestNotification",
        at=fields.when(message, "eventTime", "receivedTime") or received,
        severity=Severity.INFO,
        region=fields.text(message, "awsRegion"),
        identity=raw,
        description="SageMaker sent its test notification: asynchronous inference results of this endpoint arrive here.",
        resource=Resource(kind="endpoint", name=endpoint) if endpoint else None,
        raw=raw,
    )


def _strings(source: Mapping[str, Any], name: str) -> dict[str, str]:
    return {
        fields.clean(str(k)): fields.clean(v) for k, v in fields.mapping(source, name).items() if isinstance(v, str)
    }


def own(message: Mapping[str, Any], *, received: datetime, raw: str) -> tuple[Alert, ...]:
    """Read what endpointwatch sends itself: a heartbeat, or a test that a person sends; nothing for anything else."""
    at = fields.when(message, "at") or received
    match message["endpointwatch"]:
        case "heartbeat":
            return (
                Alert(kind=Kind.HEARTBEAT, name="Heartbeat", state=State.EVENT, at=at, severity=Severity.INFO, raw=raw),
            )
        case "test":
            id, by = fields.text(message, "id"), fields.text(message, "by")
            return (
                Alert(
                    kind=Kind.TEST,
                    name="Test alert",
                    state=State.OK if message.get("state") == "OK" else State.ALARM,
                    at=at,
                    severity=Severity.INFO,
                    identity=id or raw,
                    description=f"Test alert{f', sent by {by}' if by else ''}: the route works",
                    first_action="nothing: this is a test.",
                    resource=Resource(kind="router", name=f"test-{id}") if id else None,
                    raw=raw,
                ),
            )
    return ()
