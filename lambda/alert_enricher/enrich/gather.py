"""All of it at once, under one deadline: what is late or refused is named, never waited for."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from alert_common.alert import Alert, State
from alert_common.aws import client
from alert_common.context import Context, Missing
from alert_enricher.enrich import chart, endpoint, links, logs, siblings, signals, tags
from alert_enricher.settings import Settings

Clients = Callable[..., Any]
Job = Callable[[], Any]

TAGS_SHARE = 0.4
"""Of the deadline, when only the tags can tell which endpoint an alert is about."""

_REASONS = {
    "AccessDenied": "access denied",
    "AccessDeniedException": "access denied",
    "UnauthorizedOperation": "access denied",
    "Throttling": "throttled",
    "ThrottlingException": "throttled",
    "TooManyRequestsException": "throttled",
    "ResourceNotFoundException": "not found",
    "ResourceNotFound": "not found",
    "ConnectTimeoutError": "timed out",
    "ReadTimeoutError": "timed out",
    "EndpointConnectionError": "unreachable",
    "NoCredentialsError": "no credentials",
}


def enrich(alert: Alert, settings: Settings, clients: Clients = client) -> tuple[Alert, Context]:
    """Gather the context; returns within the deadline whatever hangs.

    The alert comes back with the resource that its tags name when its message named none.
    """
    ends = time.monotonic() + settings.deadline_seconds
    # Not a `with` block: leaving one joins its threads, and a thread may hang.
    pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="enrich")
    try:
        return _gather(alert, settings, clients, pool, ends)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _gather(
    alert: Alert, settings: Settings, clients: Clients, pool: ThreadPoolExecutor, ends: float
) -> tuple[Alert, Context]:
    region = alert.region or None
    found: dict[str, Any] = {}
    missing: list[Missing] = []
    running: dict[str, Future[Any]] = {}
    if ":alarm:" in alert.arn and not alert.tags:
        running["alarm tags"] = pool.submit(lambda: tags.fetch(alert, clients("cloudwatch", region)))
        if alert.resource is None:
            wait(running.values(), timeout=settings.deadline_seconds * TAGS_SHARE)
            known = _known_tags(alert, running)
            alert = replace(alert, resource=tags.resource(known))
    running |= {what: pool.submit(job) for what, job in _jobs(alert, settings, clients).items()}
    wait(running.values(), timeout=max(0.0, ends - time.monotonic()))
    for what, future in running.items():
        if not future.done():
            missing.append(Missing(what=what, why="timed out"))
        elif (error := future.exception()) is not None:
            missing.append(Missing(what=what, why=reason(error)))
        else:
            found[what] = future.result()
    known = {**alert.tags, **found.get("alarm tags", {})}
    return alert, Context(
        environment=known.get("endpointwatch:environment", settings.environment),
        owner=known.get("team", ""),
        objective=known.get("endpointwatch:objective", ""),
        tags=known,
        endpoint=found.get("endpoint"),
        signals=signals.summarize(alert, found.get("signals", {}), found.get("endpoint")),
        siblings=found.get("sibling alarms", ()),
        logs=found.get("log lines", ()),
        chart_key=found.get("chart", ""),
        links=links.links(alert, alert.resource, known),
        missing=tuple(missing),
    )


def _known_tags(alert: Alert, running: Mapping[str, Future[Any]]) -> Mapping[str, str]:
    future = running["alarm tags"]
    fetched = future.result() if future.done() and future.exception() is None else {}
    return {**alert.tags, **fetched}


def _jobs(alert: Alert, settings: Settings, clients: Clients) -> dict[str, Job]:
    region, resource, metric = alert.region or None, alert.resource, alert.metric
    jobs: dict[str, Job] = {}
    # An end is told in a few lines, which hold no chart, figures or log lines.
    whole = alert.state is not State.OK
    if whole and metric is not None and settings.charts_bucket:
        jobs["chart"] = lambda: chart.fetch(
            alert, metric, clients("cloudwatch", region), clients("s3"), settings.charts_bucket
        )
    if resource is not None and resource.kind == "endpoint":
        jobs["endpoint"] = lambda: endpoint.fetch(resource, clients("sagemaker", region))
        jobs["sibling alarms"] = lambda: siblings.fetch(alert, resource, clients("cloudwatch", region))
        if whole:
            jobs["log lines"] = lambda: logs.fetch(alert, resource, clients("logs", region))
        if whole and resource.variant:
            jobs["signals"] = lambda: signals.fetch(alert, resource, clients("cloudwatch", region))
    return jobs


def reason(error: BaseException) -> str:
    """Say in a word or two why something could not be fetched; AWS's own message may hold names of roles."""
    response = getattr(error, "response", None)
    details = response.get("Error", {}) if isinstance(response, dict) else {}
    code = str(details.get("Code", "")) or type(error).__name__
    if code == "ValidationException" and "Could not find" in str(details.get("Message", "")):
        return "not found"
    return _REASONS.get(code, code)
