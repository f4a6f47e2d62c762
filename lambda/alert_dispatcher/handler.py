"""Entry point of the dispatcher: batches of the sinks' queues are looked at together, admitted together, told side by side."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from aws_lambda_powertools.logging import Logger

from alert_common import clock, queue
from alert_common import settings as settings_document
from alert_common.aws import client, prepare
from alert_common.delivery import Kind
from alert_common.queue import Record
from alert_common.redact import redact
from alert_common.settings import Settings
from alert_common.store import Store
from alert_dispatcher import heartbeat, jobs, metrics
from alert_dispatcher.admit import admit
from alert_dispatcher.charts import Charts
from alert_dispatcher.errors import RejectedError
from alert_dispatcher.jobs import Job
from alert_dispatcher.look import look
from alert_dispatcher.returns import Returns
from alert_dispatcher.secrets import Secrets
from alert_dispatcher.sinks import registry
from alert_dispatcher.sinks.base import Sink, Tools
from alert_dispatcher.work import Work

prepare("dynamodb", "sqs", "secretsmanager", "ssm")
logger = Logger()

THREADS = 50
"""As many as there are records in a batch."""
FUNCTION_SECONDS = 30.0
"""Where nobody says how much time is left."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """See to every record of a batch and answer which of them come back."""
    left = context.get_remaining_time_in_millis() / 1000 if context else FUNCTION_SECONDS
    try:
        settings, store = _settings(), _store()
    except Exception as error:  # not left to the queue's own timeout, which is minutes
        logger.error("settings could not be read", extra={"error": redact(repr(error))})  # noqa: TRY400
        queue.put_back_all(client("sqs"), [(record, queue.delay_of(record)) for record in event["Records"]])
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}
    work = Work(
        store=store,
        settings=settings,
        sqs=client("sqs"),
        sink=_sink,
        returns=Returns(client("sqs")),
        now=clock.now(),
        until=time.monotonic() + left,
    )
    todo = _due(work, event["Records"])
    beats = [_beat(work, job) for job in todo if job.delivery.kind is Kind.HEARTBEAT]
    told = [job for job in todo if job.delivery.kind is not Kind.HEARTBEAT]
    _side_by_side([*beats, *_tellers(work, told)])
    for name, learned in work.learned.items():
        try:
            learned.save(work.store, name)
        except Exception as error:  # the records are seen to; the next batch learns it again
            logger.warning("the gate was not saved", extra={"sink": name, "error": redact(repr(error))})
    _report_late(work)
    return work.returns.answer()


def _due(work: Work, records: Sequence[Record]) -> list[Job]:
    """Read the records; what has nothing to tell yet goes back until it has."""
    read = []
    for record in records:
        try:
            job = jobs.read(record)
        except ValueError as error:
            work.returns.malformed(record, work.owner(record), str(error))
            continue
        if (wait := jobs.early(job, work.now)) > 0:
            work.returns.later(job, wait, "there is nothing to tell yet")
        else:
            read.append(job)
    return jobs.grouped(read)


def _tellers(work: Work, todo: Sequence[Job]) -> list[Callable[[], None]]:
    if not todo:
        return []
    try:
        return admit(work, look(work, todo))
    except Exception as error:  # the table: nothing is told that was not looked up
        seen = {id(record) for record, _ in work.returns.waits}
        for job in todo:
            if id(job.record) not in seen:
                work.returns.failed(job, work.of(job.delivery.sink), f"{type(error).__name__}: {error}")
        return []


def _beat(work: Work, job: Job) -> Callable[[], None]:
    def beat() -> None:
        try:
            sink = work.sink(job.delivery.sink)
        except RejectedError as error:
            logger.error("heartbeat failed", extra={"sink": job.delivery.sink, "error": redact(str(error))})  # noqa: TRY400
            return
        heartbeat.beat(job, sink, count=lambda: _put(work, "Heartbeats", {job.delivery.sink: 1.0}, "Count"))

    return beat


def _report_late(work: Work) -> None:
    if not work.returns.late:
        return
    try:
        _put(work, "OldestDelivery", work.returns.late, "Seconds")
    except Exception as error:
        logger.warning("late deliveries were not counted", extra={"error": redact(repr(error))})


def _put(work: Work, name: str, by_sink: Mapping[str, float], unit: str) -> None:
    environment, routing = work.settings.environment, os.environ["STATE_TABLE"]
    metrics.put(client("cloudwatch"), name, by_sink, environment=environment, routing=routing, unit=unit)


def _side_by_side(calls: Sequence[Callable[[], None]]) -> None:
    for done in [_threads().submit(call) for call in calls]:
        done.result()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="teller")


@cache
def _sink(name: str) -> Sink:
    return registry.make(name, _settings().sinks, _tools())


@cache
def _settings() -> Settings:
    return settings_document.read(client("ssm"))


@cache
def _store() -> Store:
    if not os.environ.get("STATE_TABLE"):
        raise ValueError("STATE_TABLE is not set; it must be the name of the DynamoDB table")
    return Store(client("dynamodb"), os.environ["STATE_TABLE"])


@cache
def _tools() -> Tools:
    charts = Charts(bucket=os.environ.get("CHARTS_BUCKET", ""), s3=lambda: client("s3"))
    return Tools(secrets=Secrets(client("secretsmanager")), charts=charts, client=client)
