"""What SQS publishes about its queues every minute: how many messages wait in each, and for how long."""

import threading
import time
from typing import Any

from ministack.services import sqs

from sandbox.aws.sagemaker.metrics import Record
from sandbox.clock import Clock

_MINUTE = 60
_SHORTEST_PAUSE = 0.2
_PUBLISHED = {
    "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
}
"""Metric, and the attribute of a queue that it shows."""
_RECEIVED_OFTEN = 3
"""A message received more often counts no more for the age, as SQS has it."""


def start(*, clock: Clock, record: Record) -> None:
    """Publish once a sandbox minute, from a thread of its own that ends with the process."""
    pause = max(clock.wall_seconds(_MINUTE), _SHORTEST_PAUSE)

    def run() -> None:
        while True:
            time.sleep(pause)
            publish(record)

    threading.Thread(target=run, name="queue-metrics", daemon=True).start()


def publish(record: Record) -> None:
    """Record the depth of every queue, now."""
    for key, queue in list(sqs._queues.all_items()):
        scope = sqs._queue_scope_from_record(key, queue)
        if scope is None:
            continue
        sqs._refresh_counts(queue)
        for metric, attribute in _PUBLISHED.items():
            value = float(queue["attributes"][attribute])
            record("AWS/SQS", metric, value, unit="Count", dimensions={"QueueName": scope[2]})
        age = age_of_oldest(queue, time.time())
        record("AWS/SQS", "ApproximateAgeOfOldestMessage", age, unit="Seconds", dimensions={"QueueName": scope[2]})


def age_of_oldest(queue: dict[str, Any], now: float) -> float:
    """Wall-clock seconds since the oldest message was sent, 0 for an empty queue; visibility timeouts are of the wall clock too."""
    sent = [m["sent_at"] for m in list(queue["messages"]) if m.get("receive_count", 0) <= _RECEIVED_OFTEN]
    return now - min(sent) if sent else 0.0
