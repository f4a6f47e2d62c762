"""Entry point of the enricher: batches of the `alerts` queue, and alarms that call the function directly."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache, partial
from typing import Any

from alert_common import clock, queue
from alert_common import settings as settings_document
from alert_common.alert import Alert, Kind
from alert_common.aws import client, prepare
from alert_common.delivery import Delivery
from alert_common.delivery import Kind as DeliveryKind
from alert_common.redact import redact
from alert_common.settings import Settings
from alert_common.store import BusyError, Store
from alert_enricher import enrich
from alert_enricher.parse import parse
from alert_enricher.router import Means, logger, route

prepare("dynamodb", "sqs", "ssm", "cloudwatch", "sagemaker", "logs")

SIDE_BY_SIDE = 10
"""Records of a batch that are handled at once, so that no alert waits for the context of another."""
LONGEST_DELAY = 900
"""Seconds for which SQS delays a new message at most; who reads it earlier puts it back."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an SQS batch (answers which records failed) or any other event as one alert.

    Raises:
        Exception: a direct event failed; Lambda calls again.
    """
    records = event.get("Records")
    if isinstance(records, list) and records and records[0].get("eventSource") == "aws:sqs":
        with ThreadPoolExecutor(max_workers=min(len(records), SIDE_BY_SIDE), thread_name_prefix="record") as pool:
            failed = [
                record["messageId"] for record, ok in zip(records, pool.map(_record, records), strict=True) if not ok
            ]
        return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}
    _message(event, received=clock.now(), message_id=getattr(context, "aws_request_id", ""))
    return {}


def _record(record: queue.Record) -> bool:
    """Handle one record; False when it must come back."""
    try:
        _message(record["body"], received=queue.received_at(record), message_id=record["messageId"])
    except Exception:  # `_message` has logged it
        queue.put_back(client("sqs"), record)
        return False
    return True


def _message(payload: object, *, received: datetime, message_id: str) -> None:
    failures: list[Exception] = []
    for alert in parse(payload, received=received, message_id=message_id):
        try:
            _alert(alert)
        except BusyError as busy:
            logger.info("comes back later", extra={"why": str(busy)})
            failures.append(busy)
        except Exception as error:
            logger.error("failed", extra={"alert": redact(alert.name), "error": redact(repr(error))})
            failures.append(error)
    if failures:
        raise failures[0]


def _alert(alert: Alert) -> None:
    means = _means()
    if alert.kind is not Kind.HEARTBEAT:
        route(alert, means)
        return
    for sink in means.settings.sinks:
        _send(Delivery(sink=sink, kind=DeliveryKind.HEARTBEAT, id=alert.at.isoformat(), severity=alert.severity))


@cache
def _settings() -> Settings:
    return settings_document.read(client("ssm"))


@cache
def _means() -> Means:
    settings = _settings()
    return Means(
        settings=settings,
        store=Store(client("dynamodb"), os.environ["STATE_TABLE"]),
        identify=enrich.identify,
        gather=lambda alert, missing: enrich.begin(
            alert, settings, charts_bucket=os.environ.get("CHARTS_BUCKET", ""), missing=missing
        ),
        in_short=partial(enrich.in_short, environment=settings.environment),
        send=_send,
    )


def _send(delivery: Delivery) -> None:
    wait = (delivery.not_before - clock.now()).total_seconds() if delivery.not_before else 0.0
    client("sqs").send_message(
        QueueUrl=_settings().sinks[delivery.sink].queue,
        MessageBody=delivery.to_json(),
        DelaySeconds=min(max(round(wait), 0), LONGEST_DELAY),
    )
