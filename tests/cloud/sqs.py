"""SQS: queues that hide what was received, count how often, and give up into dead letters."""

import heapq
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from tests.cloud.clock import WallClock
from tests.cloud.errors import RefusedError

ACCOUNT, REGION = "111122223333", "eu-west-1"
LONGEST_DELAY, LONGEST_HIDDEN = 900, 12 * 3600
MOST_BYTES = 1024 * 1024


@dataclass(kw_only=True)
class Message:
    """One message, where it stands."""

    id: str
    body: str
    attributes: Mapping[str, Any]
    sent_at: float
    visible_at: float = 0.0
    receives: int = 0
    receipt: str = ""
    received_at: float = 0.0

    def as_record(self, queue: "Queue") -> dict[str, Any]:
        """As Lambda's poller hands it to a function."""
        return {
            "messageId": self.id,
            "receiptHandle": self.receipt,
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": str(self.receives),
                "SentTimestamp": str(int(self.sent_at * 1000)),
                "SenderId": "AIDASSYFHUBOBT7F4XT75",
                "ApproximateFirstReceiveTimestamp": str(int(self.received_at * 1000)),
            },
            "messageAttributes": {
                name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
                for name, value in self.attributes.items()
            },
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": queue.arn,
            "awsRegion": REGION,
        }


@dataclass(kw_only=True)
class Queue:
    """A standard queue.

    Args:
        name: its name.
        visibility: seconds for which a received message is hidden.
        max_receives: how often a message is received before it becomes a dead letter; 0 for as often as it takes.
        dead_letters: the queue for these.
    """

    name: str
    visibility: float = 60.0
    max_receives: int = 0
    dead_letters: "Queue | None" = None
    messages: dict[str, Message] = field(default_factory=dict)
    _order: list[tuple[float, int, Message]] = field(default_factory=list)
    """Heap of messages by when they are visible; those that were moved or deleted since are skipped."""
    _count: int = 0

    def show(self, message: Message, at: float) -> None:
        """Let it be received from then on."""
        self._count += 1
        message.visible_at = at
        heapq.heappush(self._order, (at, self._count, message))

    def first(self) -> Message | None:
        """Return the message that is visible first, if there is any."""
        while self._order:
            at, _, message = self._order[0]
            if message.id in self.messages and message.visible_at == at:
                return message
            heapq.heappop(self._order)
        return None

    @property
    def url(self) -> str:
        """Its URL."""
        return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self.name}"

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"

    @property
    def bodies(self) -> list[str]:
        """What its messages say, the oldest first."""
        return [message.body for message in self.messages.values()]


class Sqs:
    """Queues by URL; a lock makes every operation atomic."""

    def __init__(self, clock: WallClock) -> None:
        self.queues: dict[str, Queue] = {}
        self._clock = clock
        self._lock = RLock()
        self._ids = itertools.count(1)

    def create(self, name: str, **settings: Any) -> Queue:
        """Make a queue."""
        queue = Queue(name=name, **settings)
        self.queues[queue.url] = queue
        return queue

    # What functions call

    def get_queue_url(self, request: Mapping[str, Any]) -> Any:
        """GetQueueUrl."""
        for queue in self.queues.values():
            if queue.name == request["QueueName"]:
                return {"QueueUrl": queue.url}
        raise RefusedError("AWS.SimpleQueueService.NonExistentQueue", request["QueueName"])

    def send_message(self, request: Mapping[str, Any]) -> Any:
        """SendMessage."""
        delay, body = request.get("DelaySeconds", 0), request["MessageBody"]
        if not 0 <= delay <= LONGEST_DELAY:
            raise RefusedError("InvalidParameterValue", f"DelaySeconds must be 0 to {LONGEST_DELAY}, is {delay}")
        if not 0 < len(body.encode()) <= MOST_BYTES:
            raise RefusedError("InvalidParameterValue", f"a body of {len(body.encode())} bytes")
        return {"MessageId": self.send(self._queue(request), body, delay, request.get("MessageAttributes", {}))}

    def send_message_batch(self, request: Mapping[str, Any]) -> Any:
        """SendMessageBatch."""
        entries = request["Entries"]
        if not 0 < len(entries) <= 10:
            raise RefusedError("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", f"{len(entries)} entries")
        sent = [
            {"Id": entry["Id"], **self.send_message({**entry, "QueueUrl": request["QueueUrl"]})} for entry in entries
        ]
        return {"Successful": sent, "Failed": []}

    def change_message_visibility(self, request: Mapping[str, Any]) -> Any:
        """ChangeMessageVisibility."""
        with self._lock:
            message, now, seconds = self._received(request), self._now(), request["VisibilityTimeout"]
            if not 0 <= seconds <= LONGEST_HIDDEN or now + seconds > message.received_at + LONGEST_HIDDEN:
                raise RefusedError("InvalidParameterValue", f"hidden for {seconds} s: more than twelve hours")
            self._queue(request).show(message, now + seconds)
        return {}

    def change_message_visibility_batch(self, request: Mapping[str, Any]) -> Any:
        """ChangeMessageVisibilityBatch."""
        entries = request["Entries"]
        if not 0 < len(entries) <= 10:
            raise RefusedError("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", f"{len(entries)} entries")
        for entry in entries:
            self.change_message_visibility({**entry, "QueueUrl": request["QueueUrl"]})
        return {"Successful": [{"Id": entry["Id"]} for entry in entries], "Failed": []}

    # What pollers and tests do

    def send(self, queue: Queue, body: str, delay: float = 0.0, attributes: Mapping[str, Any] | None = None) -> str:
        """Put a message on a queue, and return its id."""
        with self._lock:
            now, id = self._now(), f"m-{next(self._ids)}"
            message = Message(id=id, body=body, attributes=attributes or {}, sent_at=now)
            queue.messages[id] = message
            queue.show(message, now + delay)
            return id

    def receive(self, queue: Queue, most: int) -> list[Message]:
        """Take up to so many messages that are visible, those that were visible first before others."""
        with self._lock:
            now = self._now()
            found: list[Message] = []
            while len(found) < most and (message := queue.first()) and message.visible_at <= now:
                if queue.max_receives and message.receives >= queue.max_receives:
                    del queue.messages[message.id]
                    if queue.dead_letters:
                        queue.dead_letters.messages[message.id] = message
                        queue.dead_letters.show(message, now)
                    continue
                message.receives += 1
                message.receipt = f"{message.id}/{message.receives}"
                message.received_at = now
                queue.show(message, now + queue.visibility)
                found.append(message)
            return found

    def delete(self, queue: Queue, message: Message) -> None:
        """Delete what was handled; one that was received again meanwhile goes as well, as in a standard queue."""
        with self._lock:
            queue.messages.pop(message.id, None)

    def next_visible(self, *queues: Queue) -> float | None:
        """Return when (Unix time) the next message of these can be received; None when they are empty."""
        with self._lock:
            firsts = (queue.first() for queue in queues)
            return min((message.visible_at for message in firsts if message), default=None)

    def _queue(self, request: Mapping[str, Any]) -> Queue:
        try:
            return self.queues[request["QueueUrl"]]
        except KeyError:
            raise RefusedError("AWS.SimpleQueueService.NonExistentQueue", request["QueueUrl"]) from None

    def _received(self, request: Mapping[str, Any]) -> Message:
        message = self._queue(request).messages.get(request["ReceiptHandle"].partition("/")[0])
        if message is None or message.receipt != request["ReceiptHandle"]:
            raise RefusedError("ReceiptHandleIsInvalid", request["ReceiptHandle"])
        return message

    def _now(self) -> float:
        return self._clock.now().timestamp()
