"""One incident told to one sink, by whoever has the turn: what is told is remembered, and nothing before."""

from dataclasses import replace

from aws_lambda_powertools.logging import Logger

from alert_common.incident import Stage, Told
from alert_common.redact import redact
from alert_common.store import BusyError, Turn
from alert_dispatcher import fallback
from alert_dispatcher.errors import RetryLaterError
from alert_dispatcher.jobs import Job
from alert_dispatcher.look import in_digest
from alert_dispatcher.outcome import see_to
from alert_dispatcher.sinks.base import Sink, Update
from alert_dispatcher.work import SOON_SECONDS, Work

logger = Logger()


def tell(work: Work, job: Job, update: Update, sink: Sink) -> None:
    """Tell it, and see to the record, whatever comes; where a critical page is refused, the fallback is told."""

    def rejected(why: str) -> None:
        if job.critical:
            fallback.engage(work, job.delivery.sink, update, redact(why))

    see_to(work, job, lambda: _in_turn(work, job, update, sink), rejected=rejected)


def record(work: Work, job: Job, update: Update, sink: Sink) -> None:
    """Remember what a sink has no use for, so that it is not looked at again; its reminders go on as they were."""
    try:
        turn = work.store.take_turn(*job.key)
        fresh = replace(update, told=turn.told)
        if fresh.is_closed:
            work.store.end_turn(turn)
        elif sink.messages(fresh):  # by what somebody told meanwhile, there is something to tell
            work.store.end_turn(turn)
            work.returns.later(job, SOON_SECONDS, "it must be told after all")
        else:
            work.store.finish(turn, replace(fresh.after, at=turn.told.at))
    except BusyError as error:
        work.returns.later(job, SOON_SECONDS, str(error))
    except Exception as error:
        work.returns.failed(job, work.of(job.delivery.sink), f"{type(error).__name__}: {error}")


def _in_turn(work: Work, job: Job, update: Update, sink: Sink) -> bool:
    """Tell it with what was told meanwhile in mind; whether the sink was sent anything."""
    name, id = job.key
    turn = work.store.take_turn(name, id)
    update = replace(update, told=turn.told)
    if update.is_closed or in_digest(job, update):
        work.store.end_turn(turn)
        if not update.is_closed:
            work.returns.later(job, SOON_SECONDS, "a digest is about to tell it")
        return False
    teller = _Teller(work, name, update, turn)
    try:
        sink.send(update, teller.remember)
        teller.end()
    except RetryLaterError:
        teller.failed()
        raise
    except Exception:
        work.store.end_turn(turn)
        raise
    logger.info("told", extra={"sink": name, "id": id, "seq": update.incident.last_seq, "stage": update.after.stage})
    return True


class _Teller:
    """Writes down what a sink takes."""

    def __init__(self, work: Work, sink: str, update: Update, turn: Turn) -> None:
        self._work, self._sink, self._update, self._turn = work, sink, update, turn
        self._last: Told | None = None

    def remember(self, told: Told) -> None:
        """Store what the sink knows, at once."""
        self._look_again(told)
        self._turn = self._work.store.tell(self._turn, told)
        self._last = told

    def end(self) -> None:
        """Store that all was taken, where the sink has not said so itself."""
        if self._last is None or self._last.trying:
            self._look_again(self._update.after)
            self._work.store.finish(self._turn, self._update.after)
        else:
            self._work.store.end_turn(self._turn)

    def failed(self) -> None:
        """Store that the sink failed once more, beside what it may have taken."""
        told = self._turn.told
        self._work.store.finish(self._turn, replace(told, failures=told.failures + 1))

    def _look_again(self, told: Told) -> None:
        """Ask for the next reminder before it is stored that this one was: of the two, a reminder too many does no harm."""
        if not told.trying and told.stage is Stage.OPEN:
            self._work.remind(self._sink, self._update.incident)
