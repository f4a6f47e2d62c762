"""Entry point of the enricher: batches of the `alerts` queue, and alarms that call the function directly."""

import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from alert_common import queue
from alert_common.aws import client
from alert_common.delivery import Delivery
from alert_common.redact import redact
from alert_common.state import BusyError, StateTable
from alert_enricher.enrich import enrich
from alert_enricher.parse import parse
from alert_enricher.plan import body
from alert_enricher.router import logger, route
from alert_enricher.settings import Settings

BUSY_SECONDS = 5
"""How soon a record looks again whether the other invocation is done with its alert."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an SQS batch (answers which records failed) or any other event as one alert.

    Raises:
        Exception: a direct event failed; Lambda calls again.
    """
    records = event.get("Records")
    if isinstance(records, list) and records and records[0].get("eventSource") == "aws:sqs":
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        return dict(process_partial_response(event, _record, processor, context))
    _message(event, received=datetime.now(UTC), message_id=getattr(context, "aws_request_id", ""))
    return {}


def _record(record: SQSRecord) -> None:
    sent = record.attributes.sent_timestamp
    received = datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else datetime.now(UTC)
    try:
        _message(record.body, received=received, message_id=record.message_id)
    except BusyError:
        queue.put_back(client("sqs"), record, BUSY_SECONDS)
        raise
    except Exception:
        queue.put_back(client("sqs"), record, None)
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
