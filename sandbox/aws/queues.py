"""SQS under load: messages are taken and removed in place.

ministack replaces a queue's whole list when it removes something. A message that another thread adds meanwhile (an alarm's
action, say) would be lost, and every removal costs as much as the queue is long.
"""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import sqs

Message = dict[str, Any]
Queue = dict[str, Any]

_lock = threading.RLock()


def install() -> None:
    """Replace what removes messages in ministack's SQS."""
    sqs._expire_retained = _expire
    sqs._dlq_sweep = _move_to_dead_letters
    sqs._delete_messages_for_esm = lambda url, handles: remove(
        sqs._get_q(url), lambda m: m["receipt_handle"] in handles
    )
    sqs._act_delete_message = sqs._HANDLERS["DeleteMessage"] = _delete_message
    sqs._act_change_visibility = sqs._HANDLERS["ChangeMessageVisibility"] = _change_visibility
    sqs._act_purge_queue = sqs._HANDLERS["PurgeQueue"] = _purge


def visible(queue: Queue, most: int) -> tuple[list[Message], float | None]:
    """The messages that may be received now, the oldest first and `most` at most; when fewer, also when the next one may be.

    The moment is in Unix seconds (wall clock), None when no other message waits.
    """
    now = time.time()
    found: list[Message] = []
    following: float | None = None
    for message in queue["messages"]:
        at = message.get("visible_at", 0.0)
        if at > now:
            following = at if following is None else min(following, at)
        else:
            found.append(message)
            if len(found) == most:
                break
    return found, following


def take(queue: Queue, messages: list[Message]) -> None:
    """Receive messages that `visible` has found: hides them, and counts that they were received."""
    now = time.time()
    hidden = float(queue["attributes"].get("VisibilityTimeout", "30"))
    for message in messages:
        sqs._ensure_msg_fields(message)
        message["receipt_handle"] = sqs.new_uuid()
        message["visible_at"] = now + hidden
        message["receive_count"] += 1
        message["first_receive_at"] = message["first_receive_at"] or now


def remove(queue: Queue, unwanted: Callable[[Message], bool]) -> list[Message]:
    """Remove the messages that are `unwanted`, and return them."""
    messages = queue["messages"]
    with _lock:
        positions = [position for position, message in enumerate(messages) if unwanted(message)]
        removed = [messages[position] for position in positions]
        for position in reversed(positions):
            del messages[position]
    return removed


def show_soon(name: str, seconds: float) -> int | None:
    """Let every hidden or delayed message of a queue be visible in so many seconds at the latest.

    Returns:
        How many it concerned; None when there is no such queue.
    """
    for _, queue in list(sqs._queues.all_items()):
        if queue["attributes"]["QueueArn"].rpartition(":")[2] == name:
            latest = time.time() + seconds
            hidden = [message for message in list(queue["messages"]) if message.get("visible_at", 0.0) > latest]
            for message in hidden:
                message["visible_at"] = latest
            esm_wake.set()
            return len(hidden)
    return None


def _expire(queue: Queue) -> None:
    oldest = time.time() - int(queue["attributes"].get("MessageRetentionPeriod", "345600"))

    def is_too_old(message: Message) -> bool:
        at: float = message["enqueued_at"] if "enqueued_at" in message else message["sent_at"]
        return at <= oldest

    remove(queue, is_too_old)


def _move_to_dead_letters(queue: Queue) -> None:
    policy = queue["attributes"].get("RedrivePolicy")
    if not policy:
        return
    target = json.loads(policy)
    most, dead_letters = int(target["maxReceiveCount"]), sqs._queue_by_arn(target["deadLetterTargetArn"])
    if dead_letters is None:
        return
    now = time.time()
    moved = remove(queue, lambda message: message.get("receive_count", 0) >= most and message["visible_at"] <= now)
    source = {"DeadLetterQueueSourceArn": queue["attributes"]["QueueArn"]}
    for message in moved:
        restart = {"enqueued_at": now} if dead_letters["is_fifo"] else {}
        dead_letters["messages"].append(
            {**message, "receipt_handle": None, "visible_at": now, "sys": source | message.get("sys", {}), **restart}
        )
    if moved:
        esm_wake.set()


def _delete_message(data: dict[str, Any], url: str) -> dict[str, Any]:
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:DeleteMessage")
    handle = data.get("ReceiptHandle")
    if not handle:
        raise sqs._Err("MissingParameter", "The request must contain the parameter ReceiptHandle.")
    if not remove(queue, lambda message: message["receipt_handle"] == handle):
        raise sqs._Err("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
    return {}


def _change_visibility(data: dict[str, Any], url: str) -> dict[str, Any]:
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:ChangeMessageVisibility")
    handle = data.get("ReceiptHandle")
    for message in list(queue["messages"]):
        if handle and message["receipt_handle"] == handle:
            message["visible_at"] = time.time() + int(data.get("VisibilityTimeout", 30))
            esm_wake.set()  # the queue may have to be looked at sooner than it seemed
            return {}
    raise sqs._Err("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")


def _purge(data: dict[str, Any], url: str) -> dict[str, Any]:
    remove(sqs._get_q(data.get("QueueUrl", url), "sqs:PurgeQueue"), lambda _: True)
    return {}
