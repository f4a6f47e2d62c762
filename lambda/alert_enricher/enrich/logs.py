"""The last lines of the endpoint's log that look like errors."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from alert_common.alert import Alert, Resource
from alert_common.context import LogLine
from alert_common.redact import redact

PATTERN = "?ERROR ?Error ?CRITICAL ?FATAL ?Traceback ?Exception ?CUDA ?Killed"
BEFORE = timedelta(minutes=5)
LINES = 5
LINE_LIMIT = 400
PAGES = 3


def fetch(alert: Alert, resource: Resource, logs: Any) -> tuple[LogLine, ...]:
    """Search from five minutes before the alert began until a minute after it was told; repeated lines count once.

    SageMaker names its log streams VARIANT/INSTANCE.
    """
    request: dict[str, Any] = {
        "logGroupName": f"/aws/sagemaker/Endpoints/{resource.name}",
        "startTime": int(((alert.since or alert.at) - BEFORE).timestamp() * 1000),
        "endTime": int((alert.at + timedelta(minutes=1)).timestamp() * 1000),
        "filterPattern": PATTERN,
    }
    if resource.variant:
        request["logStreamNamePrefix"] = f"{resource.variant}/"
    events: list[dict[str, Any]] = []
    for _ in range(PAGES):
        page = logs.filter_log_events(**request)
        events += page.get("events", [])
        if "nextToken" not in page:
            break
        request["nextToken"] = page["nextToken"]
    return last_lines([(e["timestamp"], e["message"]) for e in events])


def last_lines(events: list[tuple[int, str]]) -> tuple[LogLine, ...]:
    """Keep the last few distinct lines, in order, without secrets and without metric lines (EMF)."""
    told = [(at, message.strip()) for at, message in sorted(events) if '"_aws"' not in message and message.strip()]
    latest = {message: at for at, message in told}
    runs = {message: sum(1 for _ in group) for message, group in groupby(sorted(m for _, m in told))}
    chosen = sorted(latest.items(), key=lambda item: item[1])[-LINES:]
    return tuple(
        LogLine(
            at=datetime.fromtimestamp(at / 1000, UTC),
            text=redact(message)[:LINE_LIMIT] + (f"  (x{runs[message]})" if runs[message] > 1 else ""),
        )
        for message, at in chosen
    )
