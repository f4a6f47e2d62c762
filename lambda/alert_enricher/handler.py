"""Entry point of the enricher: batches of the `alerts` queue, and alarms that call the function directly."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
FUNCTION_SECONDS = 30.0
"""Where nobody says how much time is left."""
ALERT_SECONDS = 20.0
"""One alert takes no longer: a deadline of ten seconds at most, context that comes late, and what is asked and written."""


class _NoTimeError(Exception):
    """A message holds more alerts than there is time for."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an SQS batch (answers which records failed) or any other event as one alert.

    Raises:
        Exception: a direct event failed; Lambda calls again.
    """
    left = context.get_remaining_time_in_millis() / 1000 if context else FUNCTION_SECONDS
    until = time.monotonic() + left - ALERT_SECONDS
    records = event.get("Records")
    if isinstance(records, list) and records and records[0].get("eventSource") == "aws:sqs":
        try:
            _means()  # once, not by every thread: the parameter store takes forty requests a second of all functions
        except Exception as error:
            logger.error("settings could not be read", extra={"error": redact(repr(error))})
            queue.put_back_all(client("sqs"), [(record, queue.delay_of(record)) for record in records])
            return _failed(records)
        with ThreadPoolExecutor(max_workers=min(len(records), SIDE_BY_SIDE), thread_name_prefix="record") as pool:
            done = pool.map(partial(_record, until=until), records)
            return _failed([record for record, ok in zip(records, done, strict=True) if not ok])
    _message(event, received=clock.now(), message_id=getattr(context, "aws_request_id", ""), until=until)
    return {}


def _failed(records: Iterable[queue.Record]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in records]}


def _record(record: queue.Record, *, until: float) -> bool:
    """Handle one record; False when it must come back."""
    try:
        _message(record["body"], received=queue.received_at(record), message_id=record["messageId"], until=until)
    except Exception as error:  # `_message` has logged it
        seconds = 0 if isinstance(error, _NoTimeError) else queue.delay_of(record)
        queue.put_back_all(client("sqs"), [(record, seconds)])
        return False
    return True


def _message(payload: object, *, received: datetime, message_id: str, until: float) -> None:
    """Handle the alerts of one message; none but the first is begun after `until`, since a crash costs minutes."""
    failures: list[Exception] = []
    late: list[Callable[[], None]] = []
    for number, alert in enumerate(parse(payload, received=received, message_id=message_id)):
        if number and time.monotonic() > until:
            failures = failures or [_NoTimeError()]
            break
        try:
            late += _alert(alert)
        except BusyError as busy:
            logger.info("comes back later", extra={"why": str(busy)})
            failures.append(busy)
        except Exception as error:
            logger.error("failed", extra={"alert": redact(alert.name), "error": redact(repr(error))})
            failures.append(error)
    for tell in late:
        tell()
    if failures:
        raise failures[0]


def _alert(alert: Alert) -> Sequence[Callable[[], None]]:
    """Handle an alert; return what is left to do when its page is out."""
    means = _means()
    if alert.kind is not Kind.HEARTBEAT:
        late = route(alert, means)
        return (late,) if late is not None else ()
    for sink in means.settings.sinks:
        _send(Delivery(sink=sink, kind=DeliveryKind.HEARTBEAT, id=alert.at.isoformat(), severity=alert.severity))
    return ()


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
        gather=lambda alert, missing, spent: enrich.begin(
            alert,
            replace(settings, deadline_seconds=max(settings.deadline_seconds - spent, 0.0)),
            charts_bucket=os.environ.get("CHARTS_BUCKET", ""),
            missing=missing,
        ),
        in_short=partial(enrich.in_short, environment=settings.environment),
        send=_send,
    )


def _send(delivery: Delivery) -> None:
    queue.send(client("sqs"), _settings().sinks[delivery.sink].queue, delivery)
