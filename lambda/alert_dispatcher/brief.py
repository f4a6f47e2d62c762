"""What every sink tells: what is broken, since when, how bad, what changed, what to do first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alert_common.alert import Alert, Kind, State
from alert_common.context import Context, Endpoint
from alert_common.delivery import Delivery
from alert_common.units import unit_of
from alert_dispatcher import words
from alert_dispatcher.text import clock, day_and_clock, figure, one_line, shorten, span

LATELY = timedelta(hours=24)
CREATION = timedelta(minutes=30)
SUSPICIOUS = timedelta(hours=2)
"""A deployment this short before the alert is the first suspect."""
MEANWHILE = timedelta(minutes=5)
"""SageMaker dates an update by its end, and a breach is dated by the start of a period: this close, both began together."""


@dataclass(frozen=True, kw_only=True)
class Brief:
    """The answers, as plain text; empty where there is none."""

    headline: str
    where: str
    since: str
    how_bad: str
    objective: str
    changed: str
    first: tuple[str, ...]
    signals: tuple[tuple[str, str, str, str], ...]
    """Name, before, since, sparkline."""
    also_in_alarm: tuple[str, ...]
    fine_siblings: int
    logs: tuple[str, ...]
    why: str
    """The sender's own reason, where the figures do not say it."""
    missing: str


def brief(delivery: Delivery) -> Brief:
    """Work out the answers."""
    alert, context = delivery.alert, delivery.context
    began = delivery.opened_at or alert.since or alert.at
    return Brief(
        headline=words.headline(delivery),
        where=_where(alert, context),
        since=_since(delivery),
        how_bad=_how_bad(alert),
        objective=context.objective,
        changed=_changed(alert, context, began),
        first=_first(alert, context, began),
        signals=tuple(
            (s.name, _figure(s.before, s.unit), _figure(s.after, s.unit), s.sparkline) for s in context.signals
        ),
        also_in_alarm=tuple(s.name for s in context.siblings if s.state == State.ALARM),
        fine_siblings=sum(1 for s in context.siblings if s.state != State.ALARM),
        logs=tuple(f"{line.at:%H:%M:%S} {one_line(line.text)}" for line in context.logs),
        why=_why(alert),
        missing=", ".join(f"{m.what} ({m.why})" for m in context.missing),
    )


def _figure(value: float | None, unit: str) -> str:
    return "—" if value is None else figure(value, unit)


def _where(alert: Alert, context: Context) -> str:
    resource, endpoint = alert.resource, context.endpoint
    parts = [context.environment]
    if resource is not None:
        parts.append(f"{resource.name} / {resource.variant}" if resource.variant else resource.name)
    if endpoint is not None and endpoint.instance_type:
        count = f"{endpoint.instance_count} x " if endpoint.instance_count else ""
        parts.append(f"{count}{endpoint.instance_type}")
    if endpoint is not None and endpoint.status not in ("", "InService"):
        parts.append(endpoint.status)
    return " · ".join(part for part in parts if part)


def _since(delivery: Delivery) -> str:
    alert = delivery.alert
    began = delivery.opened_at or alert.since
    if began is None:
        return day_and_clock(alert.at)
    lag = alert.at - began
    told = f", {span(lag)} before the alarm" if lag >= timedelta(seconds=30) and alert.state is State.ALARM else ""
    return f"{clock(began) if lag < timedelta(hours=12) else day_and_clock(began)}{told}"


def _how_bad(alert: Alert) -> str:
    metric = alert.metric
    if metric is None:
        return ""
    unit = unit_of(metric)
    periods = _periods(alert)
    if metric.value is None:
        return f"No data{periods}" if alert.state is State.ALARM else ""
    value = figure(metric.value * unit.scale, unit.name)
    if metric.band is not None:
        low, high = (figure(edge * unit.scale, unit.name) for edge in metric.band)
        return f"{value} against an expected {low} to {high}{periods}"
    if metric.threshold is None:
        return value
    limit = figure(metric.threshold * unit.scale, unit.name)
    side = "at least" if metric.comparison.startswith("Less") else "at most"
    return f"{value} against {side} {limit}{_factor(metric.value, metric.threshold, metric.comparison)}{periods}"


def _factor(value: float, threshold: float, comparison: str) -> str:
    if value <= 0 or threshold <= 0:
        return ""
    factor = threshold / value if comparison.startswith("Less") else value / threshold
    if factor < 1.5:
        return ""
    times = f"{factor:,.0f}" if factor >= 10 else f"{factor:.1f}".removesuffix(".0")
    return f": {times}x{' below' if comparison.startswith('Less') else ''}"


def _periods(alert: Alert) -> str:
    metric = alert.metric
    period = metric.watched.period if metric and metric.watched else None
    period = period or (next((m.period for m in metric.metrics if m.period), None) if metric else None)
    if metric is None or not period or not metric.evaluation_periods or alert.state is not State.ALARM:
        return ""
    needed, looked = metric.datapoints_to_alarm or metric.evaluation_periods, metric.evaluation_periods
    if looked == 1:
        return ""
    length = "minutes" if period == 60 else f"periods of {span(timedelta(seconds=period))}"
    return f", in {needed} of {looked} {length}"


def _changed(alert: Alert, context: Context, began: datetime) -> str:
    if alert.kind in {Kind.ENDPOINT, Kind.DEPLOYMENT}:
        return alert.description[:1].upper() + alert.description[1:]
    endpoint = context.endpoint
    if endpoint is None or endpoint.modified_at is None:
        failed = next((m.why for m in context.missing if m.what == "endpoint"), "")
        return f"Unknown: the endpoint could not be described ({failed})" if failed else ""
    ago = began - endpoint.modified_at
    what = _deployed(endpoint)
    verb = "Deployed" if _is_update(endpoint) else "Created"
    if -MEANWHILE <= ago <= timedelta(0):
        return f"{verb} {clock(endpoint.modified_at)}, as it began: {what}"
    if ago < timedelta(0):
        return f"{verb} {span(-ago)} after it began: {what}"
    if ago <= LATELY:
        return f"{verb} {span(ago)} before: {what}"
    return f"No deployment in the 24 h before; the last was {span(ago)} before"


def _is_update(endpoint: Endpoint) -> bool:
    """Whether the last change was more than the creation, which takes up to half an hour; else nothing to go back to."""
    if endpoint.created_at is None or endpoint.modified_at is None:
        return True
    if endpoint.config_created_at is not None and endpoint.config_created_at > endpoint.created_at:
        return True
    return endpoint.modified_at - endpoint.created_at > CREATION


def _deployed(endpoint: Endpoint) -> str:
    parts = [f"config {endpoint.config}"]
    if endpoint.model:
        parts.append(f"model {endpoint.model}")
    if endpoint.image:
        parts.append(f"image {endpoint.image.rsplit('/', 1)[-1]}")
    return ", ".join(parts)


def _first(alert: Alert, context: Context, began: datetime) -> tuple[str, ...]:
    steps = [alert.first_action[:1].upper() + alert.first_action[1:]] if alert.first_action else []
    endpoint = context.endpoint
    if endpoint is not None and endpoint.modified_at is not None and alert.state is State.ALARM:
        ago = began - endpoint.modified_at
        if -MEANWHILE <= ago <= SUSPICIOUS and _is_update(endpoint):
            when = f"{span(ago)} before" if ago > timedelta(0) else "as it began"
            undo = (
                f"Roll back: the deployment of {endpoint.config} came {when}. "
                "Update the endpoint to the config that it had before."
            )
            steps.insert(0, undo)
    return tuple(steps)


def _why(alert: Alert) -> str:
    if not alert.understood:
        return alert.reason
    if alert.metric is not None and alert.metric.value is not None:
        return ""
    if alert.children:
        return shorten(f"Set off by {', '.join(child.name for child in alert.children)}", 600)
    return shorten(one_line(alert.reason or alert.rule), 600)
