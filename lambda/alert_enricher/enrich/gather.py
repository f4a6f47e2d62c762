"""All of it at once, under one deadline: what is late or refused is named, never waited for."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import Any

from alert_common import tags as tag
from alert_common.alert import Alert, State
from alert_common.aws import client
from alert_common.context import Context, Missing
from alert_common.units import unit_of
from alert_enricher.enrich import chart, endpoint, links, logs, siblings, signals, tags
from alert_enricher.settings import Settings

Clients = Callable[..., Any]
Job = Callable[[], Any]

TAGS_SHARE = 0.4
"""Of the deadline: how long others wait for the tags, which tell what an alert is about and in which unit."""

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
    began = time.monotonic()
    # Not a `with` block: leaving one joins its threads, and a thread may hang.
    pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="enrich")
    try:
        return _gather(alert, settings, clients, pool, began)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _gather(
    alert: Alert, settings: Settings, clients: Clients, pool: ThreadPoolExecutor, began: float
) -> tuple[Alert, Context]:
    region = alert.region or None
    found: dict[str, Any] = {}
    missing: list[Missing] = []
    running: dict[str, Future[Any]] = {}
    if ":alarm:" in alert.arn and not alert.tags:
        running["alarm tags"] = pool.submit(lambda: tags.fetch(alert, clients("cloudwatch", region)))
    known = partial(_known, alert.tags, running.get("alarm tags"), began + settings.deadline_seconds * TAGS_SHARE)
    if alert.resource is None:
        alert = replace(alert, resource=tags.resource(known()))
    running |= {what: pool.submit(job) for what, job in _jobs(alert, settings, clients, known).items()}
    wait(running.values(), timeout=max(0.0, began + settings.deadline_seconds - time.monotonic()))
    for what, future in running.items():
        if not future.done():
            missing.append(Missing(what=what, why="timed out"))
        elif (error := future.exception()) is not None:
            missing.append(Missing(what=what, why=reason(error)))
        else:
            found[what] = future.result()
    described, refused = found.get("endpoint", (None, {}))
    missing += [Missing(what=what, why=reason(error)) for what, error in refused.items()]
    told = {**alert.tags, **found.get("alarm tags", {})}
    figures, uncounted = signals.summarize(alert, found.get("signals", {}), told)
    return alert, Context(
        environment=told.get(tag.ENVIRONMENT, settings.environment),
        owner=told.get(tag.TEAM, ""),
        objective=told.get(tag.OBJECTIVE, ""),
        tags=told,
        endpoint=described,
        signals=figures,
        siblings=found.get("sibling alarms", ()),
        logs=found.get("log lines", ()),
        chart_key=found.get("chart", ""),
        links=links.links(alert, alert.resource, told),
        missing=(*missing, *uncounted),
    )


def _known(own: Mapping[str, str], fetching: Future[Any] | None, until: float) -> Mapping[str, str]:
    """Return the tags, having waited for those that are being fetched; without them when they are late or refused."""
    if fetching is None:
        return own
    wait([fetching], timeout=max(0.0, until - time.monotonic()))
    return {**own, **fetching.result()} if fetching.done() and fetching.exception() is None else own


def _jobs(alert: Alert, settings: Settings, clients: Clients, known: Callable[[], Mapping[str, str]]) -> dict[str, Job]:
    region, resource, metric = alert.region or None, alert.resource, alert.metric
    jobs: dict[str, Job] = {}
    # An end is told in a few lines, which hold no chart, figures or log lines.
    whole = alert.state is not State.OK
    if whole and metric is not None and settings.charts_bucket:
        jobs["chart"] = lambda: chart.fetch(
            alert,
            metric,
            unit_of(metric, known()),
            cloudwatch=clients("cloudwatch", region),
            s3=clients("s3"),
            bucket=settings.charts_bucket,
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
