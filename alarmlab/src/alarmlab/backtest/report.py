"""What a backtest came to, in figures: of every alarm, and of what people are told in the end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

import numpy as np

from alarmlab.backtest import nab
from alarmlab.backtest.paging import Incident, incidents, pages
from alarmlab.backtest.records import Case
from alarmlab.backtest.replay import Replay
from alarmlab.engine.run import Timeline
from alarmlab.engine.window import Moments
from alarmlab.model.alarms import Alarm
from alarmlab.model.labels import resource_of, severity_of
from alarmlab.model.states import State

WEEK = 604_800


@dataclass(frozen=True, kw_only=True)
class Caught:
    """One labelled window.

    Args:
        start: Unix second.
        end: Unix second.
        at: when it was first told of inside of the window; None when never.
        was_on: whether an alarm was already in ALARM when the window began.
        reset_at: when all was well again, at or after `at`; None when never, or not told at all.
    """

    start: int
    end: int
    at: int | None
    was_on: bool
    reset_at: int | None

    @property
    def after_start(self) -> int | None:
        """Seconds from the window's start."""
        return None if self.at is None else self.at - self.start

    @property
    def after_label(self) -> int | None:
        """Seconds from the labelled moment, the middle of the window; negative before it."""
        return None if self.at is None else self.at - (self.start + self.end) // 2

    @property
    def reset(self) -> int | None:
        """Seconds from the window's end until all was well; negative before it."""
        return None if self.reset_at is None else self.reset_at - self.end


@dataclass(frozen=True, kw_only=True)
class Detection:
    """How well labelled windows were told.

    Args:
        windows: each of them.
        true: how often something was told inside of a window.
        false: how often outside of all.
        scores: of NAB, by profile.
    """

    windows: tuple[Caught, ...]
    true: int
    false: int
    scores: Mapping[str, nab.Score]

    @property
    def precision(self) -> float | None:
        """The share of what was told that was right; None when nothing was told."""
        told = self.true + self.false
        return self.true / told if told else None

    @property
    def recall(self) -> float | None:
        """The share of windows that were told; None without windows."""
        return sum(one.at is not None for one in self.windows) / len(self.windows) if self.windows else None

    def typical(self, figure: str) -> float | None:
        """The median of a figure of the windows that were told: `after_start`, `after_label`, `reset`."""
        known = [value for one in self.windows if (value := getattr(one, figure)) is not None]
        return median(known) if known else None


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
        detection=_detection([incident.opened_at for incident in found], on, case, replay),
    )


def together(several: Iterable[Detection | None]) -> Detection | None:
    """Detections of several cases as one; None where no case has labels."""
    known = [each for each in several if each is not None]
    if not known:
        return None
    return Detection(
        windows=tuple(window for each in known for window in each.windows),
        true=sum(each.true for each in known),
        false=sum(each.false for each in known),
        scores={name: nab.total(each.scores[name] for each in known) for name in nab.PROFILES},
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
        detection=_detection(told, spans, case, replay),
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


def _detection(
    told: Sequence[int], on: Sequence[tuple[int, int | None]], case: Case, replay: Replay
) -> Detection | None:
    if case.windows is None:
        return None
    rows = _rows_seen(case, told)
    about = np.sort(case.rows[rows])
    run = replay.run
    windows = [window for window in case.windows if run.start <= window[1] and window[0] <= run.end]
    inside = sum(any(start <= row <= end for start, end in windows) for row in about)
    return Detection(
        windows=tuple(_caught(window, told, on, case) for window in windows),
        true=inside,
        false=len(told) - inside,
        scores={
            name: nab.score(case.rows, tuple(windows), (int(row) for row in rows), weights)
            for name, weights in nab.PROFILES.items()
        },
    )


def _caught(window: tuple[int, int], told: Sequence[int], on: Sequence[tuple[int, int | None]], case: Case) -> Caught:
    start, end = window
    at = None
    for moment in sorted(told):
        row = _rows_seen(case, [moment])
        if len(row) and start <= case.rows[row[0]] <= end:
            at = moment
            break
    # What fires again inside of the window is the same trouble.
    ends = [off for begin, off in on if at is not None and begin <= end and (off is None or off > at)]
    return Caught(
        start=start,
        end=end,
        at=at,
        was_on=any(begin < start and (off is None or off > start) for begin, off in on),
        reset_at=None if None in ends else max((off for off in ends if off is not None), default=None),
    )


def _rows_seen(case: Case, moments: Sequence[int]) -> Moments:
    """The newest row that was complete at each moment: what is told then is about it, and labels are about rows."""
    begins = case.rows - case.rows % min(case.step, 60)
    return nab.rows_seen(begins, case.step, np.asarray(moments, dtype=np.int64))
