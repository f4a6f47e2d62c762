"""What every sink tells: what is broken, since when, how bad, what changed, what to do first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alert_common.alert import Alert, State
from alert_common.context import Context
from alert_common.delivery import Delivery
from alert_dispatcher import words
from alert_dispatcher.changes import changes, in_short, roll_back, what_changed
from alert_dispatcher.how_bad import how_bad
from alert_dispatcher.text import clock, day_and_clock, figure, one_line, shorten, span

FAR = timedelta(hours=12)
"""So long before the alert a time of day does not tell which day."""


@dataclass(frozen=True, kw_only=True)
class Brief:
    """The answers, as plain text; empty where there is none."""

    headline: str
    where: str
    began: datetime
    lag: str
    """How long before the alarm it began, to follow a time; empty where that says nothing."""
    is_far: bool
    """Whether it began so long ago that its time needs a date."""
    how_bad: str
    objective: str
    changed: str
    suspect: str
    """The change that may be the cause, in a few words."""
    first: tuple[str, ...]
    signals: tuple[tuple[str, str, str, str], ...]
    """Name, before, since, sparkline."""
    also_in_alarm: tuple[str, ...]
    fine_siblings: int
    logs: tuple[str, ...]
    why: str
    """The sender's own reason, where the figures do not say it."""
    missing: str

    @property
    def start(self) -> str:
        """When it began, UTC."""
        return day_and_clock(self.began) if self.is_far else clock(self.began)

    @property
    def since(self) -> str:
        """When it began, and how long before the alarm."""
        return f"{self.start}{self.lag}"


def brief(delivery: Delivery) -> Brief:
    """Work out the answers."""
    alert, context = delivery.alert, delivery.context
    began = delivery.opened_at or alert.since or alert.at
    return Brief(
        headline=words.headline(delivery),
        where=_where(alert, context),
        began=began,
        lag=_lag(alert, began),
        is_far=alert.at - began >= FAR,
        how_bad=how_bad(delivery),
        # A tag's value cannot hold the sign.
        objective=context.objective.replace(" percent", " %"),
        changed=what_changed(alert, context, began),
        suspect=in_short(changes(context.endpoint), began),
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


def _lag(alert: Alert, began: datetime) -> str:
    lag = alert.at - began
    return f", {span(lag)} before the alarm" if lag >= timedelta(seconds=30) and alert.state is State.ALARM else ""


def _first(alert: Alert, context: Context, began: datetime) -> tuple[str, ...]:
    own = alert.first_action[:1].upper() + alert.first_action[1:]
    return tuple(step for step in (roll_back(alert, context, began), own) if step)


def _why(alert: Alert) -> str:
    if not alert.understood:
        return alert.reason
    if alert.metric is not None and alert.metric.value is not None:
        return ""
    if alert.children:
        return shorten(f"Set off by {', '.join(child.name for child in alert.children)}", 600)
    return shorten(one_line(alert.reason or alert.rule), 600)
