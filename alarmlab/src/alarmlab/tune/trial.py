"""What settings of an alarm would have done on what was recorded: each is a whole backtest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alarmlab.backtest.records import Case
from alarmlab.backtest.replay import replay
from alarmlab.backtest.report import WEEK, Report, case_report
from alarmlab.errors import InputError
from alarmlab.explain.dead_time import dead_time
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.states import State
from alarmlab.tune.objective import Objective


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a setting would have done.

    Args:
        pages: incidents that were told.
        false: of these, those outside of labelled windows; all of them where nothing is labelled.
        seconds: how long was recorded.
        in_alarm: seconds in ALARM, of the alarm that was longest.
        fires: seconds after trouble begins, at best; None where that cannot be told.
        caught: labelled windows in which somebody was told.
        windows: all of them; 0 where nothing is labelled.
        delay: seconds from a window's start until somebody was told, the median; None for never.
        score: NAB's standard score; None without labels.
    """

    pages: int
    false: int
    seconds: float
    in_alarm: int
    fires: int | None
    caught: int
    windows: int
    delay: float | None
    score: float | None

    @property
    def false_a_week(self) -> float:
        """False alarms a week."""
        return self.false * WEEK / self.seconds


@dataclass(frozen=True, kw_only=True)
class Option:
    """One way to set the alarm.

    Args:
        name: what it is.
        level: the threshold, or the band's width in standard deviations; None for other policies.
        datapoints: M; None for several alarms.
        periods: N.
        properties: the properties that differ from the alarm's, or whole resources by logical id.
        cool_down: seconds that the router's window and settling have to be; None for as they are.
        outcome: what it would have done.
        is_allowed: whether that meets the objective.
    """

    name: str
    level: float | None
    datapoints: int | None
    periods: int | None
    properties: Mapping[str, Any]
    cool_down: int | None
    outcome: Outcome
    is_allowed: bool


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What settings are tried on.

    Args:
        cases: what was recorded.
        objective: what is wanted.
        window: seconds for which an incident takes further alarms.
        settle: seconds for which all must be well until it is over.
    """

    cases: Sequence[Case]
    objective: Objective
    window: int
    settle: int

    def option(
        self,
        name: str,
        alarms: Sequence[MetricAlarm],
        properties: Mapping[str, Any],
        *,
        level: float | None = None,
        cool_down: int | None = None,
    ) -> Option:
        """Run alarms on all cases."""
        outcome = self._outcome(alarms, cool_down)
        settings = alarms[0].settings if len(alarms) == 1 else None
        return Option(
            name=name,
            level=level,
            datapoints=settings.datapoints_to_alarm if settings else None,
            periods=settings.evaluation_periods if settings else None,
            properties=properties,
            cool_down=cool_down,
            outcome=outcome,
            is_allowed=self.objective.allows(outcome.false, outcome.seconds),
        )

    def _outcome(self, alarms: Sequence[MetricAlarm], cool_down: int | None) -> Outcome:
        audible = [_audible(alarm) for alarm in alarms]
        window, settle = (cool_down, cool_down) if cool_down is not None else (self.window, self.settle)
        reports = []
        for case in self.cases:
            found = replay(audible, case.shelf, start=case.shelf.start, end=-(-case.shelf.end // 60) * 60)
            if found.refused:
                raise InputError(next(iter(found.refused.values())))
            reports.append(case_report(case, found, window=window, settle=settle))
        report = Report(cases=tuple(reports))
        detection = report.detection
        fires = [seconds for alarm in alarms if (seconds := dead_time(alarm, {}).fires) is not None]
        return Outcome(
            pages=report.incidents,
            false=report.incidents if detection is None else detection.false,
            seconds=report.weeks * WEEK,
            in_alarm=max((alarm.seconds[State.ALARM] for alarm in report.alarms), default=0),
            fires=min(fires, default=None),
            caught=sum(window.at is not None for window in detection.windows) if detection else 0,
            windows=len(detection.windows) if detection else 0,
            delay=detection.typical("after_start") if detection else None,
            score=detection.scores["standard"].normalised if detection and detection.windows else None,
        )


def _audible(alarm: MetricAlarm) -> MetricAlarm:
    """The alarm as if it told all its transitions.

    One whose pages a composite alarm sends is tuned as if it sent them, and of one that does not tell its ends everything
    would be one endless incident.
    """
    about = alarm.about
    told = about.alarm_actions or ("tuned",)
    return replace(
        alarm, about=replace(about, actions_enabled=True, alarm_actions=told, ok_actions=about.ok_actions or told)
    )
