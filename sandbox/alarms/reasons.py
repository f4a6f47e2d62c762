"""The words and the JSON with which CloudWatch explains a state."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.alarms.evaluate import AlarmSettings, Datapoint, Missing, State, Verdict

INITIAL_REASON = "Unchecked: Initial alarm creation"

_COMPARED = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_FILLED = {
    Missing.BREACHING: "Breaching",
    Missing.NOT_BREACHING: "NonBreaching",
    Missing.MISSING: "Missing",
    Missing.IGNORE: "Ignored",
}


def timestamp(at: float) -> str:
    """`at` as CloudWatch writes moments in JSON: `2026-11-23T15:04:00.123+0000`."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def reason(settings: AlarmSettings, verdict: Verdict) -> str:
    """StateReason of a verdict that decided on a state."""
    if verdict.state is State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(verdict.filled, 'datapoint')} {_was(verdict.filled)} unknown."
    if not verdict.evaluated:
        return (
            f"Threshold Crossed: no datapoints were received for {_count(verdict.filled, 'period')} and "
            f"{_treated(settings, verdict.filled)}."
        )
    if verdict.filled and settings.missing in (Missing.BREACHING, Missing.NOT_BREACHING):
        number = len(verdict.evaluated)
        return (
            f"Threshold Crossed: {_count(number, 'datapoint')} [{_listed(verdict.evaluated)}] {_was(number)} "
            f"{_relation(settings, verdict)} and {_treated(settings, verdict.filled)}."
        )
    agreeing = [
        point for point in verdict.evaluated if settings.breaches(point.value) == (verdict.state is State.ALARM)
    ]
    least, change = settings.datapoints_to_alarm, "OK -> ALARM"
    if verdict.state is State.OK:
        least, change = settings.evaluation_periods - settings.datapoints_to_alarm + 1, "ALARM -> OK"
    return (
        f"Threshold Crossed: {len(agreeing)} out of the last {_count(len(verdict.evaluated), 'datapoint', of=True)} "
        f"[{_listed(agreeing)}] {_was(len(agreeing))} {_relation(settings, verdict)} "
        f"(minimum {_count(least, 'datapoint')} for {change} transition)."
    )


def reason_data(settings: AlarmSettings, verdict: Verdict, *, at: int, unit: str | None = None) -> str:
    """StateReasonData, a JSON text, of an evaluation at the Unix second `at`."""
    missing = settings.starts(at)[-verdict.filled :] if verdict.filled and not verdict.evaluated else ()
    evaluated: list[dict[str, Any]] = [
        {"timestamp": timestamp(point.start)}
        | ({} if point.samples is None else {"sampleCount": point.samples})
        | {"value": point.value}
        for point in verdict.evaluated
    ] + [{"timestamp": timestamp(start)} for start in reversed(missing)]
    data: dict[str, Any] = {"version": "1.0", "queryDate": timestamp(at)}
    if verdict.evaluated:
        data["startDate"] = timestamp(verdict.evaluated[-1].start)
    if unit:
        data["unit"] = unit
    if settings.stat:
        data["statistic"] = settings.stat
    data |= {
        "period": settings.period,
        "recentDatapoints": [point.value for point in reversed(verdict.evaluated)],
        "threshold": settings.threshold,
        "evaluatedDatapoints": evaluated,
    }
    return json.dumps(data, separators=(",", ":"))


def _count(number: int, noun: str, *, of: bool = False) -> str:
    # "1 out of the last 1 datapoints": CloudWatch always uses the plural there.
    return f"{number} {noun}" if number == 1 and not of else f"{number} {noun}s"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _relation(settings: AlarmSettings, verdict: Verdict) -> str:
    negation = "" if verdict.state is State.ALARM else "not "
    return f"{negation}{_COMPARED[settings.comparison]} the threshold ({settings.threshold})"


def _treated(settings: AlarmSettings, filled: int) -> str:
    return (
        f"{filled} missing datapoint{'s' if filled > 1 else ''} {_was(filled)} treated as [{_FILLED[settings.missing]}]"
    )


def _listed(points: Sequence[Datapoint]) -> str:
    return ", ".join(
        f"{point.value} ({datetime.fromtimestamp(point.start, UTC):%d/%m/%y %H:%M:%S})" for point in points
    )
