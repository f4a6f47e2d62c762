"""Entry point of the dispatcher: batches of the sinks' queues; one record's failure is that record's alone."""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from alert_common import queue
from alert_common.aws import client
from alert_common.delivery import Action, Delivery
from alert_common.redact import redact
from alert_common.state import SinkRecord, StateTable
from alert_dispatcher.errors import RejectedError, RetryLaterError
from alert_dispatcher.secrets import Secrets
from alert_dispatcher.settings import Settings
from alert_dispatcher.sinks.base import Sink
from alert_dispatcher.sinks.email import Email
from alert_dispatcher.sinks.pagerduty import PagerDuty
from alert_dispatcher.sinks.slack import Slack
from alert_dispatcher.sinks.slack_webhook import SlackWebhook

logger = Logger(service="alert-dispatcher")

PICTURE_SECONDS = 7 * 24 * 3600
"""How long PagerDuty may show a chart; a role's own credentials may end it sooner."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Send every record's delivery and answer which records failed."""
    held: dict[str, RetryLaterError] = {}
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event, lambda record: _record(record, held), processor, context))


def _record(record: SQSRecord, held: dict[str, RetryLaterError]) -> None:
    """Send one delivery.

    Args:
        record: the queue's record.
        held: sinks that asked for time in this batch, and what they said; they are not asked again in it.
    """
    name = ""
    try:
        delivery = _read(record.body)
        name = delivery.sink
        _send(delivery, held.get(name))
    except RetryLaterError as error:
        held.setdefault(name, error)
        seconds = queue.put_back(client("sqs"), record, error.after_seconds)
        logger.warning("comes back later", extra={"sink": name, "seconds": seconds, "why": redact(str(error))})
        raise
    except RejectedError as error:
        why = redact(str(error))
        logger.error("rejected for good", extra={"sink": name, "why": why, "message_id": record.message_id})  # noqa: TRY400
        # Without a dead-letter queue to put it on, the record fails until its queue gives it up.
        if not queue.bury(client("sqs"), record, _settings().dead_letters.get(name, ""), why):
            raise
    except Exception as error:
        logger.error("failed", extra={"sink": name, "error": redact(repr(error))})  # noqa: TRY400 - a trace may hold secrets
        raise


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
    if last is not None and last.at == delivery.alert.at and delivery.action in {last.action, Action.INFORM}:
        logger.info("already sent", extra=log)
        return

    def remember(sent: SinkRecord) -> None:
        try:
            table.record(delivery.sink, delivery.dedup_key, sent)
        except Exception as error:
            logger.error("sent but not recorded", extra={**log, "error": redact(repr(error))})  # noqa: TRY400

    _sink(delivery.sink).send(delivery, last, remember)
    logger.info("sent", extra={**log, "at": delivery.alert.at.isoformat()})


@cache
def _sink(name: str) -> Sink:
    settings = _settings().sinks.get(name)
    if settings is None:
        raise RejectedError(f"SINKS has no {name!r}; it has {', '.join(_settings().sinks) or 'none'}")
    match settings["type"]:
        case "pagerduty":
            url = settings.get("api_url") or "https://events.pagerduty.com"
            return PagerDuty(api_url=url, routing_key=_secret(settings), picture=_picture)
        case "slack":
            url = settings.get("api_url") or "https://slack.com/api"
            return Slack(api_url=url, channel=settings["channel"], token=_secret(settings), chart=_chart)
        case "slack-webhook":
            return SlackWebhook(url=_secret(settings))
        case _:
            return Email(topic=settings["topic"], sns=client("sns"))


def _secret(settings: Any) -> Callable[[bool], str]:
    arn, field = settings["secret"], settings.get("secret_field")
    return lambda fresh: _secrets().get(arn, field, fresh=fresh)


def _chart(key: str) -> bytes:
    bucket = _settings().charts_bucket
    return bytes(client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()) if bucket and key else b""


def _picture(key: str) -> str:
    bucket = _settings().charts_bucket
    if not bucket or not key:
        return ""
    place = {"Bucket": bucket, "Key": key}
    try:
        return str(client("s3").generate_presigned_url("get_object", Params=place, ExpiresIn=PICTURE_SECONDS))
    except Exception as error:
        logger.warning("chart has no address", extra={"error": redact(repr(error))})
        return ""


@cache
def _settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def _table() -> StateTable:
    return StateTable(client("dynamodb"), _settings().state_table)


@cache
def _secrets() -> Secrets:
    return Secrets(client("secretsmanager"))
