"""Event source mappings from SQS to functions: whole batches, gathered as long as the mapping says, several at once.

ministack takes ten messages at most and knows no batching window.
"""

import json
import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.concurrency import esm_wake
from ministack.core.responses import request_scope
from ministack.services import lambda_svc, sqs

from sandbox.aws import queues

_log = logging.getLogger(__name__)

CONCURRENCY = 4
"""Batches of one mapping that are worked on at once, where it does not say (`MaximumConcurrency`)."""
PROCESSES = 6
"""Batches of one function that are worked on at once, over all its mappings: a start costs a second of a core, and they stay."""
_LONGEST_PAUSE = 1.0
_SHORTEST_PAUSE = 0.005
_SWEEP_SECONDS = 1.0

Mapping = dict[str, Any]


def install() -> None:
    """Replace ministack's poller; call it before a function is deployed."""
    poller = _Poller()
    lambda_svc._ESM_SQS_DEFAULT_CONCURRENCY = CONCURRENCY
    lambda_svc._poll_loop = poller.run


class _Poller:
    def __init__(self) -> None:
        self._gathered: dict[str, tuple[float, list[queues.Message]]] = {}
        """By mapping: since when, and what; hidden on the queue already, as where Lambda's own pollers hold it."""
        self._swept = 0.0

    def run(self) -> None:
        """Hand batches to functions, for ever."""
        while True:
            esm_wake.clear()
            pauses = [_LONGEST_PAUSE]
            try:
                self._sweep()
                for account, region, mapping in list(lambda_svc._iter_all_esms()):
                    with request_scope(account, region):
                        pauses.append(self._poll(mapping))
            except Exception:
                _log.exception("event source mappings")
            # Even when there is more to do: what comes meanwhile makes batches fuller.
            time.sleep(_SHORTEST_PAUSE)
            if min(pauses) > _SHORTEST_PAUSE:
                esm_wake.wait(min(pauses))

    def _sweep(self) -> None:
        """Drop what is too old, and move what was received too often."""
        now = time.monotonic()
        if now - self._swept < _SWEEP_SECONDS:
            return
        self._swept = now
        for _, queue in list(sqs._queues.all_items()):
            sqs._expire_retained(queue)
            sqs._dlq_sweep(queue)

    def _poll(self, mapping: Mapping) -> float:
        """Hand on as many batches of a mapping as there are and may be; returns in how many seconds to look again."""
        function, config = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        queue = _queue(mapping)
        if not mapping.get("Enabled", True) or function is None or queue is None:
            return _LONGEST_PAUSE
        held_off = lambda_svc._esm_backoff_until.get(mapping["UUID"], 0.0) - time.time()
        if held_off > 0:
            return float(held_off)
        most = lambda_svc._sqs_esm_concurrency(mapping, function, config, queue)
        while _in_flight([mapping]) < most and _in_flight(_mappings_of(mapping["FunctionName"])) < PROCESSES:
            batch, pause = self._batch(mapping, queue)
            if not batch:
                return pause
            lambda_svc._dispatch_esm_batch(mapping["UUID"], _work, mapping, function, batch, queue)
        return _LONGEST_PAUSE  # a batch that ends wakes us

    def _batch(self, mapping: Mapping, queue: queues.Queue) -> tuple[list[queues.Message], float]:
        """The next batch, empty while it is being gathered; and in how many seconds to look again."""
        key, size = mapping["UUID"], int(mapping.get("BatchSize", 10))
        if queue["is_fifo"]:
            return sqs._receive_messages_for_esm(_url(queue), size), _LONGEST_PAUSE
        found, following = queues.visible(queue, size)
        if _received_too_often(queue, found):
            sqs._dlq_sweep(queue)
            found, following = queues.visible(queue, size)
        now = time.time()
        since, gathered = self._gathered.pop(key, (now, []))
        held = {message["id"] for message in gathered}
        new = [message for message in found if message["id"] not in held][: size - len(gathered)]
        queues.take(queue, new)
        gathered += new
        if not gathered:
            return [], _LONGEST_PAUSE if following is None else max(following - now, 0.0)
        left = since + float(mapping.get("MaximumBatchingWindowInSeconds") or 0) - now
        if len(gathered) < size and left > 0:
            self._gathered[key] = since, gathered
            return [], left
        return gathered, 0.0


def _work(mapping: Mapping, function: Any, batch: list[queues.Message], queue: queues.Queue) -> None:
    records = lambda_svc._apply_filter_criteria(list(_records(mapping, batch)), mapping)
    wanted = {record["messageId"] for record in records}
    filtered_out = {message["receipt_handle"] for message in batch if message["id"] not in wanted}
    if filtered_out:
        sqs._delete_messages_for_esm(_url(queue), filtered_out)
    kept = [message for message in batch if message["id"] in wanted]
    if kept:
        name = queue["attributes"]["QueueArn"].rpartition(":")[2]
        lambda_svc._run_sqs_batch(mapping, function, {"Records": records}, kept, _url(queue), name)


def _records(mapping: Mapping, batch: list[queues.Message]) -> Iterator[dict[str, Any]]:
    for message in batch:
        names = ["ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SentTimestamp", "SenderId"]
        names += ["MessageGroupId", "MessageDeduplicationId", "SequenceNumber", "AWSTraceHeader"]
        yield {
            "messageId": message["id"],
            "receiptHandle": message["receipt_handle"],
            "body": message["body"],
            "attributes": sqs._build_sys_attrs(message, names),
            "messageAttributes": lambda_svc._sqs_message_attributes_to_camel_case(message["message_attributes"]),
            "md5OfBody": message["md5_body"],
            "eventSource": "aws:sqs",
            "eventSourceARN": mapping["EventSourceArn"],
            "awsRegion": mapping["EventSourceArn"].split(":")[3],
        }


def _in_flight(mappings: Iterable[Mapping]) -> int:
    return sum(lambda_svc._esm_inflight.get(mapping["UUID"], 0) for mapping in mappings)


def _mappings_of(function_name: str) -> list[Mapping]:
    return [mapping for mapping in list(lambda_svc._esms.values()) if mapping["FunctionName"] == function_name]


def _queue(mapping: Mapping) -> queues.Queue | None:
    try:
        source = parse_arn(mapping.get("EventSourceArn", ""))
    except ArnParseError:
        return None
    found: queues.Queue | None = sqs._queue_by_arn(str(source)) if source.service == "sqs" else None
    return found


def _url(queue: queues.Queue) -> str:
    url: str = sqs._queue_url(queue["attributes"]["QueueArn"].rpartition(":")[2])
    return url


def _received_too_often(queue: queues.Queue, messages: list[queues.Message]) -> bool:
    limit = json.loads(queue["attributes"].get("RedrivePolicy") or "{}").get("maxReceiveCount")
    return limit is not None and any(message.get("receive_count", 0) >= int(limit) for message in messages)
