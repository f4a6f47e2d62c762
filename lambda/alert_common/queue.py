"""Records of a queue: each for itself; one that fails goes back for a while, or to the dead letters."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import uniform
from typing import Any

from aws_lambda_powertools.logging import Logger

from alert_common import clock
from alert_common.delivery import Delivery
from alert_common.redact import redact

logger = Logger()

LONGEST_SECONDS = 12 * 3600 - 300
"""SQS hides a message for twelve hours at most, counted from when it was received."""
FIRST_SECONDS, SLOWEST_SECONDS = 5, 900
"""Doubling from five seconds up to a quarter of an hour: after five attempts longer than the lease on an alert."""
LONGEST_DELAY = 900
"""Seconds for which SQS delays a new message at most; who reads it earlier puts it back."""
MOST_AT_ONCE = 10
"""Entries that SQS takes in one request."""
JITTER = 0.25
"""Share of a delay that is added at random, so that records of one busy minute do not all come back in the same second."""
OLDEST = timedelta(days=1)
"""A page this old helps nobody, and its queue would delete it without a trace after fourteen days."""

Record = Mapping[str, Any]
"""One record of an SQS event."""

_urls: dict[str, str] = {}


def delay(asked: float | None, attempts: int) -> int:
    """Seconds until the record is tried again: what was asked for, but longer each time.

    A sink that asks for one second every time must not use up the attempts that its queue allows.
    """
    backoff = min(FIRST_SECONDS << min(max(attempts - 1, 0), 20), SLOWEST_SECONDS)
    return min(math.ceil(max(asked or 0.0, backoff) * uniform(1, 1 + JITTER)), LONGEST_SECONDS)  # noqa: S311


def delay_of(record: Record) -> int:
    """Seconds until a record is tried again where nobody asked for any."""
    return delay(None, int(record["attributes"]["ApproximateReceiveCount"]))


def received_at(record: Record) -> datetime:
    """When the record was put on its queue."""
    return datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, UTC)


def is_old(record: Record) -> bool:
    """Whether the record has been tried for so long that a person should look after it."""
    return clock.now() - received_at(record) > OLDEST


def send(sqs: Any, url: str, delivery: Delivery) -> None:
    """Put a delivery on its sink's queue, hidden until there is something to tell, or as long as SQS can."""
    wait = (delivery.not_before - clock.now()).total_seconds() if delivery.not_before else 0.0
    sqs.send_message(
        QueueUrl=url, MessageBody=delivery.to_json(), DelaySeconds=min(max(math.ceil(wait), 0), LONGEST_DELAY)
    )


def put_back_all(sqs: Any, waits: Sequence[tuple[Record, float]]) -> None:
    """Hide records for so many seconds each, ten at a time; they must then be answered as failed."""
    by_queue: dict[str, list[tuple[Record, float]]] = {}
    for record, seconds in waits:
        by_queue.setdefault(record["eventSourceARN"], []).append((record, seconds))
    for arn, mine in by_queue.items():
        for start in range(0, len(mine), MOST_AT_ONCE):
            entries = [
                {
                    "Id": str(index),
                    "ReceiptHandle": record["receiptHandle"],
                    "VisibilityTimeout": min(max(math.ceil(seconds), 0), LONGEST_SECONDS),
                }
                for index, (record, seconds) in enumerate(mine[start : start + MOST_AT_ONCE])
            ]
            try:
                sqs.change_message_visibility_batch(QueueUrl=_url(sqs, arn), Entries=entries)
            except Exception as error:
                logger.warning("visibility was not changed", extra={"error": redact(repr(error))})


def bury(sqs: Any, record: Record, dead_letters: str, why: str) -> bool:
    """Move the record to its dead-letter queue now, saying why; False when there is none or it does not take it."""
    if not dead_letters:
        return False
    try:
        sqs.send_message(
            QueueUrl=dead_letters,
            MessageBody=record["body"],
            MessageAttributes={"reason": {"DataType": "String", "StringValue": why[:1_000] or "rejected"}},
        )
    except Exception as error:
        logger.warning("not moved to the dead letters", extra={"error": redact(repr(error))})
        return False
    return True


def _url(sqs: Any, arn: str) -> str:
    if arn not in _urls:
        account, name = arn.split(":")[4:6]
        _urls[arn] = str(sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"])
    return _urls[arn]
