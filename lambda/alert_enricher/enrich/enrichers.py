"""Which enrichers apply to an alert, and how long each may take."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from alert_common.alert import Alert, MetricFacts, Resource, State
from alert_common.units import unit_of
from alert_enricher.enrich import chart, endpoint, logs, siblings, signals
from alert_enricher.enrich.finding import Finding

Clients = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Enricher:
    """One thing to find out."""

    seconds: float
    """How long it may take, counted from the beginning; what is beyond the page's deadline is told later."""
    fetch: Callable[[float], Finding]
    """Finds it out; gets the time (`time.monotonic`) at which nobody waits any longer."""


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
    if resource is not None and resource.kind == "endpoint":
        chosen |= _of_endpoint(alert, resource, partial(clients, region=region), in_trouble=in_trouble)
    return chosen


def _of_endpoint(alert: Alert, resource: Resource, client: Clients, *, in_trouble: bool) -> dict[str, Enricher]:
    chosen = {
        "endpoint": Enricher(seconds=6.0, fetch=lambda _: endpoint.fetch(resource, client("sagemaker"))),
        "sibling alarms": Enricher(seconds=4.0, fetch=lambda _: siblings.fetch(alert, resource, client("cloudwatch"))),
    }
    if in_trouble:
        chosen["log lines"] = Enricher(
            seconds=9.0, fetch=lambda until: logs.of_endpoint(alert, resource, client("logs"), until)
        )
    if in_trouble and resource.variant:
        chosen["signals"] = Enricher(seconds=4.0, fetch=lambda _: signals.fetch(alert, resource, client("cloudwatch")))
    return chosen


def _chart(alert: Alert, metric: MetricFacts, cloudwatch: Any, s3: Any, bucket: str) -> Finding:
    key = chart.fetch(alert, metric, unit_of(metric, alert.tags), cloudwatch=cloudwatch, s3=s3, bucket=bucket)
    return Finding(values={"chart_key": key})
