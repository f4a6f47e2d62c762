"""Everything the inbox holds: the requests it received, and what the three services made of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.inbox.contracts.webhook import SECRET
from sandbox.inbox.faults import Faults
from sandbox.inbox.incidents import IncidentBook
from sandbox.inbox.limits import Limits
from sandbox.inbox.masking import Masks
from sandbox.inbox.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Event:
    """One request as it was received and answered.

    Args:
        id: counts up from 1.
        sink: `pagerduty`, `slack`, `email` or `webhook`.
        at: when it came (ISO, UTC).
        path: where it was sent; of a webhook without its secret part.
        body: what it said, with the credential masked: an object, or the text of what is no JSON.
        credential: the masked routing key, token or webhook secret, None when there was none.
        status: HTTP status of the answer; None while it waits, 0 when the connection was closed without one.
        accepted: whether the service took it.
        dropped: whether the service took it and did nothing with it, as PagerDuty with a resolve without an open alert.
        problems: why it was not accepted, or was dropped.
        fault: the fault that hit it, in words.
    """

    id: int
    sink: str
    at: str
    path: str
    body: Any
    credential: str | None
    status: int | None = None
    accepted: bool = False
    dropped: bool = False
    problems: tuple[str, ...] = ()
    fault: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The event as `GET /api/events` shows it."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class Mail:
    """An e-mail that arrived."""

    at: str
    to: str
    subject: str
    body: str
    topic: str


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A signed webhook that arrived, by its `webhook-id`; `times` counts how often it came."""

    id: str
    at: str
    path: str
    body: Any
    times: int = 1

    def again(self) -> "Webhook":
        """The same, come once more."""
        return replace(self, times=self.times + 1)


@dataclass(kw_only=True)
class Inbox:
    """The state behind one running server.

    Args:
        channel_names: names to show for Slack channels, by their ID.
        webhook_secret: what webhooks are signed with: `whsec_` and base64.
        now: the clock (UTC) that requests are stamped by.
    """

    channel_names: Mapping[str, str] = field(default_factory=dict)
    webhook_secret: str = SECRET
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    incidents: IncidentBook = field(default_factory=IncidentBook)
    workspace: Workspace = field(default_factory=Workspace)
    mails: list[Mail] = field(default_factory=list)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    """By id, oldest first."""
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)
    masks: Masks = field(default_factory=Masks)
    revision: int = 0
    """Grows with every change, so that a reader can tell whether to read again."""

    _events: dict[int, Event] = field(default_factory=dict)
    _received: int = 0

    @property
    def events(self) -> list[Event]:
        """The requests received, oldest first."""
        return list(self._events.values())

    def events_after(self, event_id: int) -> Iterator[Event]:
        """The requests received after `event_id`, oldest first."""
        return (self._events[number] for number in range(event_id + 1, self._received + 1) if number in self._events)

    def record(self, *, sink: str, at: datetime, path: str, body: Any, credential: str | None) -> int:
        """Notes a request that just came in, and returns its id."""
        self._received += 1
        self.revision += 1
        self._events[self._received] = Event(
            id=self._received, sink=sink, at=iso(at), path=path, body=body, credential=credential
        )
        return self._received

    def update(self, event_id: int, **changes: Any) -> None:
        """Notes how the request `event_id` was answered; does nothing when it was cleared meanwhile."""
        self.revision += 1
        if event_id in self._events:
            self._events[event_id] = replace(self._events[event_id], **changes)

    def clear(self) -> None:
        """Forgets what arrived: requests, incidents, messages, files, e-mails, webhooks and violations of limits. Faults stay."""
        self._events.clear()
        self.incidents = IncidentBook()
        self.workspace = Workspace()
        self.mails.clear()
        self.webhooks.clear()
        self.limits.clear()
        self.revision += 1


def iso(moment: datetime) -> str:
    """`moment` as ISO 8601 in UTC with milliseconds: `2026-11-23T15:04:05.678Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
