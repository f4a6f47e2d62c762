"""Which enrichers apply to an alert, and how long each may take."""

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

from alert_common.alert import Alert, MetricFacts, Resource, State
from alert_common.context import Endpoint
from alert_common.units import unit_of
from alert_enricher.enrich import changes, chart, endpoint, job, logs, pods, scaling, siblings, signals
from alert_enricher.enrich.finding import Finding

Clients = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Enricher:
    """One thing to find out."""

    seconds: float
    """How long it may take, counted from the beginning; what is beyond the page's deadline is told later."""
    fetch: Callable[[float], Finding]
    """Finds it out; gets the time (`time.monotonic`) at which nobody waits any longer."""
    holds: bool = True
    """Whether the page waits for it, up to its deadline; what is slow by nature, and seldom tells anything, comes later."""


def applying(alert: Alert, *, charts_bucket: str, clients: Clients) -> dict[str, Enricher]:
    """Return the enrichers for an alert, by the name under which `missing` tells of them.

    What ends or informs is told in a few lines, which hold no chart, figures or log lines.
    """
    region, resource, metric = alert.region or None, alert.resource, alert.metric
    in_trouble = alert.state in {State.ALARM, State.INSUFFICIENT_DATA}
    chosen: dict[str, Enricher] = {}
    if in_trouble and metric is not None and charts_bucket:
        chosen["chart"] = Enricher(
            seconds=6.0,
            fetch=lambda _: _chart(alert, metric, clients("cloudwatch", region), clients("s3"), charts_bucket),
        )
    if resource is None or (alert.state is State.OK and resource.kind != "endpoint"):
        return chosen
    client = partial(clients, region=region)
    if resource.kind == "endpoint":
        chosen |= _of_endpoint(alert, resource, client)
    if resource.kind in job.KINDS:
        chosen |= _of_job(resource, client, in_trouble=in_trouble)
    if in_trouble and pods.is_on_eks(alert):
        chosen["pods"] = Enricher(
            seconds=8.0, fetch=lambda until: pods.fetch(alert, resource, client("eks"), client("sts"), until)
        )
    return chosen


def _of_endpoint(alert: Alert, resource: Resource, client: Clients) -> dict[str, Enricher]:
    described: Future[Endpoint | None] = Future()

    def describe(_: float) -> Finding:
        found: Endpoint | None = None
        try:
            finding = endpoint.fetch(resource, client("sagemaker"))
            found = finding.values["endpoint"]
            return finding
        finally:
            described.set_result(found)

    def known(until: float) -> Endpoint | None:
        wait([described], timeout=max(0.0, until - time.monotonic()))
        return described.result() if described.done() else None

    def search(until: float) -> Finding:
        return changes.configuration(alert, resource, client("cloudtrail"), partial(known, until), until)

    chosen = {
        "endpoint": Enricher(seconds=6.0, fetch=describe),
        "sibling alarms": Enricher(seconds=4.0, fetch=lambda _: siblings.fetch(alert, resource, client("cloudwatch"))),
    }
    if alert.state is State.OK:
        return chosen
    chosen["deployments"] = Enricher(
        seconds=7.0, fetch=lambda until: changes.deployments(alert, resource, client("cloudtrail"), until)
    )
    if alert.state is State.EVENT:
        return chosen
    chosen[changes.CONFIGURATION] = Enricher(seconds=9.0, fetch=search, holds=False)
    chosen["log lines"] = Enricher(
        seconds=9.0, fetch=lambda until: logs.of_endpoint(alert, resource, client("logs"), until)
    )
    if resource.variant:
        chosen["signals"] = Enricher(seconds=4.0, fetch=lambda _: signals.fetch(alert, resource, client("cloudwatch")))
        chosen["scaling activities"] = Enricher(
            seconds=4.0, fetch=lambda _: scaling.fetch(alert, resource, client("application-autoscaling"))
        )
    return chosen


def _of_job(resource: Resource, client: Clients, *, in_trouble: bool) -> dict[str, Enricher]:
    chosen = {"job": Enricher(seconds=5.0, fetch=lambda _: job.fetch(resource, client("sagemaker")))}
    if in_trouble:
        chosen["log lines"] = Enricher(seconds=8.0, fetch=lambda _: job.lines(resource, client("logs")))
    return chosen


def _chart(alert: Alert, metric: MetricFacts, cloudwatch: Any, s3: Any, bucket: str) -> Finding:
    key = chart.fetch(alert, metric, unit_of(metric, alert.tags), cloudwatch=cloudwatch, s3=s3, bucket=bucket)
    return Finding(values={"chart_key": key})
