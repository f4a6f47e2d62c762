"""Whatever comes of telling: the record is seen to, and the sink's gate learns of it."""

from collections.abc import Callable
from dataclasses import replace

from alert_common import queue
from alert_common.store import BusyError
from alert_dispatcher.errors import NoTimeError, RejectedError, RetryLaterError, TooManyRequestsError
from alert_dispatcher.jobs import Job
from alert_dispatcher.work import SOON_SECONDS, Work


def see_to(work: Work, job: Job, call: Callable[[], bool], *, rejected: Callable[[str], None]) -> None:
    """Tell, unless the sink asked for time meanwhile or the function has none left, and deal with what comes.

    Args:
        work: the batch.
        job: whose record it is.
        call: tells; returns whether the sink was sent anything.
        rejected: what else there is to do when the sink refuses it for good, and why it does.
    """
    learned, settings = work.learned[job.delivery.sink], work.of(job.delivery.sink)
    if (seconds := learned.held()) > 0:
        work.returns.later(job, seconds, learned.why)
        return
    if not work.has_time():
        work.returns.later(job, 1, "the function's time is up")
        return
    try:
        if call():
            learned.took()
    except BusyError as error:
        work.returns.later(job, SOON_SECONDS, str(error))
    except NoTimeError as error:
        work.returns.later(job, 1, str(error))
    except RetryLaterError as error:
        told = learned.asked_for_time if isinstance(error, TooManyRequestsError) else learned.failed
        told(str(error), error.after_seconds or queue.FIRST_SECONDS)
        work.returns.failed(job, settings, str(error), error.after_seconds)
    except RejectedError as error:
        learned.took()  # it answers, so it works: what is wrong is this message, or its credentials
        _give_up(work, job, str(error), rejected)
    except Exception as error:  # not the sink: nobody counts these
        work.returns.failed(replace(job, failures=None), settings, f"{type(error).__name__}: {error}")


def _give_up(work: Work, job: Job, why: str, rejected: Callable[[str], None]) -> None:
    settings = work.of(job.delivery.sink)
    try:
        rejected(why)
    except Exception as error:  # not before somebody else is told: it is tried again
        work.returns.failed(job, settings, f"{why}; {type(error).__name__}: {error}")
    else:
        work.returns.reject(job, settings, why)
