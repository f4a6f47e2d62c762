"""What a backtest came to, in figures: of every alarm, and of what people are told in the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from alarmlab.backtest.detection import Detection, detection_of, together
from alarmlab.backtest.records import Case
from alarmlab.backtest.replay import Replay
from alarmlab.engine.run import Timeline
from alarmlab.model.alarms import Alarm
from alarmlab.model.labels import resource_of, severity_of
from alarmlab.model.states import State
from alarmlab.paging import Incident, incidents, pages

WEEK = 604_800


@dataclass(frozen=True, kw_only=True)
class AlarmReport:
    """One alarm over one case, or over all of them.

    Args:
        id: logical id.
        name: AlarmName, as people know it.
        severity: of its pages.
        resource: what it is about.
        seconds: in each state.
        onsets: transitions into ALARM.
        flaps: onsets within the grouping window of the end of the one before.
        pages: Unix seconds at which its alarm actions ran.
        held_back: onsets whose actions a suppressor, a mute rule or the alarm itself held back.
        detection: None without labels.
    """

    id: str
    name: str
    severity: str
    resource: str
    seconds: Mapping[State, int]
    onsets: int
    flaps: int
    pages: tuple[int, ...]
    held_back: int
    detection: Detection | None = None


@dataclass(frozen=True, kw_only=True)
class CaseReport:
    """One case.

    Args:
        case: what was recorded.
        replay: what it made of the alarms.
        alarms: each that took part.
        incidents: what people are told.
        detection: of the incidents; None without labels.
    """

    case: Case
    replay: Replay
    alarms: tuple[AlarmReport, ...]
    incidents: tuple[Incident, ...]
    detection: Detection | None

    @property
    def seconds(self) -> int:
        """How long it is."""
        return self.replay.run.end - self.replay.run.start


@dataclass(frozen=True, kw_only=True)
class Report:
    """All cases."""

    cases: tuple[CaseReport, ...]
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def weeks(self) -> float:
        """How long they are together."""
        return sum(case.seconds for case in self.cases) / WEEK

    @property
    def incidents(self) -> int:
        """How many incidents there are."""
        return sum(len(case.incidents) for case in self.cases)

    @property
    def pages(self) -> int:
        """How many pages these hold."""
        return sum(len(incident.pages) for case in self.cases for incident in case.incidents)

    @property
    def detection(self) -> Detection | None:
        """Of the incidents of all cases."""
        return together(case.detection for case in self.cases)

    @property
    def alarms(self) -> tuple[AlarmReport, ...]:
        """Each alarm over all cases."""
        found: dict[str, list[AlarmReport]] = {}
        for case in self.cases:
            for alarm in case.alarms:
                found.setdefault(alarm.id, []).append(alarm)
        return tuple(_over_all(several) for several in found.values())


def case_report(case: Case, replay: Replay, *, window: float, settle: float) -> CaseReport:
    """The figures of one case.

    Args:
        case: what was recorded.
        replay: what it made of the alarms.
        window: seconds for which an incident takes further alarms.
        settle: seconds for which all must be well until it is over.
    """
    found = incidents(replay.run, replay.alarms, window=window, settle=settle)
    on = [(incident.opened_at, incident.settled_at) for incident in found]
    return CaseReport(
        case=case,
        replay=replay,
        alarms=tuple(_alarm_report(alarm, case, replay, window) for alarm in replay.alarms),
        incidents=found,
        detection=detection_of([incident.opened_at for incident in found], on, case, replay.run),
    )


def _over_all(several: Sequence[AlarmReport]) -> AlarmReport:
    first = several[0]
    return AlarmReport(
        id=first.id,
        name=first.name,
        severity=first.severity,
        resource=first.resource,
        seconds={state: sum(each.seconds[state] for each in several) for state in State},
        onsets=sum(each.onsets for each in several),
        flaps=sum(each.flaps for each in several),
        pages=tuple(page for each in several for page in each.pages),
        held_back=sum(each.held_back for each in several),
        detection=together(each.detection for each in several),
    )


def _alarm_report(alarm: Alarm, case: Case, replay: Replay, window: float) -> AlarmReport:
    id, run = alarm.about.id, replay.run
    timeline = run.timelines[id]
    seconds = dict.fromkeys(State, 0)
    for start, end, state in timeline.spans(run.start, run.end):
        seconds[state] += end - start
    spans = alarm_spans(timeline)
    told = tuple(page.at for page in pages(run) if page.alarm == id)
    return AlarmReport(
        id=id,
        name=alarm.about.name,
        severity=severity_of(alarm),
        resource=resource_of(alarm),
        seconds=seconds,
        onsets=len(spans),
        flaps=sum(after[0] - (before[1] or after[0]) <= window for before, after in pairwise(spans)),
        pages=told,
        held_back=sum(bool(each.held_back_by) for each in run.told if each.alarm == id and each.state is State.ALARM),
        detection=detection_of(told, spans, case, replay.run),
    )


def alarm_spans(timeline: Timeline) -> list[tuple[int, int | None]]:
    """When an alarm was in ALARM: where each stretch begins, and ends; None for not yet."""
    found: list[tuple[int, int | None]] = []
    for at, state in zip(timeline.at, timeline.to, strict=True):
        if found and found[-1][1] is None:
            found[-1] = (found[-1][0], at)
        if state is State.ALARM:
            found.append((at, None))
    return found
