"""Heartbeats: the way to a sink is proved, and nobody is told."""

from collections.abc import Callable
from datetime import datetime, timedelta

from aws_lambda_powertools.logging import Logger

from alert_common import clock
from alert_common.redact import redact
from alert_dispatcher.jobs import Job
from alert_dispatcher.sinks.base import Sink

logger = Logger()

OLDEST = timedelta(minutes=10)
"""An older one proves nothing: its alarm has fired already."""


def beat(job: Job, sink: Sink, *, count: Callable[[], None]) -> None:
    """Try the sink and count it; a failure is not tried again, since the next one comes in minutes, and its absence alarms."""
    name = job.delivery.sink
    if clock.now() - _at(job) > OLDEST:
        return
    try:
        sink.probe()
        count()
    except Exception as error:
        logger.error("heartbeat failed", extra={"sink": name, "error": redact(f"{type(error).__name__}: {error}")})  # noqa: TRY400


def _at(job: Job) -> datetime:
    try:
        return datetime.fromisoformat(job.delivery.id)
    except ValueError:
        return job.since
