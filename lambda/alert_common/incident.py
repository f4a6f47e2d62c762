"""One thing that went wrong with one resource: all the alerts that tell of it, and what there is to tell, in order.

An incident is the truth that sinks are brought up to. It grows by transitions of alerts, each of which changes it at most
once; what a sink was told of it is remembered apart (`Told`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alert_common.alert import URGENCY, Resource, Severity, State
from alert_common.page import Action


@dataclass(frozen=True, kw_only=True)
class Member:
    """An alert of the incident, where it stands."""

    name: str
    state: State
    at: datetime
    """Its last transition."""
    opened_at: datetime | None
    """When it began to fire; None when it does not."""
    severity: Severity
    ends: bool = True
    """Whether a later message can end it; nothing but a person ends a failed job."""


@dataclass(frozen=True, kw_only=True)
class News:
    """One transition, in the order in which the incident took it."""

    seq: int
    """1, 2, 3, ..."""
    action: Action
    member: str
    """Key of the alert."""
    name: str
    """Name of the alert."""
    at: datetime
    """The transition's own time."""
    page: str
    """Key of the `Page` that tells it."""


@dataclass(frozen=True, kw_only=True)
class Incident:
    """An incident; one without members is a notice: something that happened and has no end."""

    id: str
    """Its key at the sinks, such as PagerDuty's dedup key; at most 255 characters."""
    group: str
    """Key of the resource."""
    opened_at: datetime
    """When the first alert began to fire (the alert's time)."""
    severity: Severity
    """The highest that it ever had."""
    sinks: Mapping[str, int]
    """Who is to know: sink name to the interval of its digest in seconds, 0 for at once."""
    environment: str = ""
    resource: Resource | None = None
    members: Mapping[str, Member] = field(default_factory=dict)
    """By alert key."""
    news: tuple[News, ...] = ()
    """The newest `NEWS_KEPT`, oldest first; the first one of all is always kept."""
    last_seq: int = 0
    recovered_at: datetime | None = None
    """When the last alert ended (the alert's time); None while any is open."""
    settles_at: datetime | None = None
    """When (function's clock) the end counts, so that what fires again before is no new incident."""
    version: int = 0
    """Of the stored item; 0 before it is stored."""

    @property
    def is_notice(self) -> bool:
        """Whether it only informs."""
        return not self.members

    @property
    def is_open(self) -> bool:
        """Whether any alert still fires."""
        return any(member.opened_at is not None for member in self.members.values())

    @property
    def can_end(self) -> bool:
        """Whether any alert that fires can end by itself: only then it is worth a reminder that none has."""
        return any(member.opened_at is not None and member.ends for member in self.members.values())

    def is_over(self, now: datetime) -> bool:
        """Whether all is over, and has been for long enough."""
        return not self.is_notice and not self.is_open and (self.settles_at is None or now >= self.settles_at)

    @property
    def firing(self) -> tuple[Member, ...]:
        """Alerts that are open, the most severe and oldest first."""
        still = [m for m in self.members.values() if m.opened_at is not None]
        return tuple(sorted(still, key=lambda m: (URGENCY.index(m.severity), m.at, m.name)))

    @property
    def first(self) -> News:
        """What opened it."""
        return self.news[0]


class Stage(StrEnum):
    """What a sink believes about an incident."""

    UNKNOWN = "unknown"
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one sink was told of one incident."""

    seq: int = 0
    """The newest news that it took."""
    stage: Stage = Stage.UNKNOWN
    severity: Severity | None = None
    at: datetime | None = None
    """When (function's clock) it took something last."""
    thread: str = ""
    """Where more is told: for Slack `CHANNEL/TS`; the sink's own business."""
    headline: str = ""
    """What the first message said was broken."""
    in_digest: bool = False
    """Whether `thread` is a digest's, which is never edited."""
    trying: str = ""
    """What was being sent when it was last heard of (`seq/stage`): the sink may have taken it. Empty when that is known."""
    failures: int = 0
    """Attempts in a row that the sink failed: how often a delivery was received says nothing, since most come back for a turn."""
    version: int = 0
    """Of the stored item; 0 before it is stored."""
