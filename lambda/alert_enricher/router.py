"""What happens to one alert: claim it, decide, let it join its incident, hand that on, and only then record it.

Every step can be taken again: an invocation that dies leaves a lease that runs out and a record that comes back, and
whatever was written before is found and kept.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from aws_lambda_powertools.logging import Logger

from alert_common import clock, tags
from alert_common.alert import Alert, Severity
from alert_common.context import Context, Missing
from alert_common.delivery import Delivery, Kind
from alert_common.incident import Incident
from alert_common.page import Action, Page
from alert_common.redact import redact
from alert_common.settings import Settings
from alert_common.store import BusyError, Standing, Store
from alert_enricher import grouping
from alert_enricher.policy import decide
from alert_enricher.routes import sinks

logger = Logger()

SPARE_SECONDS = 2.0
"""Beyond the deadline, until whoever waits for a page's context gives it up."""
LATE_SECONDS = 8.0
"""How long the context that missed its page is waited for."""
ATTEMPTS = 12
"""Times that an incident is read and changed again when others change it too."""


class Gathering(Protocol):
    """Context on its way."""

    @property
    def context(self) -> Context:
        """All that came so far."""

    def by_deadline(self) -> Context:
        """Return what is there in time."""

    def later(self, seconds: float) -> Context | None:
        """Return what came after that, None for nothing."""

    def close(self) -> None:
        """Let go of what is still running."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What the router works with."""

    settings: Settings
    store: Store
    identify: Callable[[Alert], tuple[Alert, tuple[Missing, ...]]]
    """Finds an alert's tags and resource."""
    gather: Callable[[Alert, tuple[Missing, ...], float], Gathering]
    """Begins to gather everything around an alert: with what could not be found about it so far, and the seconds of the
    deadline that this took."""
    in_short: Callable[[Alert, tuple[Missing, ...]], Context]
    """The context of what joins or ends: what the alert itself tells."""
    send: Callable[[Delivery], None]
    """Puts a delivery on its sink's queue."""
    now: Callable[[], datetime] = clock.now


def route(alert: Alert, means: Means) -> Callable[[], None] | None:
    """Hand an alert on, once.

    Returns what is left to do when everything else is done: to wait for the context that missed its page, and to tell it.

    Raises:
        BusyError: another invocation has this alert or its incident in hand; the record must come back.
        Exception: a queue or the table failed; nothing was recorded, so the record may come back.
    """
    lease = means.store.claim(alert.dedup_key)
    try:
        decision = decide(alert, lease.standing)
        log: dict[str, object] = {
            "alert": redact(alert.name),
            "state": alert.state,
            "at": alert.at.isoformat(),
            "why": decision.why,
        }
        if decision.standing is None:
            means.store.release(lease)
            logger.info("dropped", extra=log)
            return None
        standing, late = decision.standing, None
        if decision.action is not None:
            incident, alert, late = _hand_on(alert, decision.action, lease.standing, means)
            if decision.action is not Action.INFORM:  # information passes by; what is open keeps its severity
                standing = replace(standing, severity=alert.severity, incident=incident.id)
            log |= {"action": decision.action, "incident": incident.id, "severity": alert.severity}
        means.store.commit(lease, standing)
        logger.info("handled", extra=log)
    except Exception:
        means.store.release(lease)
        raise
    return late


def _hand_on(
    alert: Alert, action: Action, standing: Standing | None, means: Means
) -> tuple[Incident, Alert, Callable[[], None] | None]:
    """Let the alert change its incident, store what there is to tell, and call the sinks.

    Returns the incident, the alert with all that was found out about it, and what is left to do when that is recorded.
    """
    began = time.monotonic()
    alert, missing = means.identify(alert)
    alert = replace(alert, severity=_severity(alert, action, standing, means.settings))
    known = standing.incident if standing and standing.opened_at else ""
    opened_at = standing.opened_at if standing else None
    page = Page(action=action, alert=alert, context=means.in_short(alert, missing), opened_at=opened_at)
    key = grouping.page_of(alert, action)
    incident, opens = _place(alert, action, known, page, means)
    if not opens:
        _call(incident, action, means)
        return incident, alert, None
    gathering = means.gather(alert, missing, time.monotonic() - began)
    try:
        page = replace(page, context=gathering.by_deadline())
        means.store.put_page(key, page)
        _call(incident, action, means)
    except Exception:
        gathering.close()
        raise
    return incident, alert, lambda: _tell_late(incident.id, page, gathering, means)


def _severity(alert: Alert, action: Action, standing: Standing | None, settings: Settings) -> Severity:
    """Decide how urgent: by topic, else by tag, else what the parser made of its kind.

    Information is always info, and what ends or adds to an open alert keeps the severity that it was opened with.
    """
    if action is Action.INFORM:
        return Severity.INFO
    if standing is not None and standing.opened_at is not None:
        return standing.severity
    tagged = alert.tags.get(tags.SEVERITY, "")
    if alert.topic in settings.topics:
        return settings.topics[alert.topic]
    return Severity(tagged) if tagged in set(Severity) else alert.severity


def _place(alert: Alert, action: Action, known: str, page: Page, means: Means) -> tuple[Incident, bool]:
    """Store the page and the incident that it changes; returns that, and whether the page opens it.

    Raises:
        BusyError: too many others change the same incident.
    """
    store, settings = means.store, means.settings
    to_know = sinks(alert, settings) if action in {Action.TRIGGER, Action.INFORM} else {}
    key = grouping.page_of(alert, action)
    stored_as: bool | None = None
    for _ in range(ATTEMPTS):
        now = means.now()
        group = grouping.group_of(alert)
        current = known or store.current(group)
        found = store.incident(current) if current else None
        new = grouping.opened(
            alert, sinks=to_know, environment=page.context.environment, is_notice=action is Action.INFORM
        )
        if found is None or not (known or _belongs(found, alert, action, settings, now)):
            found = store.incident(new.id) or new
        after = grouping.after(found, alert, action, sinks=to_know, settle=settings.settle_seconds, now=now)
        opens = bool(after.news) and after.first.page == key
        if stored_as is not opens:
            gathers_until = now + timedelta(seconds=settings.deadline_seconds + SPARE_SECONDS)
            store.put_page(key, replace(page, due=gathers_until if opens else None))
            stored_as = opens
        if after is not found and not store.save(after):
            continue
        leads = opens and action is not Action.INFORM and not known
        if leads and current != after.id and not store.point(group, to=after.id, instead_of=current):
            continue
        return after, opens
    raise BusyError(f"incident of {alert.name} is changed by too many at once")


def _belongs(incident: Incident, alert: Alert, action: Action, settings: Settings, now: datetime) -> bool:
    """Whether what is new belongs to the incident that its resource had last."""
    if any(news.page == grouping.page_of(alert, action) for news in incident.news):
        return True  # taken before, by an invocation that died
    if action is Action.INFORM:
        return incident.is_open
    return grouping.takes(incident, alert, settings, now=now)


def _call(incident: Incident, action: Action, means: Means) -> None:
    """Put a delivery on the queue of every sink that is to know, and another for when an end has settled.

    A sink that a deployment has removed since has no queue any more: without it the others are told.
    """
    for sink in (name for name in incident.sinks if name in means.settings.sinks):
        delivery = Delivery(sink=sink, kind=Kind.INCIDENT, id=incident.id, severity=incident.severity)
        means.send(delivery)
        if action is Action.RESOLVE and incident.settles_at is not None and incident.settles_at > means.now():
            means.send(replace(delivery, not_before=incident.settles_at))


def _tell_late(id: str, page: Page, gathering: Gathering, means: Means) -> None:
    """Tell what came after the page had to go; without it the page is still a page, so nothing here fails."""
    try:
        context = gathering.later(LATE_SECONDS)
        if context is None:
            return
        # Whoever tells the incident from now on tells all of it; who has told it adds what came.
        means.store.put_page(grouping.page_of(page.alert, page.action), replace(page, context=gathering.context))
        late = replace(page, action=Action.CONTEXT, context=context)
        means.store.put_page(grouping.page_of(page.alert, Action.CONTEXT), late)
        for _ in range(ATTEMPTS):
            incident = means.store.incident(id)
            if incident is None:
                return
            after = grouping.after(incident, page.alert, Action.CONTEXT, sinks={}, settle=0.0, now=means.now())
            if means.store.save(after):
                _call(after, Action.CONTEXT, means)
                return
    except Exception as error:
        logger.warning("late context was not told", extra={"error": redact(repr(error))})
    finally:
        gathering.close()
