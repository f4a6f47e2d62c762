"""The report in words and cells, for a terminal and for a page."""

import math
from collections.abc import Iterator

from alarmlab.backtest.detection import Detection
from alarmlab.backtest.replay import metrics_of
from alarmlab.backtest.report import AlarmReport, CaseReport, Report
from alarmlab.model.states import State
from alarmlab.paging import Incident
from alarmlab.times import minute, written

PROFILES = {"standard": "standard", "reward_low_FP_rate": "low FP", "reward_low_FN_rate": "low FN"}
"""Names of NAB's profiles, as people say them."""
_DETECTION = ("false/week", "precision", "recall", "after start", "after label", "reset")
Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""What stands above the columns, and the rows."""


def alarms(report: Report) -> Table:
    """What each alarm did, and how well where something is labelled."""
    labelled = report.detection is not None
    header = ("alarm", "severity", "pages", "held back", "onsets", "flaps", "OK", "ALARM", "no data")
    rows = [(*_alarm(alarm), *(detected(alarm.detection, report.weeks) if labelled else ())) for alarm in report.alarms]
    return (*header, *(_DETECTION if labelled else ())), rows


def _alarm(alarm: AlarmReport) -> tuple[str, ...]:
    whole = sum(alarm.seconds.values()) or 1
    shares = (share(alarm.seconds[state] / whole) for state in (State.OK, State.ALARM, State.INSUFFICIENT_DATA))
    counts = (str(len(alarm.pages)), str(alarm.held_back), str(alarm.onsets), str(alarm.flaps))
    return (alarm.name, alarm.severity or "-", *counts, *shares)


def incidents(report: Report, *, most: int) -> Table:
    """What people are told, the first ones; in which recording where there are several."""
    several = len(report.cases) > 1
    found = [(case, incident) for case in report.cases for incident in case.incidents][:most]
    rows = [
        (
            minute(incident.opened_at),
            *((case.case.name,) if several else ()),
            incident.resource,
            incident.severity or "-",
            str(len(incident.pages)),
            _lasted(incident, case.replay.run.end),
            ", ".join(_names(incident, case)),
        )
        for case, incident in found
    ]
    return ("opened", *(("recording",) if several else ()), "resource", "severity", "pages", "lasted", "alarms"), rows


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


def _names(incident: Incident, case: CaseReport) -> list[str]:
    """Its alarms, as people know them."""
    known = {alarm.id: alarm.name for alarm in case.alarms}
    return [known[id] for id in incident.members]


def _lasted(incident: Incident, end: int) -> str:
    """How long an incident was open."""
    if incident.settled_at is None:
        return f"{written(end - incident.opened_at)}, still open"
    return written(incident.settled_at - incident.opened_at)


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


def counted(number: int, what: str) -> str:
    """`1 page`, `2 pages`."""
    return f"{number} {plural(what, number)}"


def plural(what: str, number: int) -> str:
    """`page` for one, `pages` for other numbers."""
    return what if number == 1 else f"{what}s"
