"""Many incidents in one message: put into a digest when their turn is far away, and told together."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from aws_lambda_powertools.logging import Logger

from alert_common.alert import URGENCY
from alert_common.delivery import Delivery, Kind
from alert_common.incident import Stage, Told
from alert_common.store import BusyError, Turn
from alert_dispatcher import trying
from alert_dispatcher.brief import brief
from alert_dispatcher.errors import NoTimeError, RejectedError, TooManyRequestsError
from alert_dispatcher.jobs import Job
from alert_dispatcher.look import DIGEST_MOST
from alert_dispatcher.outcome import see_to
from alert_dispatcher.sinks.base import Digest, DigestSink, Sink, Update
from alert_dispatcher.work import SOON_SECONDS, Work, incident_delivery

logger = Logger()

Held = tuple[Turn, Update]
"""An incident of a digest, and the right to tell it."""

FAR_SECONDS = 10.0
"""A turn that is further away is worth a digest."""
GATHER_SECONDS = 30
"""For which a storm is gathered into one message."""
LEAST_SECONDS = 5
"""Between the last incident and its digest, so that the next is not missed by a second."""


def takes(sink: Sink, update: Update) -> bool:
    """Whether an incident can go into a digest: those that have a thread are told there."""
    return isinstance(sink, DigestSink) and not update.told.thread


def due(now: datetime, every: int) -> datetime:
    """When the digest that gathers now is told."""
    return datetime.fromtimestamp(math.ceil((now.timestamp() + LEAST_SECONDS) / every) * every, UTC)


def gather(work: Work, sink: str, several: list[tuple[Job, Update]], every: int) -> None:
    """Put incidents into the digest that is due next, and see to it that it is told."""
    at = due(work.now, every)
    ids = [update.incident.id for _, update in several]
    # A full one is followed by another, a second later.
    digests = (f"{sink}/{int(at.timestamp()) + number}" for number in count())
    id, is_called = next(
        (id, is_called) for id in digests if (is_called := work.store.add_to_digest(id, ids)) is not None
    )
    logger.info("gathered", extra={"sink": sink, "digest": id, "incidents": len(several)})
    if is_called:
        return
    severity = min((update.incident.severity for _, update in several), key=URGENCY.index)
    work.send(sink, Delivery(sink=sink, kind=Kind.DIGEST, id=id, severity=severity, not_before=at))
    work.store.digest_is_called(id)


def tell(work: Work, job: Job, digest: Digest, sink: Sink) -> None:
    """Tell a digest, and see to its record, whatever comes."""

    def call() -> bool:
        if not isinstance(sink, DigestSink):
            raise RejectedError(f"sink {job.delivery.sink!r} takes no digests")
        sent, left = _in_turn(work, job, digest, sink)
        if left:
            work.returns.later(job, SOON_SECONDS, f"{left} more incidents")
        return sent

    see_to(work, job, call, rejected=lambda _: None)


def _in_turn(work: Work, job: Job, digest: Digest, sink: DigestSink) -> tuple[bool, int]:
    """Tell as many as go into one message; return whether one was sent, and how many incidents are left."""
    turn = work.store.take_turn(*job.key)
    held: list[Held] = []
    try:
        told = _tell(work, replace(digest, told=turn.told), sink, turn, held)
    except Exception as error:
        for taken in (turn, *(taken for taken, _ in held)):
            if isinstance(error, (RejectedError, TooManyRequestsError)):
                # Nobody has to wonder whether it was told.
                work.store.finish(taken, replace(taken.told, trying=""))
            else:
                work.store.end_turn(taken)
        raise
    work.store.end_turn(turn)
    return told


def _tell(work: Work, digest: Digest, sink: DigestSink, turn: Turn, held: list[Held]) -> tuple[bool, int]:
    """Mark the incidents, send the message, remember it of each incident; `held` are those whose turn is taken.

    Every incident is marked with the number of the message that is about to tell it. So after a crash it is known what was
    told to whom: the digest's own record says which messages were taken.
    """
    number, again = turn.told.seq + 1, bool(turn.told.trying)
    # After a crash in between, first of all that message again, with the incidents that it had.
    these = [u for u in digest.updates if _message(u, digest.id) == number] if again else digest.updates
    busy = _take(work, turn.sink, these[:DIGEST_MOST], held)
    left = busy + len(digest.updates) - len(these[:DIGEST_MOST])
    for entry in [entry for entry in held if 0 < _message(entry[1], digest.id) <= turn.told.seq]:
        held.remove(entry)
        _finish(work, *entry, turn.told.thread)
    if not held:
        if again and not busy:
            work.store.tell(turn, replace(turn.told, trying=""))
        return False, left
    if not work.has_time():
        raise NoTimeError("the function's time is up")
    if not again:
        marks = [str(trying.attempt(update, f"{digest.id}#{number}")) for _, update in held]
        held[:] = [(work.store.tell(t, replace(t.told, trying=m)), u) for (t, u), m in zip(held, marks, strict=True)]
    thread = _send(work, turn, replace(digest, updates=tuple(update for _, update in held)), sink)
    logger.info("told", extra={"sink": turn.sink, "digest": digest.id, "incidents": len(held)})
    while held:
        _finish(work, *held.pop(), thread)
    return True, left


def _take(work: Work, sink: str, updates: Sequence[Update], held: list[Held]) -> int:
    """Take the turn of each incident that still needs telling; return how many others have in hand."""
    busy = 0
    for update in updates:
        try:
            turn = work.store.take_turn(sink, update.incident.id)
        except BusyError:
            busy += 1
            continue
        fresh = replace(update, told=turn.told)
        if fresh.is_closed or fresh.told.thread:
            work.store.end_turn(turn)
            if not fresh.is_closed:
                # It has got a thread meanwhile, and is told there.
                work.send(sink, incident_delivery(sink, fresh.incident))
        else:
            held.append((turn, fresh))
    return busy


def _send(work: Work, turn: Turn, digest: Digest, sink: DigestSink) -> str:
    """Send one message, and return its thread; the digest's record counts it."""

    def remember(told: Told) -> None:
        nonlocal turn
        turn = work.store.tell(turn, told)

    sink.send_digest(digest, remember)
    if turn.told.seq == digest.told.seq:
        remember(replace(turn.told, seq=digest.told.seq + 1, stage=Stage.OVER, trying=""))
    return turn.told.thread


def _finish(work: Work, turn: Turn, update: Update, thread: str) -> None:
    """Remember that a digest told the incident, as far as it was then; what comes later is told in the digest's thread."""
    attempt = trying.parse(turn.told.trying)
    after = replace(update.after, thread=thread, headline=brief(update.page).headline, in_digest=bool(thread))
    if attempt:
        after = replace(after, seq=attempt.seq, stage=attempt.stage)
    work.remind(turn.sink, update.incident)
    work.store.finish(turn, after)


def _message(update: Update, digest: str) -> int:
    """Number of the digest's message that was about to tell the incident; 0 for none."""
    attempt = trying.parse(update.told.trying)
    id, _, number = attempt.digest.rpartition("#") if attempt else ("", "", "")
    return int(number) if id == digest else 0
