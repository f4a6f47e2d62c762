"""E-mail through an SNS topic: plain text, a subject that says what and where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alert_common.delivery import Action, Delivery
from alert_common.state import SinkRecord
from alert_dispatcher.brief import Brief, brief
from alert_dispatcher.errors import RejectedError, RetryLaterError
from alert_dispatcher.sinks.base import Remember
from alert_dispatcher.text import day_and_clock, one_line, shorten_bytes

SUBJECT_LIMIT = 100
BODY_LIMIT = 200_000
"""Bytes; SNS takes 256 KiB."""
_PERMANENT = {"InvalidParameter", "InvalidParameterException", "NotFound", "NotFoundException", "AuthorizationError"}


@dataclass(frozen=True)
class Email:
    """Publishes to one topic with e-mail subscriptions."""

    topic: str
    sns: Any

    def send(self, delivery: Delivery, last: SinkRecord | None, remember: Remember) -> None:  # noqa: ARG002 - Sink's
        """Publish the mail."""
        try:
            self.sns.publish(TopicArn=self.topic, **render(delivery))
        except Exception as error:
            response = getattr(error, "response", None)
            code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else type(error).__name__
            if code in _PERMANENT:
                raise RejectedError(f"SNS publish: {code}") from None
            raise RetryLaterError(f"SNS publish: {code}") from None
        remember(SinkRecord(action=delivery.action, at=delivery.alert.at))


def render(delivery: Delivery) -> Mapping[str, str]:
    """Write `Subject` (ASCII, at most 100 characters, one line) and `Message`."""
    told = brief(delivery)
    alert, context = delivery.alert, delivery.context
    word = {Action.RESOLVE: "Over", Action.INFORM: "Info", Action.NOTE: "Note"}.get(
        delivery.action, str(alert.severity).capitalize()
    )
    environment = f"[{context.environment}] " if context.environment else ""
    parts = _short(delivery, told) if delivery.action is Action.RESOLVE else _full(delivery, told)
    links = "\n".join(f"{link.text}: {link.href}" for link in context.links)
    return {
        "Subject": subject(f"{environment}{word}: {told.headline}"),
        "Message": shorten_bytes(
            "\n\n".join(part for part in (told.headline, *parts, links) if part) + "\n", BODY_LIMIT
        ),
    }


def _short(delivery: Delivery, told: Brief) -> list[str]:
    began = f"From {day_and_clock(delivery.opened_at)} to" if delivery.opened_at else "At"
    still = f"Still in alarm: {', '.join(told.also_in_alarm[:20])}" if told.also_in_alarm else ""
    return [f"{began} {day_and_clock(delivery.alert.at)}, {told.where}".rstrip(", "), still]


def _full(delivery: Delivery, told: Brief) -> list[str]:
    facts = [
        ("Since", told.since),
        ("How bad", told.how_bad),
        ("Objective", told.objective),
        ("What changed", told.changed),
        ("Where", told.where),
        ("Owner", delivery.context.owner),
        ("Why", told.why),
    ]
    rows = (f"{name:<20}{before:>12} -> {after}" for name, before, after, _ in told.signals)
    return [
        "\n".join(f"{name + ':':<14}{text}" for name, text in facts if text),
        _listed("Do first", (f"{i}. {step}" for i, step in enumerate(told.first, 1))),
        _listed("Signals, before -> since it began", rows),
        _listed("Also in alarm", told.also_in_alarm[:20]),
        _listed("Last error lines", told.logs),
        f"Could not be fetched: {told.missing}" if told.missing else "",
        "" if delivery.alert.understood else f"The message as it came:\n{delivery.alert.raw}",
    ]


def _listed(title: str, lines: Iterable[str]) -> str:
    text = "\n".join(f"  {line}" for line in lines)
    return f"{title}\n{text}" if text else ""


def subject(text: str) -> str:
    """Make a subject that SNS takes: printable ASCII on one line, starting with a letter, digit or punctuation."""
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in one_line(text))
    return plain if len(plain) <= SUBJECT_LIMIT else plain[: SUBJECT_LIMIT - 3] + "..."
