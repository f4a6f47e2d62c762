"""What happens to a record that failed: back to its queue for a while, or to the dead letters."""

import math
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from alert_common.redact import redact

logger = Logger(service="endpointwatch")

LONGEST_SECONDS = 12 * 3600 - 300
"""SQS hides a message for twelve hours at most, counted from when it was received."""
FIRST_SECONDS, SLOWEST_SECONDS = 10, 900
"""Without a Retry-After: doubling from ten seconds, up to a quarter of an hour."""

_urls: dict[str, str] = {}


def delay(asked: float | None, receives: int) -> int:
    """Seconds until the record is tried again: what was asked for, else longer each time."""
    if asked is not None:
        return max(1, min(math.ceil(asked), LONGEST_SECONDS))
    return int(min(FIRST_SECONDS * 2 ** min(max(receives - 1, 0), 20), SLOWEST_SECONDS))


def put_back(sqs: Any, record: SQSRecord, asked: float | None) -> int:
    """Hide the record for the delay and return it; the record must then be answered as failed."""
    seconds = delay(asked, int(record.attributes.approximate_receive_count or 1))
    try:
        sqs.change_message_visibility(
            QueueUrl=_url(sqs, record.event_source_arn), ReceiptHandle=record.receipt_handle, VisibilityTimeout=seconds
        )
    except Exception as error:
        logger.warning("visibility was not changed", extra={"error": redact(repr(error))})
    return seconds


def bury(sqs: Any, record: SQSRecord, dead_letters: str, why: str) -> bool:
    """Move the record to its dead-letter queue now, saying why; False when there is none or it does not take it."""
    if not dead_letters:
        return False
    try:
        sqs.send_message(
            QueueUrl=dead_letters,
            MessageBody=record.body,
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
