"""What the tests of suites prove of each alarm: that it fires, and that it keeps silent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alarmlab.model.labels import severity_of
from alarmlab.model.states import State
from alarmlab.suite.model import ExpectedCount, ExpectedState
from alarmlab.suite.run import Outcome, Result


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """The tests that say something about one alarm, as `file::name`.

    Args:
        firing: tests that passed and expect it in ALARM.
        silent: tests that passed and in which it has data and never was in ALARM, as they expect: they expect another state
            of it, or no pages where it could have paged.
    """

    firing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


def coverage(results: Iterable[Result]) -> Mapping[str, Coverage]:
    """Coverage by the id of the alarm; an alarm of which no test says anything is not in it."""
    firing: dict[str, list[str]] = {}
    silent: dict[str, list[str]] = {}
    for result in results:
        if result.outcome is not Outcome.PASSED:
            continue
        name = f"{result.suite.shown}::{result.test.name}"
        for id in _fires(result):
            firing.setdefault(id, []).append(name)
        for id in _keeps_silent(result):
            silent.setdefault(id, []).append(name)
    return {
        id: Coverage(firing=tuple(firing.get(id, ())), silent=tuple(silent.get(id, ())))
        for id in sorted({*firing, *silent})
    }


def _fires(result: Result) -> set[str]:
    assert result.case is not None
    return {
        result.case.named[expected.alarm]
        for expected in result.test.expectations
        if isinstance(expected, ExpectedState) and expected.state is State.ALARM
    }


def _keeps_silent(result: Result) -> set[str]:
    case, run = result.case, result.run
    assert case is not None
    assert run is not None
    meant: set[str] = set()
    for expected in result.test.expectations:
        if isinstance(expected, ExpectedState):
            meant |= {case.named[expected.alarm]} if expected.state is not State.ALARM else set()
        elif expected.count == 0:
            meant |= {id for id in case.alarms if _could_page(id, expected, result)}
    return {id for id in meant & case.fed if State.ALARM not in (run.timelines[id].initial, *run.timelines[id].to)}


def _could_page(id: str, expected: ExpectedCount, result: Result) -> bool:
    assert result.case is not None
    alarm = result.case.alarms[id]
    wanted = result.case.named[expected.alarm] if expected.alarm else id
    return id == wanted and expected.severity.lower() in ("", severity_of(alarm)) and bool(alarm.about.alarm_actions)
