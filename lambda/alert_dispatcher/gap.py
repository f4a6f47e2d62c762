"""What lies between an incident and what a sink was told of it. Pure: the dispatcher closes the gap, whatever opened it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alert_common.alert import URGENCY, Severity
from alert_common.incident import Incident, Member, News, Stage, Told
from alert_common.page import Action


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One incident, and what one sink believes of it."""

    incident: Incident
    told: Told
    now: datetime
    """The function's clock."""
    remind_seconds: float = 0.0
    """How often an open incident is told again; 0 for never."""

    @property
    def news(self) -> tuple[News, ...]:
        """What happened since the sink was told last, oldest first."""
        return tuple(news for news in self.incident.news if news.seq > self.told.seq)

    @property
    def is_new(self) -> bool:
        """Whether the sink has never heard of it."""
        return self.told.stage is Stage.UNKNOWN

    @property
    def is_over(self) -> bool:
        """Whether the incident is over for good."""
        return self.incident.is_over(self.now)

    @property
    def informs(self) -> bool:
        """Whether it is a notice of something that has no end, unknown to the sink."""
        return self.is_new and self.incident.is_notice

    @property
    def opens(self) -> bool:
        """Whether it is unknown to the sink, and open."""
        return self.is_new and self.incident.is_open

    @property
    def closes(self) -> bool:
        """Whether the sink believes it open, and it is over for good."""
        return self.told.stage is Stage.OPEN and self.is_over

    @property
    def over_before_told(self) -> bool:
        """Whether it is unknown to the sink, and over for good: the story is told once, as something past."""
        return self.is_new and self.is_over

    @property
    def reopened(self) -> bool:
        """Whether the sink believes it over, and an alert fires again."""
        return self.told.stage is Stage.OVER and self.incident.is_open

    @property
    def escalates(self) -> bool:
        """Whether it is open and more severe than the sink knows."""
        known = self.told.severity
        return (
            self.told.stage is Stage.OPEN
            and self.incident.is_open
            and known is not None
            and URGENCY.index(self.incident.severity) < URGENCY.index(known)
        )

    @property
    def reminds(self) -> bool:
        """Whether it is open, and the sink was told nothing for so long that it is told again."""
        at = self.told.at
        return (
            self.remind_seconds > 0
            and self.told.stage is Stage.OPEN
            and self.incident.can_end
            and at is not None
            and self.now - at >= timedelta(seconds=self.remind_seconds)
        )

    @property
    def urgent(self) -> bool:
        """Whether somebody must be woken: a critical incident that is unknown to the sink, worse than it knows, or back."""
        wakes = self.opens or self.escalates or self.reopened
        return wakes and self.incident.severity is Severity.CRITICAL

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing to tell; a sink that knows more than this incident was told by somebody who read it later."""
        if self.told.seq > self.incident.last_seq:
            return True
        return not (self.news or self.is_new or self.closes or self.reopened or self.escalates or self.reminds)

    @property
    def settles_at(self) -> datetime | None:
        """Until when an incident that is unknown to the sink, and just ended, is left alone; None when it is not."""
        quiet = self.is_new and not self.incident.is_notice and not self.incident.is_open and not self.is_over
        return self.incident.settles_at if quiet else None

    @property
    def lead(self) -> News:
        """What it is told by: the first alert as severe as the incident."""
        members, severity = self.incident.members, self.incident.severity
        fired = [news for news in self.incident.news if news.action is Action.TRIGGER and news.member in members]
        return next((news for news in fired if members[news.member].severity is severity), self.incident.first)

    @property
    def end(self) -> News | None:
        """What ended it; None while it is not over, or where nobody kept it."""
        ends = [news for news in self.incident.news if news.action is Action.RESOLVE]
        return ends[-1] if ends and self.is_over else None

    @property
    def others(self) -> tuple[Member, ...]:
        """Alerts that fire beside the lead."""
        key = self.lead.member
        lead = self.incident.members.get(key)
        return tuple(member for member in self.incident.firing if member is not lead)

    @property
    def lasted(self) -> timedelta | None:
        """How long it was open; None while it is."""
        ended = self.incident.recovered_at
        return ended - self.incident.opened_at if ended is not None else None

    @property
    def after(self) -> Told:
        """What the sink knows once it has taken all."""
        over = self.is_over or self.incident.is_notice
        return replace(
            self.told,
            seq=self.incident.last_seq,
            stage=Stage.OVER if over or (self.told.stage is Stage.OVER and not self.incident.is_open) else Stage.OPEN,
            severity=self.incident.severity,
            at=self.now,
            trying="",
            failures=0,
        )
