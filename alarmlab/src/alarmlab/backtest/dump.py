"""The report as plain data, for other programs."""

import math
from collections.abc import Mapping
from typing import Any

from alarmlab.backtest.detection import Caught, Detection
from alarmlab.backtest.report import AlarmReport, CaseReport, Report
from alarmlab.paging import Incident
from alarmlab.times import iso


def as_json(report: Report) -> Mapping[str, Any]:
    """All figures: times in ISO 8601, durations in seconds, shares between 0 and 1, null for what is not known."""
    return {
        "weeks": report.weeks,
        "alarms": [_alarm(alarm, report.weeks) for alarm in report.alarms],
        "incidents": report.incidents,
        "pages": report.pages,
        "detection": _detection(report.detection, report.weeks),
        "refused": dict(report.refused),
        "recordings": [_case(case) for case in report.cases],
    }


def _case(case: CaseReport) -> Mapping[str, Any]:
    run, weeks = case.replay.run, case.seconds / 604_800
    return {
        "name": case.case.name,
        "start": iso(run.start),
        "end": iso(run.end),
        "notes": list(case.case.notes),
        "alarms": [
            {
                **_alarm(alarm, weeks),
                "paged_at": [iso(page) for page in alarm.pages],
                "states": [
                    {"from": iso(start), "state": state}
                    for start, _, state in run.timelines[alarm.id].spans(run.start, run.end)
                ],
            }
            for alarm in case.alarms
        ],
        "incidents": [_incident(incident) for incident in case.incidents],
        "detection": _detection(case.detection, weeks),
    }


def _alarm(alarm: AlarmReport, weeks: float) -> Mapping[str, Any]:
    return {
        "alarm": alarm.id,
        "name": alarm.name,
        "severity": alarm.severity,
        "resource": alarm.resource,
        "pages": len(alarm.pages),
        "held_back": alarm.held_back,
        "onsets": alarm.onsets,
        "flaps": alarm.flaps,
        "seconds": dict(alarm.seconds),
        "detection": _detection(alarm.detection, weeks),
    }


def _incident(incident: Incident) -> Mapping[str, Any]:
    return {
        "resource": incident.resource,
        "severity": incident.severity,
        "opened_at": iso(incident.opened_at),
        "settled_at": None if incident.settled_at is None else iso(incident.settled_at),
        "alarms": list(incident.members),
        "pages": [{"at": iso(page.at), "alarm": page.alarm} for page in incident.pages],
    }


def _detection(detection: Detection | None, weeks: float) -> Mapping[str, Any] | None:
    if detection is None:
        return None
    scores = {name: score.normalised for name, score in detection.scores.items()}
    return {
        "true": detection.true,
        "false": detection.false,
        "false_per_week": detection.false / weeks,
        "precision": detection.precision,
        "recall": detection.recall,
        "median_after_start": detection.typical("after_start"),
        "median_after_label": detection.typical("after_label"),
        "median_reset": detection.typical("reset"),
        "nab": {name: None if math.isnan(value) else value for name, value in scores.items()},
        "windows": [_window(window) for window in detection.windows],
    }


def _window(window: Caught) -> Mapping[str, Any]:
    return {
        "start": iso(window.start),
        "end": iso(window.end),
        "told_at": None if window.at is None else iso(window.at),
        "was_on": window.was_on,
        "after_start": window.after_start,
        "after_label": window.after_label,
        "reset": window.reset,
    }
