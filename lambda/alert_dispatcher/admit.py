"""Who may be told now: the turns of a whole batch, by priority; the others wait for theirs, or go into a digest."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aws_lambda_powertools.logging import Logger

from alert_common.gate import Answer
from alert_common.redact import redact
from alert_common.store import BusyError, Waiting
from alert_dispatcher import digests, fallback, tell, turnstile
from alert_dispatcher.errors import RejectedError
from alert_dispatcher.jobs import Job
from alert_dispatcher.look import Found
from alert_dispatcher.sinks.base import Digest, Sink, Update
from alert_dispatcher.turnstile import Learned, Want
from alert_dispatcher.work import SOON_SECONDS, Work

logger = Logger()

FALLBACK_SECONDS = 300.0
"""A critical incident that its sink will not be told of for longer is told to the fallback now: somebody has to wake up."""

Teller = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class _Asker:
    """A job that needs a turn."""

    job: Job
    messages: int
    what: Update | Digest

    @property
    def urgent(self) -> bool:
        """Whether it goes before all others: what wakes somebody, and the one message in which a storm's many are told of first."""
        return isinstance(self.what, Digest) or self.what.urgent


def admit(work: Work, found: Found) -> list[Teller]:
    """Return what is to be told now, in the order in which it is; see to everything else."""
    by_sink: dict[str, list[_Asker]] = {}
    tellers: list[Teller] = []
    gathered: dict[tuple[str, int], list[tuple[Job, Update]]] = {}
    for job, update in found.updates:
        name = job.delivery.sink
        try:
            sink = work.sink(name)
            messages = sink.messages(update)
        except RejectedError as error:
            work.returns.reject(job, work.of(name), str(error))
            continue
        except Exception as error:
            work.returns.failed(job, work.of(name), f"{type(error).__name__}: {error}")
            continue
        every = update.incident.sinks.get(name, 0)
        if not messages:
            tellers.append(partial(tell.record, work, job, update, sink))
        elif every and digests.takes(sink, update):
            gathered.setdefault((name, every), []).append((job, update))
        else:
            by_sink.setdefault(name, []).append(_Asker(job=job, messages=messages, what=update))
    for job, digest in found.digests:
        by_sink.setdefault(job.delivery.sink, []).append(_Asker(job=job, messages=1, what=digest))
    for name, askers in by_sink.items():
        tellers += _ask(
            work, name, sorted(askers, key=lambda a: (not a.urgent, not a.job.critical, a.job.since)), gathered
        )
    for (name, every), several in gathered.items():
        digests.gather(work, name, several, every)
    return tellers


def _ask(
    work: Work, name: str, askers: list[_Asker], gathered: dict[tuple[str, int], list[tuple[Job, Update]]]
) -> list[Teller]:
    settings = work.of(name)
    rate = settings.rate if settings else None
    try:
        sink = work.sink(name)
        wants = [
            Want(
                urgent=asker.urgent,
                messages=asker.messages,
                far=digests.FAR_SECONDS if _may_gather(sink, asker) else math.inf,
                turn=asker.job.turn,
            )
            for asker in askers
        ]
        before, answers = turnstile.ask(work.store, name, rate, wants)
    except (BusyError, RejectedError) as error:
        for asker in askers:
            if isinstance(error, BusyError):
                work.returns.later(asker.job, SOON_SECONDS, str(error))
            else:
                work.returns.reject(asker.job, settings, str(error))
        return []
    work.learned[name] = Learned(before=before)
    tellers: list[Teller] = []
    for asker, answer in zip(askers, answers, strict=True):
        if not answer.granted:
            tellers += _refused(work, asker, answer, sink, gathered)
        elif isinstance(asker.what, Digest):
            tellers.append(partial(digests.tell, work, asker.job, asker.what, sink))
        else:
            tellers.append(partial(tell.tell, work, asker.job, asker.what, sink))
    return tellers


def _may_gather(sink: Sink, asker: _Asker) -> bool:
    """Whether it can go into a digest when its turn is far away."""
    return not asker.job.critical and isinstance(asker.what, Update) and digests.takes(sink, asker.what)


def _refused(
    work: Work,
    asker: _Asker,
    answer: Answer,
    sink: Sink,
    gathered: dict[tuple[str, int], list[tuple[Job, Update]]],
) -> list[Teller]:
    job, what, name = asker.job, asker.what, asker.job.delivery.sink
    work.returns.count(job)
    updates = what.updates if isinstance(what, Digest) else (what,)
    if answer.gate.is_tripped or (job.critical and answer.wait > FALLBACK_SECONDS):
        for update in updates:
            fallback.engage(work, name, update, answer.why)
    settings = work.of(name)
    if settings and job.is_old(work.now) and work.returns.buried(job, settings, f"tried for a day: {answer.why}"):
        return []
    # While the sink is left alone, records stay where they are, and a digest gathers them when it is back.
    works = answer.gate.closed_until <= work.now.timestamp() and not answer.gate.is_tripped
    storm = works and answer.wait > digests.FAR_SECONDS
    if storm and isinstance(what, Update) and _may_gather(sink, asker):
        gathered.setdefault((name, digests.GATHER_SECONDS), []).append((job, what))
        return []
    work.returns.later(job, answer.wait, answer.why)
    return [] if isinstance(what, Digest) else [partial(_wait, work, asker, answer.wait)]


def _wait(work: Work, asker: _Asker, seconds: float) -> None:
    """Remember that this one waits, so that others of the same incident need no turn of their own."""
    job = asker.job
    until = work.now.timestamp() + seconds
    waiting = Waiting(until=until, message=job.record["messageId"], urgent=asker.urgent)
    try:
        work.store.wait(*job.key, waiting)
    except Exception as error:  # then each waits for its own
        logger.warning("who waits was not stored", extra={"sink": job.delivery.sink, "error": redact(repr(error))})
