"""How alerts become incidents. Pure: an incident and a transition in, the incident after it out.

Alerts of one resource (an endpoint with all its variants, a cluster, a service, a job) belong together while they come within
the window of the incident's newest news. What comes later is a new incident, even when the old one is still open: somebody
who has known for hours that a disk is full has not been told that requests fail now.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from alert_common.alert import URGENCY, Alert, Kind, digest, stable_key
from alert_common.incident import Incident, Member, News
from alert_common.page import Action
from alert_common.settings import Settings

NEWS_KEPT = 60
"""Of the newest news; a sink that was away for longer is told how much it missed."""
MOST_MEMBERS = 500
"""An item of DynamoDB holds 400 KB, a member takes a quarter of one."""

NAME_BYTES = 256
"""Of a name, as JSON writes it: CloudWatch's longest in ASCII; others may be of any length, at six bytes a character."""

_ENDLESS = {Kind.JOB, Kind.ASYNC_INFERENCE, Kind.UNKNOWN}
"""What no later message ends."""


def group_of(alert: Alert) -> str:
    """Return the key of what the alert is about; one without a resource is about itself."""
    resource = alert.resource
    if resource is None:
        return alert.dedup_key
    parts = (alert.account, alert.region, resource.kind, resource.cluster, resource.namespace, resource.name)
    return stable_key(resource.name, parts)


def page_of(alert: Alert, action: Action) -> str:
    """Return the key of the page that tells this transition."""
    return digest(alert.dedup_key, alert.at.isoformat(), action)


def opened(alert: Alert, *, sinks: Mapping[str, int], environment: str, is_notice: bool) -> Incident:
    """Return the incident that this alert opens, still without it: the same again when it is tried again."""
    group = group_of(alert)
    name = alert.resource.name if alert.resource is not None else alert.name
    began = alert.at if is_notice else alert.since or alert.at
    return Incident(
        id=stable_key(name, (group, alert.dedup_key, alert.at.isoformat())),
        group=group,
        opened_at=began,
        severity=alert.severity,
        sinks=sinks,
        environment=environment,
        resource=alert.resource,
    )


def takes(incident: Incident, alert: Alert, settings: Settings, *, now: datetime) -> bool:
    """Whether an alert that begins to fire joins the incident.

    One that has ended takes it while its end settles, by the clock or by the alerts' own times: where alerts wait in a queue,
    the clock runs ahead of them.
    """
    if incident.is_notice or not (incident.is_open or _settles(incident, alert, settings, now)):
        return False
    if len(incident.members) >= MOST_MEMBERS and alert.dedup_key not in incident.members:
        return False
    return alert.at - max(news.at for news in incident.news) <= timedelta(seconds=settings.window_seconds)


def _settles(incident: Incident, alert: Alert, settings: Settings, now: datetime) -> bool:
    if incident.settles_at is None or incident.recovered_at is None:
        return False
    return now < incident.settles_at or alert.at - incident.recovered_at < timedelta(seconds=settings.settle_seconds)


def after(
    incident: Incident, alert: Alert, action: Action, *, sinks: Mapping[str, int], settle: float, now: datetime
) -> Incident:
    """Return the incident after the transition; the same when it has taken it already.

    Args:
        incident: as it is.
        alert: the transition.
        action: what it asks for.
        sinks: who is to know of this alert.
        settle: seconds for which all must be well until it is over.
        now: the clock.
    """
    page = page_of(alert, action)
    if any(news.page == page for news in incident.news):
        return incident
    key = alert.dedup_key
    seq = incident.last_seq + 1
    name = _short(alert.name)
    news = News(seq=seq, action=action, member=key, name=name, at=alert.at, page=page)
    kept = (*incident.news, news)
    told = replace(incident, last_seq=seq, news=kept if len(kept) <= NEWS_KEPT else (kept[0], *kept[-NEWS_KEPT + 1 :]))
    if action in {Action.INFORM, Action.CONTEXT}:
        return told
    was = incident.members.get(key)
    opened_at = was.opened_at if was else None
    if action is Action.TRIGGER:
        opened_at = opened_at or alert.since or alert.at
    elif action is Action.RESOLVE:
        opened_at = None
    member = Member(
        name=name,
        state=alert.state,
        at=alert.at,
        opened_at=opened_at,
        severity=alert.severity,
        ends=alert.kind not in _ENDLESS,
    )
    changed = replace(
        told,
        members={**incident.members, key: member},
        severity=min(incident.severity, alert.severity, key=URGENCY.index),
        sinks=_both(incident.sinks, sinks),
        opened_at=min(incident.opened_at, opened_at) if opened_at else incident.opened_at,
    )
    if changed.is_open:
        return replace(changed, recovered_at=None, settles_at=None)
    ended = max(m.at for m in changed.members.values())
    return replace(changed, recovered_at=ended, settles_at=now + timedelta(seconds=settle))


def _short(name: str) -> str:
    while len(json.dumps(name)) - 2 > NAME_BYTES:
        name = f"{name[: len(name) * 3 // 4]}…"
    return name


def _both(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    """Whoever is to know by either, at once when either says so."""
    return {sink: min(one.get(sink, wait), other.get(sink, wait)) for sink, wait in {**one, **other}.items()}
