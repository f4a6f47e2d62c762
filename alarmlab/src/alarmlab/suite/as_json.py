"""Results as JSON, for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from alarmlab.engine.run import Run
from alarmlab.errors import InputError
from alarmlab.model.labels import severity_of
from alarmlab.paging import incidents, pages
from alarmlab.suite.bind import Case
from alarmlab.suite.checks import Failure
from alarmlab.suite.run import Outcome, Result
from alarmlab.times import iso

VERSION = 1
"""Of the format: higher when a program that reads it has to change."""


def as_json(
    results: Sequence[Result], *, broken: Sequence[InputError] = (), refused: Mapping[str, InputError] | None = None
) -> str:
    """The document: `{"version", "summary", "tests", "errors", "refused"}`; moments are ISO 8601, durations seconds.

    Args:
        results: of all tests.
        broken: why files could not be read.
        refused: alarms that were not evaluated, with the reasons.
    """
    counts = {outcome.value: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    document = {
        "version": VERSION,
        "summary": {**counts, "unreadable": len(broken)},
        "tests": [_test(result) for result in results],
        "errors": [str(error) for error in broken],
        "refused": {id: str(error) for id, error in (refused or {}).items()},
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _test(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = {
        "file": result.suite.shown,
        "line": result.test.field.line,
        "name": result.test.name,
        "outcome": result.outcome.value,
        "seconds": round(result.seconds, 6),
        "failures": [_failure(failure) for failure in result.failures],
        "error": None if result.error is None else str(result.error),
        "warnings": list(result.case.warnings) if result.case is not None else [],
    }
    if result.case is not None and result.run is not None:
        found |= _happened(result.case, result.run)
    return found


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "line": failure.expectation.field.line,
        "expected": failure.expected,
        "happened": failure.happened,
        "details": list(failure.details),
        "alarms": list(failure.alarms),
    }


def _happened(case: Case, run: Run) -> dict[str, Any]:
    return {
        "start": iso(run.start),
        "end": iso(run.end),
        "alarms": {
            id: {
                "initial": timeline.initial.value,
                "changes": [{"at": iso(at), "to": to.value} for at, to in zip(timeline.at, timeline.to, strict=True)],
            }
            for id, timeline in run.timelines.items()
        },
        "pages": [
            {"at": iso(told.at), "alarm": told.alarm, "severity": severity_of(case.alarms[told.alarm])}
            for told in pages(run)
        ],
        "incidents": [
            {
                "opened_at": iso(one.opened_at),
                "resource": one.resource,
                "severity": one.severity,
                "alarms": list(one.members),
            }
            for one in incidents(run, case.alarms.values())
        ],
    }
