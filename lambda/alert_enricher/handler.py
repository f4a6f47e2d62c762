"""Entry point of the enricher: batches of the `alerts` queue, and alarms that call the function directly."""

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

from alert_common import queue
from alert_common.aws import client, prepare
from alert_common.delivery import Delivery
from alert_common.redact import redact
from alert_common.state import BusyError, StateTable
from alert_enricher.enrich import enrich
from alert_enricher.parse import parse
from alert_enricher.plan import body
from alert_enricher.router import logger, route
from alert_enricher.settings import Settings

prepare("dynamodb", "sqs", "cloudwatch", "sagemaker", "logs")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an SQS batch (answers which records failed) or any other event as one alert.

    Raises:
        Exception: a direct event failed; Lambda calls again.
    """
    records = event.get("Records")
    if isinstance(records, list) and records and records[0].get("eventSource") == "aws:sqs":
        return queue.each(event, _record)
    _message(event, received=datetime.now(UTC), message_id=getattr(context, "aws_request_id", ""))
    return {}


def _record(record: queue.Record) -> None:
    try:
        _message(record["body"], received=queue.received_at(record), message_id=record["messageId"])
    except Exception:
        queue.put_back(client("sqs"), record)
        raise


def _message(payload: object, *, received: datetime, message_id: str) -> None:
    failures: list[Exception] = []
    for alert in parse(payload, received=received, message_id=message_id):
        try:
            route(alert, settings=_settings(), table=_table(), enrich=enrich, send=_send)
        except BusyError as busy:
            logger.info("comes back later", extra={"why": str(busy)})
            failures.append(busy)
        except Exception as error:
            logger.error("failed", extra={"alert": alert.name, "error": redact(repr(error))})
            failures.append(error)
    if failures:
        raise failures[0]


@cache
def _settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def _table() -> StateTable:
    return StateTable(client("dynamodb"), _settings().state_table)


def _send(delivery: Delivery) -> None:
    client("sqs").send_message(QueueUrl=_settings().queues[delivery.sink], MessageBody=body(delivery))
