"""The few calls into ministack's own services: container logs, events, captured objects."""

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from ministack.core.responses import request_scope
from ministack.services import cloudwatch_logs, eventbridge

from sandbox.aws.environment import ACCOUNT, REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_log = logging.getLogger(__name__)

# One thread: events leave in the order of the transitions, and their targets never hold a transition up.
_event_sender = ThreadPoolExecutor(1, thread_name_prefix="sagemaker-events")


def put_log_events(group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
    """Store events (milliseconds, message) in CloudWatch Logs, creating group and stream."""
    names = {"logGroupName": group, "logStreamName": stream}
    with request_scope(ACCOUNT, REGION):
        cloudwatch_logs._create_log_group({"logGroupName": group})
        cloudwatch_logs._create_log_stream(names)
        cloudwatch_logs._put_log_events(
            {**names, "logEvents": [{"timestamp": at, "message": message} for at, message in events]}
        )


def put_event(*, source: str, detail_type: str, detail: dict[str, Any], resources: Sequence[str]) -> None:
    """Send one event of an AWS service to EventBridge's default bus."""
    entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": list(resources)}

    def send() -> None:
        with request_scope(ACCOUNT, REGION):
            eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)

    _event_sender.submit(send)


def put_object(bucket: str, key: str, body: bytes, kms_key_id: str | None) -> None:
    """Put one object over the embedded AWS's own S3 API; what cannot be stored is a line in the log."""
    encryption = {} if kms_key_id is None else {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}
    try:
        _s3().put_object(Bucket=bucket, Key=key, Body=body, **encryption)  # type: ignore[arg-type]  # texts for literals
    except (BotoCoreError, ClientError) as error:
        _log.error("s3://%s/%s: captured data not stored: %s", bucket, key, error)


@cache
def _s3() -> "S3Client":
    return boto3.client("s3")
