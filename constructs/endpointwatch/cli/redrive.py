"""`endpointwatch redrive`: lists dead letters, and puts them back onto their queue.

A letter is sent before it is deleted: an interruption loses nothing, and what comes twice tells nobody twice. What is refused
again while the command runs is left where it is: it would go round for ever.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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
LONGEST_NAME = 120
"""Characters of what a letter is about: somebody else may have written it."""

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
    began = datetime.now(UTC)
    for way in ways:
        kept: list[Mapping[str, Any]] = []
        again = 0
        try:
            for letter in _letters(sqs, way.dead_letters):
                if not dry_run and _sent(letter) > began:
                    kept.append(letter)
                    again += 1
                    continue
                say(f"{way.name}: {describe(letter, now=datetime.now(UTC))}")
                if dry_run:
                    kept.append(letter)
                else:
                    sqs.send_message(QueueUrl=way.queue, MessageBody=letter["Body"])
                    sqs.delete_message(QueueUrl=way.dead_letters, ReceiptHandle=letter["ReceiptHandle"])
                done += 1
        finally:
            _show(sqs, way.dead_letters, kept)
        if again:
            say(f"{way.name}: {again} came while this ran, and are left where they are")
    return done


def describe(letter: Mapping[str, Any], *, now: datetime) -> str:
    """What a letter is, how old, and why it is dead, in one line without its content."""
    attributes = letter.get("MessageAttributes", {})
    reasons = (attributes.get(name, {}).get("StringValue") for name in ("reason", "ERROR_MESSAGE", "ERROR_CODE"))
    reason = next((reason for reason in reasons if reason), "tried too often")
    line = " ".join(f"{_what(letter['Body'])[:LONGEST_NAME]}, {_rough(now - _sent(letter))} old: {reason}".split())
    return "".join(character if character.isprintable() else "?" for character in line)


def _sent(letter: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(letter["Attributes"]["SentTimestamp"]) / 1000, UTC)


def _show(sqs: Any, queue: str, letters: Sequence[Mapping[str, Any]]) -> None:
    """Let others see them again at once."""
    for start in range(0, len(letters), BATCH):
        entries = [
            {"Id": str(number), "ReceiptHandle": letter["ReceiptHandle"], "VisibilityTimeout": 0}
            for number, letter in enumerate(letters[start : start + BATCH])
        ]
        sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)


def _letters(sqs: Any, queue: str) -> Iterator[Mapping[str, Any]]:
    seen: set[str] = set()
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
        # Those seen are shown again when listing takes longer than they are hidden.
        new = [letter for letter in response.get("Messages", []) if letter["MessageId"] not in seen]
        if not new:
            return
        seen |= {letter["MessageId"] for letter in new}
        yield from new


def _what(body: str) -> str:
    """The name of what a letter tells of."""
    try:
        message = json.loads(body)
        if isinstance(message, dict) and isinstance(message.get("Message"), str):  # an envelope of SNS
            message = json.loads(message["Message"])
    except (ValueError, RecursionError):
        return "a message that is no JSON"
    if not isinstance(message, dict):
        return "a message of an unknown kind"
    if {"sink", "kind", "id"} <= message.keys():
        return f"{message['kind']} {message['id']}"
    name = message.get("AlarmName") or message.get("detail-type") or message.get("endpointwatch")
    return str(name) if name else "a message of an unknown kind"


def _rough(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
