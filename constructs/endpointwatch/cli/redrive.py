"""`endpointwatch redrive`: lists dead letters, and puts them back onto their queue.

A letter is sent before it is deleted: an interruption loses nothing, and what comes twice tells nobody twice.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from endpointwatch.cli.routing import Routing

ALERTS = "alerts"
"""What `--sink` calls the dead letters that lie before any sink."""
BATCH = 10
"""Messages that SQS hands over at once."""
HIDDEN_SECONDS = 120
"""How long a letter is hidden from others who look."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Way:
    """Where dead letters lie, and where they belong."""

    name: str
    """Of the sink, or `ALERTS`."""
    dead_letters: str
    queue: str


def ways(routing: Routing, *, sink: str | None) -> list[Way]:
    """Every way back of a routing, or that of one sink."""
    found = routing.found
    every = [
        Way(name=ALERTS, dead_letters=found.alerts_dead_letters, queue=found.alerts_queue),
        Way(name=ALERTS, dead_letters=found.undelivered, queue=found.alerts_queue),
        *(Way(name=name, dead_letters=sink.dead_letters, queue=sink.queue) for name, sink in routing.sinks.items()),
    ]
    return [way for way in every if sink in (None, way.name)]


def redrive(sqs: Any, ways: list[Way], *, dry_run: bool, say: Say) -> int:
    """List the dead letters and, unless it is a `dry_run`, put them back; return how many."""
    done = 0
    for way in ways:
        listed: list[Mapping[str, Any]] = []
        try:
            for letter in _letters(sqs, way.dead_letters):
                say(f"{way.name}: {describe(letter, now=datetime.now(UTC))}")
                if dry_run:
                    listed.append(letter)
                else:
                    sqs.send_message(QueueUrl=way.queue, MessageBody=letter["Body"])
                    sqs.delete_message(QueueUrl=way.dead_letters, ReceiptHandle=letter["ReceiptHandle"])
                done += 1
        finally:
            for letter in listed:
                sqs.change_message_visibility(
                    QueueUrl=way.dead_letters, ReceiptHandle=letter["ReceiptHandle"], VisibilityTimeout=0
                )
    return done


def describe(letter: Mapping[str, Any], *, now: datetime) -> str:
    """What a letter is, how old, and why it is dead, in one line without its content."""
    attributes = letter.get("MessageAttributes", {})
    reasons = (attributes.get(name, {}).get("StringValue") for name in ("reason", "ERROR_MESSAGE", "ERROR_CODE"))
    reason = next((reason for reason in reasons if reason), "tried too often")
    age = now - datetime.fromtimestamp(int(letter["Attributes"]["SentTimestamp"]) / 1000, UTC)
    line = " ".join(f"{_what(letter['Body'])}, {_rough(age)} old: {reason}".split())
    return "".join(character if character.isprintable() else "?" for character in line)


def _letters(sqs: Any, queue: str) -> Iterator[Mapping[str, Any]]:
    while True:
        response = sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=HIDDEN_SECONDS,
            # Who waits asks all servers of SQS, so an empty answer means an empty queue.
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        if not response.get("Messages"):
            return
        yield from response["Messages"]


def _what(body: str) -> str:
    """The name of what a letter tells of."""
    try:
        message = json.loads(body)
        if isinstance(message, dict) and isinstance(message.get("Message"), str):  # an envelope of SNS
            message = json.loads(message["Message"])
    except ValueError:
        return "a message that is no JSON"
    if not isinstance(message, dict):
        return "a message of an unknown kind"
    if {"sink", "kind", "id"} <= message.keys():
        return f"{message['kind']} {message['id']}"
    name = message.get("AlarmName") or message.get("detail-type") or message.get("endpointwatch")
    return str(name)[:120] if name else "a message of an unknown kind"


def _rough(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
