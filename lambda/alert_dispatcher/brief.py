"""What every sink tells: what is broken, since when, how bad, what changed, what to do first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alert_common.alert import Alert, State
from alert_common.context import Change, Context, Job, LogLine
from alert_common.page import Page
from alert_dispatcher import words
from alert_dispatcher.changes import changes, in_short, roll_back, what_changed
from alert_dispatcher.how_bad import how_bad
from alert_dispatcher.text import clock, day_and_clock, figure, one_line, shorten, span

FAR = timedelta(hours=12)
"""So long before the alert a time of day does not tell which day."""
HISTORY, WORKLOAD = 6, 8
"""Changes, pods and nodes that are shown: more is not read in a page."""


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
    cause: str
    """The likeliest cause, or that no rule matched; empty where nobody tried."""
    evidence: tuple[str, ...]
    history: tuple[str, ...]
    """What was done to the resource, the newest first."""
    workload: tuple[str, ...]
    """The job, the pods and the nodes that are not as they should be."""
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


def brief(page: Page) -> Brief:
    """Work out the answers."""
    alert, context = page.alert, page.context
    began = page.opened_at or alert.since or alert.at
    return Brief(
        headline=words.headline(page),
        where=_where(alert, context),
        began=began,
        lag=_lag(alert, began),
        is_far=alert.at - began >= FAR,
        how_bad=how_bad(page),
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
        logs=tuple(_log(line) for line in context.logs),
        cause=_cause(context),
        evidence=context.diagnosis.evidence if context.diagnosis else (),
        history=tuple(_done(change, alert) for change in context.changes[:HISTORY]),
        workload=(*_job(context.job), *_pods(context), *_nodes(context)),
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
    """The diagnosis knows the whole context; without one, the last deployment is the first suspect."""
    found = context.diagnosis.first if context.diagnosis else roll_back(alert, context, began)
    steps = (step[:1].upper() + step[1:] for step in (found, alert.first_action) if step)
    return tuple(dict.fromkeys(steps))


def _cause(context: Context) -> str:
    if context.diagnosis:
        return context.diagnosis.cause
    return "No rule matched: the cause is not known." if context.diagnosed else ""


def _log(line: LogLine) -> str:
    again = f"  ({line.count}x since {line.first_at:%H:%M:%S})" if line.first_at and line.count > 1 else ""
    return f"{line.at:%H:%M:%S} {one_line(line.text)}{again}"


def _done(change: Change, alert: Alert) -> str:
    when = clock(change.at) if alert.at - change.at < FAR else day_and_clock(change.at)
    return one_line(f"{when} {change.what}{f' by {change.who}' if change.who else ''}")


def _job(job: Job | None) -> tuple[str, ...]:
    if job is None:
        return ()
    ran = f" after {span(job.ended_at - job.started_at)}" if job.ended_at and job.started_at else ""
    size = f" on {job.instance_count or 1} x {job.instance_type}" if job.instance_type else ""
    return (one_line(f"Job {job.status}{ran}{size}{f': {job.failure}' if job.failure else ''}"),)


def _pods(context: Context) -> tuple[str, ...]:
    if not context.pods:
        return ()
    bad = [pod for pod in context.pods if not pod.ready or pod.reason or pod.restarts]
    lines = [
        one_line(
            f"Pod {pod.name} {pod.phase}{f', {pod.restarts} restarts' if pod.restarts else ''}"
            f"{f' on {pod.node}' if pod.node else ''}{f': {pod.reason}' if pod.reason else ''}"
        )
        for pod in bad[:WORKLOAD]
    ]
    return (f"{sum(pod.ready for pod in context.pods)} of {len(context.pods)} pods are ready", *lines)


def _nodes(context: Context) -> tuple[str, ...]:
    bad = [node for node in context.nodes if not node.ready or node.problems]
    return tuple(
        one_line(
            f"Node {node.name}{f' ({node.instance_type})' if node.instance_type else ''} "
            f"{'is ready' if node.ready else 'is not ready'}{': ' if node.problems else ''}{', '.join(node.problems)}"
        )
        for node in bad[:WORKLOAD]
    )


def _why(alert: Alert) -> str:
    if not alert.understood:
        return alert.reason
    if alert.metric is not None and alert.metric.value is not None:
        return ""
    if alert.children:
        return shorten(f"Set off by {', '.join(child.name for child in alert.children)}", 600)
    return shorten(one_line(alert.reason or alert.rule), 600)
