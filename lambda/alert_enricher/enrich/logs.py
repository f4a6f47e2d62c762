"""What the log of an endpoint or a job says about errors: each once, with how often it came."""

import re
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from alert_common.alert import Alert, Resource
from alert_common.context import LogLine
from alert_common.redact import redact
from alert_enricher.diagnose.words import OUT_OF_MEMORY
from alert_enricher.enrich.clusters import Cluster, cluster
from alert_enricher.enrich.finding import Finding

PATTERN = "?ERROR ?Error ?CRITICAL ?FATAL ?Traceback ?Exception ?CUDA ?Killed ?OutOfMemory"
_ERROR = re.compile("|".join(PATTERN.replace("?", "").split()))
BEFORE = timedelta(minutes=5)
BIGGEST, NEWEST, OUT_OF_MEMORY_KEPT = 3, 2, 1
"""Clusters that are told: those of the most lines, those that came last, and the one that says memory ran out."""
LINE_LIMIT = 400
PAGES, PAGE = 3, 3_000
"""Of events; one error in a hurry logs more, and its count is then at least that."""
_TRACE = re.compile(r"\s|Traceback \(|During handling of the above|The above exception was")
"""How the lines of a Python or Java stack trace begin, save the one that names the error."""


def of_endpoint(alert: Alert, resource: Resource, logs: Any, until: float) -> Finding:
    """Search from five minutes before the alert began until a minute after it was told.

    SageMaker names its log streams VARIANT/INSTANCE.
    """
    request: dict[str, Any] = {
        "logGroupName": f"/aws/sagemaker/Endpoints/{resource.name}",
        "startTime": int(((alert.since or alert.at) - BEFORE).timestamp() * 1000),
        "endTime": int((alert.at + timedelta(minutes=1)).timestamp() * 1000),
        "filterPattern": PATTERN,
        "limit": PAGE,
    }
    if resource.variant:
        request["logStreamNamePrefix"] = f"{resource.variant}/"
    events: list[dict[str, Any]] = []
    for _ in range(PAGES):
        page = logs.filter_log_events(**request)
        events += page.get("events", [])
        if "nextToken" not in page or time.monotonic() >= until:
            break
        request["nextToken"] = page["nextToken"]
    return Finding(values={"logs": errors((e["timestamp"], e["message"]) for e in events)})


def errors(events: Iterable[tuple[int, str]]) -> tuple[LogLine, ...]:
    """Choose what is told of the events, given as (milliseconds, message): in order, without secrets and metric lines (EMF).

    Of a stack trace the line that says what went wrong is told, not those that say where.
    """
    told = [(at, message) for at, message in sorted(events) if '"_aws"' not in message and message.strip()]
    told = [(at, line) for at, message in told if (line := _telling(message))] or told
    chosen = choose(cluster(told))
    return tuple(_line(c) for c in sorted(chosen, key=lambda c: (c.at, c.text)))


def errors_or_end(events: Sequence[tuple[int, str]]) -> tuple[LogLine, ...]:
    """Choose what is told of the last lines of a log that was not searched: those that look like errors, else the last few."""
    return errors([e for e in events if _ERROR.search(e[1])] or sorted(events)[-NEWEST:])


def choose(clusters: Sequence[Cluster]) -> list[Cluster]:
    """Keep the biggest, the newest, and the newest that says that memory ran out: it explains the others."""
    by_size = sorted(clusters, key=lambda c: (c.count, c.at), reverse=True)
    by_time = sorted(clusters, key=lambda c: (c.at, c.count), reverse=True)
    out_of_memory = [c for c in by_time if OUT_OF_MEMORY.are_in(c.text)]
    kept = [*out_of_memory[:OUT_OF_MEMORY_KEPT], *by_size[:BIGGEST]]
    kept += [c for c in by_time if c not in kept][:NEWEST]
    return list({id(c): c for c in kept}.values())


def _telling(message: str) -> str:
    """Return the line of a message that says what went wrong; empty for one of a stack trace that says where."""
    lines = [line for line in message.splitlines() if line.strip() and not _TRACE.match(line)]
    if not lines:
        return ""
    # A whole stack trace in one message names its error last.
    return lines[-1] if "Traceback (" in message else lines[0]


def _line(cluster: Cluster) -> LogLine:
    return LogLine(
        at=_moment(cluster.at),
        text=redact(cluster.text.strip())[:LINE_LIMIT],
        count=cluster.count,
        first_at=_moment(cluster.first_at) if cluster.count > 1 else None,
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
