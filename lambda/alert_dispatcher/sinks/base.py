"""What every sink offers the dispatcher, and what it gets: the protocol for sinks of your own.

A sink is a class that is made with `(settings, tools)` and has three methods::

    class Opsgenie:
        def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
            self._key = tools.secret(settings)

        def messages(self, update: Update) -> int:
            return int(update.opens or update.reopened or update.closes)

        def send(self, update: Update, remember: Remember) -> None:
            http.post_json(URL, {...}, headers={"Authorization": f"GenieKey {self._key(False)}"})

        def probe(self) -> None:
            ...

Put it into a module of the package `custom_sinks` and name it as the sink's type: `MODULE:CLASS`. `alert_dispatcher.http`
posts with the right timeouts and raises the right errors (`alert_dispatcher.errors`).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from alert_common.incident import News, Told
from alert_common.page import Page
from alert_dispatcher.charts import Charts
from alert_dispatcher.errors import NoTimeError
from alert_dispatcher.gap import Gap
from alert_dispatcher.http import LONGEST_SECONDS
from alert_dispatcher.secrets import Secrets

MANY = 3
"""So much news is told piece by piece; more is listed, without its pages."""

Remember = Callable[[Told], None]
"""Stores what the sink knows now. Optional: when `send` returns without it, `Update.after` is stored."""


@dataclass(frozen=True, kw_only=True)
class Update(Gap):
    """What a sink does not know of an incident yet."""

    pages: Mapping[str, Page]
    """By `News.page`: that of `lead`, and those of `news` where it is not more than `MANY`."""
    stands_in: str = ""
    """For whom the sink stands in, and why; empty when it speaks for itself."""
    until: float = float("inf")
    """The `time.monotonic()` at which the function ends."""

    @property
    def page(self) -> Page:
        """The page that tells the incident."""
        return self.pages[self.lead.page]

    @property
    def end_page(self) -> Page | None:
        """The page that tells the end, where the incident is over."""
        return self.pages.get(self.end.page) if self.end is not None else None

    @property
    def told_news(self) -> tuple[tuple[News, Page], ...]:
        """News with its pages, where they were read."""
        return tuple((news, self.pages[news.page]) for news in self.news if news.page in self.pages)

    def hurry(self) -> None:
        """Make sure that there is time for one more request.

        Raises:
            NoTimeError: there is not; what was done must be remembered, and the rest is done next time.
        """
        if self.until - time.monotonic() < LONGEST_SECONDS:
            raise NoTimeError("the function's time is up")


@dataclass(frozen=True, kw_only=True)
class Digest:
    """Incidents that are told together."""

    id: str
    told: Told
    """What the sink was told of this digest; its `seq` counts messages."""
    updates: tuple[Update, ...]
    """The most severe and oldest first."""
    until: float = float("inf")
    """The `time.monotonic()` at which the function ends."""


@runtime_checkable
class Sink(Protocol):
    """Somewhere that incidents are told."""

    def messages(self, update: Update) -> int:
        """Return how many messages of its rate limit the update takes; 0 when the sink has no use for it."""

    def send(self, update: Update, remember: Remember) -> None:
        """Tell it. After a crash the same update may come again: where the sink has an idempotency key, use it.

        Raises:
            TooManyRequestsError: not now, for anybody; the delivery goes back to its queue.
            RetryLaterError: the sink failed; likewise, and a sink that goes on failing is left alone for a while.
            RejectedError: never; the delivery goes to the dead letters.
        """

    def probe(self) -> None:
        """Prove that the sink can be reached with these credentials, without telling anybody; errors as with `send`."""


@runtime_checkable
class DigestSink(Sink, Protocol):
    """A sink that can tell many incidents in one message, so that a storm does not make each of them wait for a turn."""

    def send_digest(self, digest: Digest, remember: Remember) -> None:
        """Tell them; errors as with `send`. What is remembered is the digest's own `Told`."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What sinks work with."""

    secrets: Secrets
    charts: Charts
    client: Callable[[str], Any]
    """Returns the AWS client of a service."""

    def secret(self, settings: Mapping[str, Any]) -> Callable[[bool], str]:
        """Return how a sink reads its secret (settings `secret` and `secret_field`); True reads it afresh."""
        return lambda fresh: self.secrets.get(settings["secret"], settings.get("secret_field"), fresh=fresh)
