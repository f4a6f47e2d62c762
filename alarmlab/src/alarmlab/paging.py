"""What people are told: pages of alarms, put together into incidents as the router does it.

Alarms of one resource belong together while they come within a window of the incident's newest news. What comes later
is a new incident, even when the old one is still open. An incident whose alarms all ended stays ready for a while to
take what fires again, so an alarm that flaps wakes nobody twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from alarmlab.engine.run import Run, Told
from alarmlab.model.alarms import Alarm
from alarmlab.model.labels import resource_of, severity_of, urgency
from alarmlab.model.states import State

WINDOW = 1800
SETTLE = 300
_MOST_MEMBERS = 500
_SAME_MOMENT = 2


@dataclass(frozen=True, kw_only=True)
class Incident:
    """Pages that are one thing for a person.

    Args:
        resource: what it is about; an alarm's name where the alarm says nothing of it.
        opened_at: when its first page was sent; Unix seconds.
        settled_at: when all its alarms had been well for long enough; None while it is open when the run ends.
        severity: the highest that it ever had.
        members: ids of the alarms, in the order in which they joined.
        pages: what alarms told in it, in order of time.
    """

    resource: str
    opened_at: int
    settled_at: int | None
    severity: str
    members: tuple[str, ...]
    pages: tuple[Told, ...]


def pages(run: Run) -> tuple[Told, ...]:
    """The transitions into ALARM whose actions ran."""
    return tuple(told for told in run.told if told.state is State.ALARM and _ran(told))


def incidents(
    run: Run, alarms: Iterable[Alarm], *, window: float = WINDOW, settle: float = SETTLE
) -> tuple[Incident, ...]:
    """The incidents that the router makes of a run, in the order in which they open.

    Args:
        run: what alarms told.
        alarms: those of the run.
        window: seconds after its newest news for which an incident takes further alarms.
        settle: seconds for which all must be well until an incident is over.
    """
    router = _Router(window, settle)
    known = {alarm.about.id: alarm for alarm in alarms}
    for told in sorted(filter(_ran, run.told), key=lambda told: told.at):
        alarm = known[told.alarm]
        before = run.timelines[told.alarm].state(told.changed_at - 1)
        router.take(told, before, resource_of(alarm), severity_of(alarm))
    return tuple(found.result(run.end) for found in router.opened)


def _ran(told: Told) -> bool:
    return bool(told.targets) and not told.held_back_by


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """Where an alarm stands, as the router remembers it."""

    state: State
    at: int
    incident: "_Open | None"
    """None while it does not fire."""


@dataclass(kw_only=True)
class _Open:
    """An incident that grows."""

    resource: str
    severity: str
    firing: dict[str, bool] = field(default_factory=dict)
    """By alarm, in the order in which they joined."""
    ended: dict[str, int] = field(default_factory=dict)
    pages: list[Told] = field(default_factory=list)
    newest: int
    settles_at: float | None = None

    @property
    def is_open(self) -> bool:
        return any(self.firing.values())

    def takes(self, told: Told, window: float, settle: float) -> bool:
        """Whether an alarm that begins to fire joins: by the clock, or by its own time where it was told late."""
        if not self.is_open:
            settles = self.settles_at is not None and told.at < self.settles_at
            if not (settles or told.changed_at - max(self.ended.values()) < settle):
                return False
        if len(self.firing) >= _MOST_MEMBERS and told.alarm not in self.firing:
            return False
        return told.changed_at - self.newest <= window

    def result(self, end: int) -> Incident:
        over = self.settles_at is not None and self.settles_at <= end and not self.is_open
        return Incident(
            resource=self.resource,
            opened_at=self.pages[0].at,
            settled_at=int(self.settles_at) if over and self.settles_at is not None else None,
            severity=self.severity,
            members=tuple(self.firing),
            pages=tuple(self.pages),
        )


class _Router:
    def __init__(self, window: float, settle: float) -> None:
        self._window, self._settle = window, settle
        self._standing: dict[str, _Standing] = {}
        self._newest: dict[str, _Open] = {}
        self.opened: list[_Open] = []

    def take(self, told: Told, before: State, resource: str, severity: str) -> None:
        """Let one transition open, join, end or say something in an incident."""
        standing = self._standing.get(told.alarm)
        if standing is not None and (told.changed_at < standing.at or _repeats(told, before, standing)):
            return
        incident = standing.incident if standing else None
        after = _Standing(state=told.state, at=told.changed_at, incident=incident)
        if told.state is State.ALARM:
            incident = incident or self._place(told, resource, severity)
            after = replace(after, incident=incident)
            incident.firing[told.alarm] = True
            incident.pages.append(told)
            incident.severity = min(incident.severity, severity, key=urgency)
            incident.settles_at = None
        elif told.state is State.OK:
            after = replace(after, incident=None)
            if incident is not None:
                incident.firing[told.alarm] = False
                incident.settles_at = None if incident.is_open else told.at + self._settle
        if incident is not None:
            incident.ended[told.alarm] = told.changed_at
            incident.newest = max(incident.newest, told.changed_at)
        self._standing[told.alarm] = after

    def _place(self, told: Told, resource: str, severity: str) -> _Open:
        found = self._newest.get(resource)
        if found is None or not found.takes(told, self._window, self._settle):
            found = _Open(resource=resource, severity=severity, newest=told.changed_at)
            self._newest[resource] = found
            self.opened.append(found)
        return found


def _repeats(told: Told, before: State, standing: _Standing) -> bool:
    if told.state is not standing.state:
        return False
    if told.changed_at - standing.at <= _SAME_MOMENT:
        return True
    return told.state is State.ALARM and before is not State.OK
