"""What there is to tell: incidents, what the sinks were told, and the pages of the difference, read for a whole batch at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from aws_lambda_powertools.logging import Logger

from alert_common.alert import URGENCY, Severity
from alert_common.delivery import Kind
from alert_common.incident import Incident, Told
from alert_common.page import Action
from alert_common.store import Key, Waiting
from alert_dispatcher import trying
from alert_dispatcher.gap import Gap
from alert_dispatcher.jobs import Job
from alert_dispatcher.sinks.base import MANY, Digest, Update
from alert_dispatcher.work import SOON_SECONDS, Work, incident_delivery

logger = Logger()

DIGEST_MOST = 40
"""Incidents of one message: more would not fit into one of Slack's. The next message takes the others."""
WAITING_MARGIN_SECONDS = 2.0
"""Beyond what the clocks of two invocations differ."""
DIGEST_SECONDS = 3_600
"""An attempt within a digest that is still open after so long is one whose delivery is gone."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What there is to tell."""

    updates: Sequence[tuple[Job, Update]]
    digests: Sequence[tuple[Job, Digest]]


def look(work: Work, jobs: Sequence[Job]) -> Found:
    """Find out what there is to tell; jobs with nothing to tell, or not yet, are seen to."""
    members = {job.key: work.store.digest(job.delivery.id) for job in jobs if job.delivery.kind is Kind.DIGEST}
    singles = [job for job in jobs if job.delivery.kind is Kind.INCIDENT]
    digests = [job for job in jobs if job.delivery.kind is Kind.DIGEST]
    within = [(job.delivery.sink, id) for job in digests for id in members[job.key]]
    seen = work.store.look([*(job.key for job in singles), *(job.key for job in digests), *within])
    incidents, told = seen.incidents, seen.told
    singles = [_urgent(job, incidents.get(job.delivery.id)) for job in singles]

    def gap(sink: str, id: str) -> Gap | None:
        incident = incidents.get(id)
        return _gap(work, incident, told.get((sink, id), Told())) if incident else None

    open_gaps = [
        (replace(job, turn=_turn(job, seen.waiting.get(job.key)), failures=found.told.failures), found)
        for job in singles
        if (found := _open(work, job, gap(*job.key))) and not _is_waited_for(job, found, seen.waiting.get(job.key))
    ]
    in_digests = []
    for job in digests:
        known = [found for id in members[job.key] if (found := gap(job.delivery.sink, id)) and not found.is_closed]
        if several := _to_gather(work, job, known, seen.waiting):
            in_digests.append((job, several))
    gaps = [*(found for _, found in open_gaps), *(found for _, several in in_digests for found in several)]
    pages = work.store.pages({key for found in gaps for key in wanted(found)})

    def update(found: Gap, stands_in: str = "") -> Update | None:
        if found.lead.page not in pages:
            return None
        keys = wanted(found) & pages.keys()
        return Update(
            incident=found.incident,
            told=found.told,
            now=found.now,
            remind_seconds=found.remind_seconds,
            pages={key: pages[key] for key in keys},
            stands_in=stands_in,
            until=work.until,
        )

    ready = [
        (job, made) for job, found in open_gaps if (made := _ready(work, job, update(found, job.delivery.stands_in)))
    ]
    return Found(
        updates=ready,
        digests=[
            (job, _digest(work, job, told.get(job.key, Told()), [made for found in several if (made := update(found))]))
            for job, several in in_digests
        ],
    )


def wanted(gap: Gap) -> set[str]:
    """Keys of the pages that telling it takes."""
    keys = {gap.lead.page}
    if gap.end is not None:
        keys.add(gap.end.page)
    if not gap.is_new:
        news = gap.news
        happened = [one for one in news if one.action is Action.INFORM]
        keys |= {one.page for one in (news if len(news) <= MANY else happened[-MANY:])}
    return keys


def _urgent(job: Job, incident: Incident | None) -> Job:
    """Go by the incident's severity: what asks for it may have been written before the incident got worse."""
    return replace(job, critical=True) if incident and incident.severity is Severity.CRITICAL else job


def _to_gather(work: Work, job: Job, known: Sequence[Gap], waiting: Mapping[Key, Waiting]) -> list[Gap]:
    """Return what a digest has to tell; what its incidents lack that have got a thread meanwhile is told there."""
    for gap in known:
        other = waiting.get((job.delivery.sink, gap.incident.id))
        if gap.told.thread and (other is None or other.until < gap.now.timestamp()):
            work.send(job.delivery.sink, incident_delivery(job.delivery.sink, gap.incident))
    return [gap for gap in known if not gap.told.thread]


def _turn(job: Job, waiting: Waiting | None) -> float | None:
    return waiting.until if waiting is not None and waiting.message == job.record["messageId"] else None


def _is_waited_for(job: Job, gap: Gap, other: Waiting | None) -> bool:
    """Whether another delivery waits for its turn with the same incident, and will tell what this one would.

    One of several is enough, and the turns of the others would only keep further incidents waiting. It was put back before it
    reads what there is to tell, so it cannot miss anything that is there now.
    """
    if other is None or other.message == job.record["messageId"] or job.delivery.stands_in:
        return False
    comes_later = other.until > gap.now.timestamp() + WAITING_MARGIN_SECONDS
    return comes_later and (other.urgent or not gap.urgent)


def _gap(work: Work, incident: Incident, told: Told) -> Gap:
    return Gap(incident=incident, told=told, now=work.now, remind_seconds=work.settings.remind_seconds)


def _open(work: Work, job: Job, gap: Gap | None) -> Gap | None:
    """Return what is to be told now; None when the job is seen to."""
    if gap is None:
        logger.warning("the incident is not there any more", extra={"sink": job.delivery.sink, "id": job.delivery.id})
        return None
    if gap.is_closed:
        return None
    if gap.settles_at is not None:
        work.returns.later(job, ceil((gap.settles_at - work.now).total_seconds()), "it has ended, and must settle")
        return None
    if in_digest(job, gap):
        work.returns.later(job, SOON_SECONDS, "a digest is about to tell it")
        return None
    return gap


def in_digest(job: Job, gap: Gap) -> bool:
    """Whether a digest's teller has it in hand.

    What became critical since does not wait for that: it is told by a message of its own in any case, and the digest, if the sink
    refused it, comes back later each time.
    """
    if job.critical and not gap.incident.sinks.get(job.delivery.sink, 0):
        return False
    attempt = trying.parse(gap.told.trying)
    return attempt is not None and bool(attempt.digest) and gap.now.timestamp() - attempt.at < DIGEST_SECONDS


def _ready(work: Work, job: Job, update: Update | None) -> Update | None:
    """Return an update whose context is there, or has run out of time; None when the job is seen to."""
    if update is None:
        work.returns.reject(job, work.of(job.delivery.sink), "the incident's page is not in the table")
        return None
    due = _latest_due(update)
    if due > 0:
        work.returns.later(job, due, "its context is on its way")
        return None
    return update


def _latest_due(update: Update) -> float:
    waits = (page.due - update.now for page in update.pages.values() if page.due is not None)
    return max((wait.total_seconds() for wait in waits), default=0.0)


def _digest(work: Work, job: Job, told: Told, updates: Sequence[Update]) -> Digest:
    order = sorted(updates, key=lambda update: (URGENCY.index(update.incident.severity), update.incident.opened_at))
    return Digest(id=job.delivery.id, told=told, updates=tuple(order), until=work.until)
