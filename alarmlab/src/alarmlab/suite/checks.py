"""Expectations against what happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alarmlab.engine.run import Run, Timeline, Told
from alarmlab.model.labels import severity_of
from alarmlab.model.states import State
from alarmlab.paging import Incident, incidents, pages
from alarmlab.suite.bind import Case
from alarmlab.suite.model import Expectation, ExpectedCount, ExpectedState
from alarmlab.times import written

_MOST_NAMED = 8


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An expectation that was not met.

    Args:
        expectation: as it was written.
        expected: in words.
        happened: in words.
        details: why, a line each.
        alarms: ids of those whose timelines show it.
    """

    expectation: Expectation
    expected: str
    happened: str
    details: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line."""
        return f"expected {self.expected}: {self.happened}"


def check(expectation: Expectation, case: Case, run: Run) -> Failure | None:
    """What was not met, None where all is as expected."""
    if isinstance(expectation, ExpectedState):
        return _check_state(expectation, case, run)
    return _check_count(expectation, case, run)


def expected_words(expectation: Expectation, start: int) -> str:
    """The expectation in words: `ALARM at 41m`, `2 pages of severity critical`."""
    if isinstance(expectation, ExpectedState):
        at = written(expectation.first - start)
        if expectation.first == expectation.last:
            return f"{expectation.state} at {at}"
        return f"{expectation.state} between {at} and {written(expectation.last - start)}"
    noun = expectation.what if expectation.count != 1 else expectation.what.removesuffix("s")
    words = f"{expectation.count} {noun}"
    words += f" of {expectation.alarm}" if expectation.alarm else ""
    words += f" of severity {expectation.severity}" if expectation.severity else ""
    words += f" from {written(expectation.first - start)}" if expectation.first is not None else ""
    return words + (f" to {written(expectation.last - start)}" if expectation.last is not None else "")


def _check_state(expectation: ExpectedState, case: Case, run: Run) -> Failure | None:
    id, start = case.named[expectation.alarm], case.test.start
    timeline = run.timelines[id]
    first, last = expectation.first, expectation.last
    seen = [timeline.state(first)]
    seen += [to for at, to in zip(timeline.at, timeline.to, strict=True) if first < at <= last]
    if expectation.state in seen:
        return None
    return Failure(
        expectation=expectation,
        expected=f"{expectation.alarm} in {expected_words(expectation, start)}",
        happened=f"{_then(timeline, first, last, start)}; {_otherwise(timeline, expectation, run)}",
        alarms=(id,),
    )


def _then(timeline: Timeline, first: int, last: int, start: int) -> str:
    """`it was OK since 12m`."""
    state = timeline.state(first)
    since = max((at for at in timeline.at if at <= first), default=None)
    words = f"it was {state} " + ("from the start" if since is None else f"since {written(since - start)}")
    later = [
        f"{to} from {written(at - start)}"
        for at, to in zip(timeline.at, timeline.to, strict=True)
        if first < at <= last
    ]
    return ", ".join([words, *later[:_MOST_NAMED]])


def _otherwise(timeline: Timeline, expectation: ExpectedState, run: Run) -> str:
    """When it was in the state that was expected, nearest to when it was expected."""
    spans = [(begin, end) for begin, end, state in timeline.spans(run.start, run.end + 1) if state is expectation.state]
    if not spans:
        return f"it never was {expectation.state}"
    begin, end = min(spans, key=lambda span: max(span[0] - expectation.last, expectation.first - span[1]))
    if end > run.end:
        return f"it was {expectation.state} only from {written(begin - run.start)}"
    return f"it was {expectation.state} from {written(begin - run.start)} to {written(end - run.start)}"


def _check_count(expectation: ExpectedCount, case: Case, run: Run) -> Failure | None:
    first = case.test.start if expectation.first is None else expectation.first
    last = run.end if expectation.last is None else expectation.last
    found: Sequence[Told | Incident]
    if expectation.what == "pages":
        sent = [told for told in pages(run) if first <= told.at <= last]
        counted = [told for told in sent if _is_meant(told, expectation, case)]
        found, details = counted, tuple(_page_details(counted, sent, case, run))
    else:
        opened = [one for one in incidents(run, case.alarms.values()) if first <= one.opened_at <= last]
        found = [one for one in opened if expectation.severity.lower() in ("", one.severity)]
        details = tuple(_incident_details(opened, case))
    if len(found) == expectation.count:
        return None
    return Failure(
        expectation=expectation,
        expected=expected_words(expectation, case.test.start),
        happened=f"there {'was' if len(found) == 1 else 'were'} {len(found) or 'none'}",
        details=details[:_MOST_NAMED],
        alarms=tuple(_went_off(expectation, case, run)),
    )


def _is_meant(told: Told, expectation: ExpectedCount, case: Case) -> bool:
    wanted = case.named[expectation.alarm] if expectation.alarm else told.alarm
    severity = severity_of(case.alarms[told.alarm])
    return told.alarm == wanted and expectation.severity.lower() in ("", severity)


def _page_details(counted: Sequence[Told], sent: Sequence[Told], case: Case, run: Run) -> Iterator[str]:
    """The pages that were counted, those that were not, and the alarms that told nobody."""
    for told in sent:
        kind = (
            f"severity {severity_of(case.alarms[told.alarm])}"
            if severity_of(case.alarms[told.alarm])
            else "no severity"
        )
        aside = "" if told in counted else ", not counted"
        yield f"{case.alarms[told.alarm].about.name} paged at {written(told.at - case.test.start)} ({kind}{aside})"
    told_at = {(told.alarm, told.changed_at): told for told in run.told if told.state is State.ALARM}
    silent = False
    for id, timeline in run.timelines.items():
        for at, to in zip(timeline.at, timeline.to, strict=True):
            told_then = told_at.get((id, at))
            if to is not State.ALARM or (told_then is not None and not told_then.held_back_by):
                continue
            silent = True
            went_at = written(at - case.test.start)
            yield f"{case.alarms[id].about.name} went into ALARM at {went_at}, but {_why_silent(id, told_then, case)}"
    if not sent and not silent:
        standing = [id for id, timeline in run.timelines.items() if timeline.initial is State.ALARM]
        if standing:
            yield f"only going into ALARM pages, and these were in ALARM from the start: {_names(standing, case)}"
        elif run.timelines:
            yield f"no alarm that takes part went into ALARM: {_names([*run.timelines], case)}"
        else:
            yield "no alarm takes part: none reads a series of this test, and no expectation names one"


def _names(ids: Sequence[str], case: Case) -> str:
    return ", ".join(case.alarms[id].about.name for id in ids[:_MOST_NAMED])


def _why_silent(id: str, told: Told | None, case: Case) -> str:
    match told.held_back_by if told is not None else "":
        case "disabled":
            return "its actions are disabled (ActionsEnabled: false): nobody is told"
        case "suppressor":
            return "its suppressor held the actions back"
        case "mute":
            return "a mute rule held the actions back"
    if case.alarms[id].about.alarm_actions:
        return "its actions had not run when the test ended"
    return "it has no AlarmActions: nobody is told"


def _incident_details(opened: Sequence[Incident], case: Case) -> Iterator[str]:
    for one in opened:
        opened_at = written(one.opened_at - case.test.start)
        yield f"{one.resource} from {opened_at} (severity {one.severity or 'none'}): {_names(one.members, case)}"


def _went_off(expectation: ExpectedCount, case: Case, run: Run) -> list[str]:
    """The alarms that a picture helps with: those meant that went into ALARM, or else had data, or else those meant."""
    meant = [
        id
        for id, alarm in case.alarms.items()
        if id == (case.named[expectation.alarm] if expectation.alarm else id)
        and expectation.severity.lower() in ("", severity_of(alarm))
    ] or [*case.alarms]
    went_off = [id for id in meant if State.ALARM in run.timelines[id].to]
    return went_off or [id for id in meant if id in case.fed] or meant
