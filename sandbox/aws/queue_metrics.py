"""What SQS publishes about its queues every minute: how many messages wait in each."""

import threading
import time

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
