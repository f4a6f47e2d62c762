"""EventBridge events that are no alarms: endpoints, deployments, jobs, AWS Health."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from alert_common.alert import Alert, Kind, Resource, Severity, State
from alert_enricher.parse import alarms, fields

Reader = Callable[..., Alert]

FAILING = {
    "FAILED",
    "OUT_OF_SERVICE",
    "ROLLING_BACK",
    "UPDATE_ROLLBACK_FAILED",
}
"""Endpoint statuses that mean trouble; IN_SERVICE ends it, every other status is a step on the way."""

CRITICAL = {"FAILED", "OUT_OF_SERVICE", "UPDATE_ROLLBACK_FAILED"}


def reader(detail_type: str) -> Reader | None:
    """Choose who reads an event, None for one that nobody here knows."""
    known = detail_type.strip().lower()
    if known in _READERS:
        return _READERS[known]
    # AWS's own documentation calls the deployment event by two names.
    if known.startswith("sagemaker endpoint deployment"):
        return deployment
    return job if known.startswith("sagemaker ") and known.endswith(" job state change") else None


def endpoint(event: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    """Read a "SageMaker Endpoint State Change"."""
    detail = fields.mapping(event, "detail")
    status = _status(fields.text(detail, "EndpointStatus"))
    name = fields.text(detail, "EndpointName")
    return _event(
        event,
        received=received,
        raw=raw,
        kind=Kind.ENDPOINT,
        name=name or _first_resource(event),
        arn=fields.text(detail, "EndpointArn") or _first_resource(event),
        status=status,
        state=State.ALARM if status in FAILING else State.OK if status == "IN_SERVICE" else State.EVENT,
        severity=Severity.CRITICAL if status in CRITICAL else Severity.WARNING,
        resource=Resource(kind="endpoint", name=name) if name else None,
        reason=fields.text(detail, "FailureReason"),
        description=_config(fields.text(detail, "EndpointConfigName")),
    )


def deployment(event: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    """Read a "SageMaker Endpoint Deployment" (blue/green, canary, linear, rolling)."""
    detail = fields.mapping(event, "detail")
    pending = fields.mapping(detail, "PendingDeploymentSummary")
    variants = [v for v in fields.items(pending, "ProductionVariants") if isinstance(v, dict)]
    steps = [s for v in variants for s in fields.items(v, "VariantStatus") if isinstance(s, dict)]
    status = _status(fields.text(detail, "EndpointStatus"))
    name = fields.text(detail, "EndpointName")
    step = steps[-1] if steps else {}
    return _event(
        event,
        received=received,
        raw=raw,
        kind=Kind.DEPLOYMENT,
        name=name or _first_resource(event),
        arn=fields.text(detail, "EndpointArn") or _first_resource(event),
        status=" ".join(part for part in (status, fields.text(step, "Status")) if part),
        state=State.ALARM if status in FAILING else State.OK if status == "IN_SERVICE" else State.EVENT,
        severity=Severity.CRITICAL if status in CRITICAL else Severity.WARNING,
        resource=Resource(kind="endpoint", name=name) if name else None,
        reason=fields.text(detail, "FailureReason") or fields.text(step, "StatusMessage"),
        description=_config(
            fields.text(pending, "EndpointConfigName") or fields.text(detail, "EndpointConfigName"),
            fields.text(detail, "EndpointConfigName") if pending else "",
        ),
    )


def job(event: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    """Read a "SageMaker Training Job State Change", or its kin for processing, transform and tuning."""
    detail = fields.mapping(event, "detail")
    kind = next(
        (k for k in ("Training", "Processing", "Transform", "HyperParameterTuning") if f"{k}JobName" in detail), ""
    )
    status = fields.text(detail, f"{kind}JobStatus")
    name = fields.text(detail, f"{kind}JobName")
    return _event(
        event,
        received=received,
        raw=raw,
        kind=Kind.JOB,
        name=name or _first_resource(event),
        arn=fields.text(detail, f"{kind}JobArn") or _first_resource(event),
        # The name as well: a job's ARN lower-cases it.
        identity=name,
        status=status,
        state=State.ALARM if status == "Failed" else State.EVENT,
        severity=Severity.WARNING,
        resource=Resource(kind=f"{kind.lower() or 'sagemaker'}-job", name=name) if name else None,
        reason=fields.text(detail, "FailureReason", "ExitMessage"),
    )


def health(event: Mapping[str, Any], *, received: datetime, raw: str) -> Alert:
    """Read an "AWS Health Event": an issue is an alert until it is closed; scheduled changes and notices inform."""
    detail = fields.mapping(event, "detail")
    descriptions = [d for d in fields.items(detail, "eventDescription") if isinstance(d, dict)]
    category = fields.text(detail, "eventTypeCategory")
    closed = fields.text(detail, "statusCode") == "closed"
    troubling = category in {"issue", "investigation"}
    affected = [a for a in fields.items(detail, "affectedEntities") if isinstance(a, dict)]
    entities = [e for a in affected[:20] if (e := fields.text(a, "entityValue"))]
    service = fields.text(detail, "service")
    return _event(
        event,
        received=received,
        raw=raw,
        kind=Kind.HEALTH,
        name=fields.text(detail, "eventTypeCode") or "AWS Health Event",
        arn=fields.text(detail, "eventArn"),
        status=category,
        state=State.EVENT if not troubling else State.OK if closed else State.ALARM,
        severity=Severity.WARNING,
        resource=Resource(kind="service", name=service) if service else None,
        description=next((t for d in descriptions if (t := fields.text(d, "latestDescription"))), ""),
        reason=f"Affected: {', '.join(entities)}" if entities else "",
        since=fields.when(detail, "startTime"),
    )


_READERS: Mapping[str, Reader] = {
    "cloudwatch alarm state change": alarms.from_event,
    "cloudwatch alarm configuration change": alarms.from_configuration_event,
    "sagemaker endpoint state change": endpoint,
    "aws health event": health,
}


def _event(event: Mapping[str, Any], *, received: datetime, **known: Any) -> Alert:
    at = fields.when(event, "time") or received
    since = known.pop("since", None)
    return Alert(
        at=at,
        since=(min(since, at) if since else at) if known["state"] is State.ALARM else None,
        account=fields.text(event, "account"),
        region=fields.text(event, "region"),
        tags=fields.tags(fields.mapping(event, "detail")),
        **known,
    )


def _status(written: str) -> str:
    """Events write IN_SERVICE, the API InService; both become the event's form."""
    return written if "_" in written or written.isupper() else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", written).upper()


def _config(new: str, old: str = "") -> str:
    if new and old and new != old:
        return f"endpoint config {old} → {new}"
    return f"endpoint config {new}" if new else ""


def _first_resource(event: Mapping[str, Any]) -> str:
    return next((fields.clean(r) for r in fields.items(event, "resources") if isinstance(r, str)), "")
