"""The report as a person reads it in a terminal."""

import math
from collections.abc import Iterator, Sequence

from alarmlab.backtest.detection import Detection
from alarmlab.backtest.replay import metrics_of
from alarmlab.backtest.report import AlarmReport, CaseReport, Report
from alarmlab.model.states import State
from alarmlab.paging import Incident
from alarmlab.times import minute, written

PROFILES = {"standard": "standard", "reward_low_FP_rate": "low FP", "reward_low_FN_rate": "low FN"}
"""Names of NAB's profiles, as people say them."""
_MOST_ROWS = 15
_MOST_NOTES = 6


def lines(report: Report) -> Iterator[str]:
    """The report, line by line."""
    weeks = report.weeks
    labelled = report.detection is not None
    yield f"{_count(len(report.cases), 'recording')}, {written(round(weeks * 604_800 / 60) * 60)} in all"
    notes = remarks(report)
    yield from (f"  note: {note}" for note in notes[:_MOST_NOTES])
    if len(notes) > _MOST_NOTES:
        yield f"  ... and {len(notes) - _MOST_NOTES} notes more (--json has them)"
    for id, why in report.refused.items():
        yield f"  not evaluated: {id}: {why}"
    yield ""
    yield "Alarms"
    header = ("alarm", "severity", "pages", "held back", "onsets", "flaps", "OK", "ALARM", "no data")
    yield from _table(
        (*header, *_DETECTION) if labelled else header, [_alarm(alarm, weeks, labelled) for alarm in report.alarms]
    )
    yield ""
    yield "Incidents (what people are told)"
    yield from _incidents(report, labelled)
    if labelled:
        yield from _verdict(report)


def remarks(report: Report) -> list[str]:
    """What is odd about the recordings, and about alarms on them."""
    found = [*_endless(report), *(note for case in report.cases for note in case.case.notes)]
    for case in report.cases:
        for alarm in case.replay.alarms:
            absent = [str(metric) for metric in metrics_of(alarm) if metric not in case.case.shelf.series]
            if absent:
                found.append(f"{alarm.about.name}: not recorded in {case.case.name}, so missing: {'; '.join(absent)}")
    return found


def _endless(report: Report) -> Iterator[str]:
    alarms = {alarm.about.id: alarm for case in report.cases for alarm in case.replay.alarms}
    for alarm in report.alarms:
        if alarm.pages and not alarms[alarm.id].about.ok_actions:
            yield f"{alarm.name}: it has no OKActions: nobody is told when it ends, so its incidents never do"


_DETECTION = ("false/week", "precision", "recall", "after start", "after label", "reset")


def _alarm(alarm: AlarmReport, weeks: float, labelled: bool) -> tuple[str, ...]:  # noqa: FBT001
    whole = sum(alarm.seconds.values()) or 1
    shares = (share(alarm.seconds[state] / whole) for state in (State.OK, State.ALARM, State.INSUFFICIENT_DATA))
    counts = (str(len(alarm.pages)), str(alarm.held_back), str(alarm.onsets), str(alarm.flaps))
    row = (alarm.name, alarm.severity or "-", *counts, *shares)
    return (*row, *detected(alarm.detection, weeks)) if labelled else row


def detected(detection: Detection | None, weeks: float) -> tuple[str, ...]:
    """False alarms a week, precision, recall, times of detection and reset; dashes where there is nothing to say."""
    if detection is None:
        return ("-",) * len(_DETECTION)
    return (
        f"{detection.false / weeks:.2f}" if weeks else "-",
        share(detection.precision),
        share(detection.recall),
        duration(detection.typical("after_start")),
        duration(detection.typical("after_label")),
        duration(detection.typical("reset")),
    )


def _incidents(report: Report, labelled: bool) -> Iterator[str]:  # noqa: FBT001
    if len(report.cases) > 1:
        header = ("recording", "incidents", "pages", *(("windows", "false") if labelled else ()))
        yield from _table(header, [_case(case, labelled) for case in report.cases])
    elif report.incidents:
        found = report.cases[0].incidents
        rows = [_incident(incident, report.cases[0]) for incident in found[:_MOST_ROWS]]
        yield from _table(("opened", "resource", "severity", "pages", "lasted", "alarms"), rows)
        if len(found) > _MOST_ROWS:
            yield f"  ... and {len(found) - _MOST_ROWS} more (--html and --json have them)"
    each = f", {report.pages / report.incidents:.1f} pages each" if report.incidents else ""
    yield f"  {_count(report.incidents, 'incident')}{each}, {report.incidents / report.weeks:.2f} a week"


def _case(case: CaseReport, labelled: bool) -> tuple[str, ...]:  # noqa: FBT001
    row = (case.case.name, str(len(case.incidents)), str(sum(len(incident.pages) for incident in case.incidents)))
    if not labelled:
        return row
    found = case.detection
    if found is None:
        return (*row, "-", "-")
    caught = sum(window.at is not None for window in found.windows)
    return (*row, f"{caught}/{len(found.windows)}", str(found.false))


def _incident(incident: Incident, case: CaseReport) -> tuple[str, ...]:
    return (
        minute(incident.opened_at),
        incident.resource,
        incident.severity or "-",
        str(len(incident.pages)),
        lasted(incident, case.replay.run.end),
        ", ".join(names(incident, case)),
    )


def names(incident: Incident, case: CaseReport) -> list[str]:
    """Its alarms, as people know them."""
    known = {alarm.id: alarm.name for alarm in case.alarms}
    return [known[id] for id in incident.members]


def lasted(incident: Incident, end: int) -> str:
    """How long an incident was open."""
    if incident.settled_at is None:
        return f"{written(end - incident.opened_at)}, still open"
    return written(incident.settled_at - incident.opened_at)


def _verdict(report: Report) -> Iterator[str]:
    detection = report.detection
    if detection is None:
        return
    caught = sum(window.at is not None for window in detection.windows)
    per_week, precision, recall, *_ = detected(detection, report.weeks)
    yield f"  {caught} of {_count(len(detection.windows), 'labelled window')} told (recall {recall})"
    standing = sum(window.at is None and window.was_on for window in detection.windows)
    if standing:
        yield f"  {standing} of those not told began while an incident was open"
    yield f"  {detection.false} false, {per_week} a week (precision {precision})"
    if caught:
        after = (around(detection.typical(figure), what) for figure, what in AROUND.items())
        start, label, reset = (f"{length} {when}" for length, when in after)
        yield f"  median: told {start}, {label}; well {reset}"
    scores = ", ".join(f"{name} {score(detection, profile)}" for profile, name in PROFILES.items())
    yield f"  NAB score: {scores}"


def score(detection: Detection, profile: str) -> str:
    """A normalised score; a dash without windows."""
    value = detection.scores[profile].normalised
    return "-" if math.isnan(value) else f"{value:.1f}"


def share(value: float | None) -> str:
    """A share in percent."""
    if value is None:
        return "-"
    return f"{value:.0%}" if value in (0, 1) else f"{min(max(100 * value, 0.1), 99.9):.1f}%"


def duration(seconds: float | None) -> str:
    """A duration to the minute, and below ten minutes to the second."""
    if seconds is None:
        return "-"
    return written(seconds if abs(seconds) < 600 else round(seconds / 60) * 60)


AROUND = {"after_start": "the window's start", "after_label": "its middle (the label)", "reset": "its end"}
"""What the times of a detection are counted from."""


def around(seconds: float | None, what: str) -> tuple[str, str]:
    """A duration, and whether it is before or after something: a dash where it is not known."""
    if seconds is None:
        return "-", f"after {what}"
    return duration(abs(seconds)), f"{'before' if seconds < 0 else 'after'} {what}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns, figures to the right."""
    if not rows:
        yield "  none"
        return
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    words = [any(cell[:1].isalpha() for cell in (row[column] for row in rows)) for column in range(len(header))]
    for row in (header, *rows):
        cells = [
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(row, widths, words, strict=True)
        ]
        yield f"  {'  '.join(cells)}".rstrip()
