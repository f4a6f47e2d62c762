"""The last lines of the endpoint's log that look like errors."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from alert_common.alert import Alert, Resource
from alert_common.context import LogLine
from alert_common.redact import redact

PATTERN = "?ERROR ?Error ?CRITICAL ?FATAL ?Traceback ?Exception ?CUDA ?Killed"
BEFORE = timedelta(minutes=5)
LINES = 5
LINE_LIMIT = 400
PAGES = 3
_NUMBER = re.compile(r"\d+")
_TRACE = re.compile(r"\s|Traceback \(")
"""How the lines of a Python or Java stack trace begin, save the one that names the error."""


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
    """Keep the last few lines, in order, without secrets and without metric lines (EMF); alike but for numbers counts once.

    Of a stack trace the line that says what went wrong is kept, not those that say where.
    """
    told = [(at, message) for at, message in sorted(events) if '"_aws"' not in message and message.strip()]
    told = [(at, message) for at, message in told if not _TRACE.match(message)] or told
    alike = [_NUMBER.sub("0", message.strip()) for _, message in told]
    counts, latest = Counter(alike), dict(zip(alike, told, strict=True))
    chosen = sorted(latest.items(), key=lambda item: item[1][0])[-LINES:]
    return tuple(
        LogLine(
            at=datetime.fromtimestamp(at / 1000, UTC),
            text=redact(message.strip())[:LINE_LIMIT] + (f"  ({counts[key]} alike)" if counts[key] > 1 else ""),
        )
        for key, (at, message) in chosen
    )
