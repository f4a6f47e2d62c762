"""E-mail through an SNS topic: plain text, a subject that says what and where."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from alert_common.page import Action, Page
from alert_dispatcher.brief import Brief, brief
from alert_dispatcher.errors import RejectedError, RetryLaterError, TooManyRequestsError
from alert_dispatcher.sinks import digest_lines
from alert_dispatcher.sinks.base import Digest, Remember, Tools, Update
from alert_dispatcher.text import day_and_clock, one_line, shorten_bytes, span

SUBJECT_LIMIT = 100
BODY_LIMIT = 200_000
"""Bytes; SNS takes 256 KiB."""
_PERMANENT = {"InvalidParameter", "InvalidParameterException", "NotFound", "NotFoundException", "AuthorizationError"}
_TOO_MANY = {"Throttling", "ThrottlingException", "Throttled"}


class Email:
    """Publishes to one topic with e-mail subscriptions; settings: `topic`."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        self._topic = str(settings["topic"])
        self._client = tools.client

    def messages(self, update: Update) -> int:
        """One mail at most: what joins an open incident is no news unless it is worse."""
        return int(tells(update))

    def send(self, update: Update, remember: Remember) -> None:  # noqa: ARG002 - Sink's; SNS has nothing to remember
        """Publish the mail."""
        if tells(update):
            self._publish(**render(update))

    def send_digest(self, digest: Digest, remember: Remember) -> None:  # noqa: ARG002 - as above
        """Publish one mail for all of them."""
        self._publish(**render_digest(digest))

    def probe(self) -> None:
        """Ask for the topic."""
        self._call("get_topic_attributes", TopicArn=self._topic)

    def _publish(self, **mail: str) -> None:
        self._call("publish", TopicArn=self._topic, **mail)

    def _call(self, operation: str, **arguments: str) -> None:
        try:
            getattr(self._client("sns"), operation)(**arguments)
        except Exception as error:
            response = getattr(error, "response", None)
            code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else type(error).__name__
            if code in _PERMANENT:
                raise RejectedError(f"SNS {operation}: {code}") from None
            kind = TooManyRequestsError if code in _TOO_MANY else RetryLaterError
            raise kind(f"SNS {operation}: {code}") from None


def tells(update: Update) -> bool:
    """Whether a channel without threads, where every message is read as news, is told."""
    begins = update.opens or update.reopened or update.escalates or update.reminds
    happened = any(news.action is Action.INFORM for news in update.news)
    return begins or update.closes or update.informs or update.over_before_told or happened


def told_page(update: Update) -> Page:
    """Return the page that such a message tells: the incident's, or what happened to its resource meanwhile."""
    whole = update.is_new or update.reopened or update.escalates or update.reminds or update.closes
    happened = [page for news, page in update.told_news if news.action is Action.INFORM]
    return happened[-1] if happened and not whole else update.page


def render(update: Update) -> Mapping[str, str]:
    """Write `Subject` (ASCII, at most 100 characters, one line) and `Message`."""
    page = told_page(update)
    told = brief(page)
    over = update.closes or update.over_before_told
    environment = f"[{page.context.environment}] " if page.context.environment else ""
    headline = f"{told.headline}: over{_after(update.lasted)}" if over else told.headline
    parts = _short(update, told) if over else _full(update, page, told)
    links = "\n".join(f"{link.text}: {link.href}" for link in page.context.links)
    return _mail(f"{environment}{_word(update, page)}: {headline}", [headline, *parts, links])


def render_digest(digest: Digest) -> Mapping[str, str]:
    """Write the mail that tells many incidents."""
    lines = [digest_lines.line(update) for update in digest.updates]
    shown = [f"{line.state:<8} {line.headline}\n         {line.since}{_linked(line.link)}" for line in lines]
    return _mail(digest_lines.title(digest), [digest_lines.title(digest), *shown])


def subject(text: str) -> str:
    """Make a subject that SNS takes: printable ASCII on one line, starting with a letter, digit or punctuation."""
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in one_line(text))
    return plain if len(plain) <= SUBJECT_LIMIT else plain[: SUBJECT_LIMIT - 3] + "..."


def _mail(title: str, parts: Iterable[str]) -> Mapping[str, str]:
    message = "\n\n".join(part for part in parts if part) + "\n"
    return {"Subject": subject(title), "Message": shorten_bytes(message, BODY_LIMIT)}


def _word(update: Update, page: Page) -> str:
    if update.closes or update.over_before_told:
        return "Over"
    if page.action is Action.INFORM:
        return "Info"
    again = "Reminder: " if update.reminds else "Open again: " if update.reopened else ""
    return f"{again}{str(update.incident.severity).capitalize()}"


def _after(lasted: timedelta | None) -> str:
    return f" after {span(lasted)}" if lasted is not None else ""


def _linked(link: str) -> str:
    return f"\n         {link}" if link else ""


def _short(update: Update, told: Brief) -> list[str]:
    incident = update.incident
    ended = f" to {day_and_clock(incident.recovered_at)}" if incident.recovered_at else ""
    alerts = (member.name for member in incident.members.values())
    return [
        f"From {day_and_clock(incident.opened_at)}{ended}, {told.where}".rstrip(", "),
        _listed("Alerts", list(alerts)[:20]) if len(incident.members) > 1 else "",
        f"Told here because {update.stands_in}." if update.stands_in else "",
    ]


def _full(update: Update, page: Page, told: Brief) -> list[str]:
    facts = [
        ("Since", told.since),
        ("How bad", told.how_bad),
        ("Diagnosis", told.cause),
        ("Objective", told.objective),
        ("What changed", told.changed),
        ("Where", told.where),
        ("Owner", page.context.owner),
        ("Why", told.why),
    ]
    rows = (f"{name:<20}{before:>12} -> {after}" for name, before, after, _ in told.signals)
    firing = [f"{member.severity}: {member.name}" for member in update.incident.firing[:20]]
    return [
        f"Told here because {update.stands_in}." if update.stands_in else "",
        "\n".join(f"{name + ':':<14}{text}" for name, text in facts if text),
        _listed("Evidence", told.evidence),
        _listed("Do first", (f"{i}. {step}" for i, step in enumerate(told.first, 1))),
        _listed("Alerts that fire", firing) if len(firing) > 1 else "",
        _listed("Signals, before -> since it began", rows),
        _listed("Changes, newest first", told.history),
        _listed("Workload", told.workload),
        _listed("Also in alarm", told.also_in_alarm[:20]),
        _listed("Last error lines", told.logs),
        f"Not in this page: {told.missing}" if told.missing else "",
        "" if page.alert.understood else f"The message as it came:\n{page.alert.raw}",
    ]


def _listed(title: str, lines: Iterable[str]) -> str:
    text = "\n".join(f"  {line}" for line in lines)
    return f"{title}\n{text}" if text else ""
