"""Entry point of the dispatcher: batches of the sinks' queues; one record's failure is that record's alone."""

import os
from dataclasses import replace
from functools import cache
from typing import Any

from aws_lambda_powertools.logging import Logger

from alert_common import queue
from alert_common.aws import client, prepare
from alert_common.delivery import Action, Delivery
from alert_common.redact import redact
from alert_common.state import SinkRecord, StateTable
from alert_dispatcher.charts import Charts
from alert_dispatcher.errors import RejectedError, RetryLaterError
from alert_dispatcher.secrets import Secrets
from alert_dispatcher.settings import Settings
from alert_dispatcher.sinks import registry
from alert_dispatcher.sinks.base import Sink, is_late

prepare("dynamodb", "sqs", "secretsmanager")
logger = Logger()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's
    """Send every record's delivery and answer which records failed."""
    held: dict[str, RetryLaterError] = {}
    return queue.each(event, lambda record: _record(record, held))


def _record(record: queue.Record, held: dict[str, RetryLaterError]) -> None:
    """Send one delivery.

    Args:
        record: the queue's record.
        held: sinks that asked for time in this batch, and what they said; they are not asked again in it.
    """
    name = ""
    try:
        delivery = _read(record["body"])
        name = delivery.sink
        _send(delivery, held.get(name))
    except RetryLaterError as error:
        held.setdefault(name, error)
        if queue.is_old(record) and _buried(record, name, f"tried for a day: {error}"):
            return
        seconds = queue.put_back(client("sqs"), record, error.after_seconds)
        logger.warning("comes back later", extra={"sink": name, "seconds": seconds, "why": redact(str(error))})
        raise
    except RejectedError as error:
        # Without a dead-letter queue to put it on, the record fails until its queue gives it up.
        if not _buried(record, name, str(error)):
            raise
    except Exception as error:
        logger.error("failed", extra={"sink": name, "error": redact(repr(error))})  # noqa: TRY400 - a trace may hold secrets
        raise


def _buried(record: queue.Record, sink: str, error: str) -> bool:
    why = redact(error)
    logger.error("rejected for good", extra={"sink": sink, "why": why, "message_id": record["messageId"]})
    return queue.bury(client("sqs"), record, _settings().dead_letters.get(sink, ""), why)


def _read(body: str) -> Delivery:
    try:
        return Delivery.from_json(body)
    except ValueError as error:
        raise RejectedError(f"not a delivery: {error}") from None


def _send(delivery: Delivery, held: RetryLaterError | None) -> None:
    if held is not None:
        raise held
    table = _table()
    last = table.sent(delivery.sink, delivery.dedup_key)
    log = {"sink": delivery.sink, "action": delivery.action, "alert": delivery.alert.name}
    if last is not None and (why := _left_out(delivery, last)):
        logger.info(why, extra={**log, "at": delivery.alert.at.isoformat()})
        return
    triggered_at = last.triggered_at if last is not None else None
    if delivery.action is Action.TRIGGER:
        triggered_at = delivery.alert.at

    def remember(sent: SinkRecord) -> None:
        try:
            table.record(delivery.sink, delivery.dedup_key, replace(sent, triggered_at=triggered_at))
        except Exception as error:
            logger.error("sent but not recorded", extra={**log, "error": redact(repr(error))})  # noqa: TRY400

    _sink(delivery.sink).send(delivery, last, remember)
    logger.info("sent", extra={**log, "at": delivery.alert.at.isoformat()})


def _left_out(delivery: Delivery, last: SinkRecord) -> str:
    """Say why the sink is not told, empty when it is.

    A trigger may come twice, the second time after its end. What is late is told only in a thread that shows the newer
    news too: anywhere else it would read as the newest, page for what is over, and nothing would close it.
    """
    at = delivery.alert.at
    if last.at == at and delivery.action in {last.action, Action.INFORM}:
        return "already sent"
    if delivery.action is Action.TRIGGER and last.triggered_at is not None and at <= last.triggered_at:
        return "already sent"
    if is_late(delivery, last) and not last.thread:
        return f"left out: {'already over' if last.action is Action.RESOLVE else 'newer news was told'}"
    return ""


@cache
def _sink(name: str) -> Sink:
    return registry.make(name, _settings().sinks, _tools())


@cache
def _settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def _table() -> StateTable:
    return StateTable(client("dynamodb"), _settings().state_table)


@cache
def _tools() -> registry.Tools:
    charts = Charts(bucket=_settings().charts_bucket, s3=lambda: client("s3"))
    return registry.Tools(secrets=Secrets(client("secretsmanager")), charts=charts, sns=lambda: client("sns"))
