"""The words and the JSON with which CloudWatch explains the state of a metric alarm."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from alarmlab.engine.judge import breaches, deciding_points
from alarmlab.engine.window import Floats, Moments
from alarmlab.model.alarms import AlarmSettings
from alarmlab.model.states import Missing, State

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


@dataclass(frozen=True, eq=False, kw_only=True)
class Row:
    """What one evaluation looked at: one value a period, from the oldest to the newest.

    Args:
        values: NaN where there is none.
        starts: where each period begins, Unix seconds.
        counts: of samples, where they are known; NaN otherwise.
        band: the lower and the upper bound of each period, for an alarm on a band.
    """

    values: Floats
    starts: Moments
    counts: Floats | None = None
    band: tuple[Floats, Floats] | None = None


@dataclass(frozen=True, slots=True)
class _Point:
    start: int
    value: float
    breaching: bool
    samples: float | None
    lower: float
    upper: float


def timestamp(at: float) -> str:
    """`at` as CloudWatch writes moments in JSON: `2026-11-23T15:04:00.123+0000`."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def reason(settings: AlarmSettings, state: State, row: Row) -> str:
    """StateReason of an evaluation that put the alarm into `state`."""
    points = _deciding(settings, row)
    filled = settings.evaluation_periods - len(points)
    if state is State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(filled, 'datapoint')} {_was(filled)} unknown."
    if not points:
        return (
            f"{_crossed(settings)}: no datapoints were received for {_count(filled, 'period')} and "
            f"{_treated(settings, filled)}."
        )
    if filled and settings.missing in (Missing.BREACHING, Missing.NOT_BREACHING):
        number = len(points)
        return (
            f"{_crossed(settings)}: {_count(number, 'datapoint')} [{_listed(points)}] {_was(number)} "
            f"{_relation(settings, state, points)} and {_treated(settings, filled)}."
        )
    agreeing = [point for point in points if point.breaching == (state is State.ALARM)]
    least, change = settings.datapoints_to_alarm, "OK -> ALARM"
    if state is State.OK:
        least, change = settings.evaluation_periods - settings.datapoints_to_alarm + 1, "ALARM -> OK"
    return (
        f"{_crossed(settings)}: {len(agreeing)} out of the last {_count(len(points), 'datapoint', of=True)} "
        f"[{_listed(agreeing)}] {_was(len(agreeing))} {_relation(settings, state, agreeing)} "
        f"(minimum {_count(least, 'datapoint')} for {change} transition)."
    )


def reason_data(settings: AlarmSettings, row: Row, *, at: int, unit: str = "") -> str:
    """StateReasonData, a JSON text, of an evaluation at the Unix second `at`."""
    points = _deciding(settings, row)
    data: dict[str, Any] = {"version": "1.0", "queryDate": timestamp(at)}
    if points:
        data["startDate"] = timestamp(points[-1].start)
    if unit:
        data["unit"] = unit
    if settings.stat:
        data["statistic"] = settings.stat
    data |= {"period": settings.period, "recentDatapoints": [point.value for point in reversed(points)]}
    if row.band is None:
        data["threshold"] = settings.threshold
    else:
        data["recentLowerThresholds"] = [point.lower for point in reversed(points)]
        data["recentUpperThresholds"] = [point.upper for point in reversed(points)]
    data["evaluatedDatapoints"] = list(_evaluated(settings, row, points))
    return json.dumps(data, separators=(",", ":"))


def _evaluated(settings: AlarmSettings, row: Row, points: Sequence[_Point]) -> Iterator[dict[str, Any]]:
    for point in points:
        samples = {} if point.samples is None else {"sampleCount": point.samples}
        yield {"timestamp": timestamp(point.start)} | samples | {"value": point.value}
    if not points:
        for start in row.starts[: -settings.evaluation_periods - 1 : -1]:
            yield {"timestamp": timestamp(int(start))}


def _deciding(settings: AlarmSettings, row: Row) -> list[_Point]:
    """The real datapoints that decided, newest first."""
    values = row.values[np.newaxis, :]
    band = None if row.band is None else (row.band[0][np.newaxis, :], row.band[1][np.newaxis, :])
    breaching = breaches(settings, values, band)[0]
    deciding = np.flatnonzero(deciding_points(~np.isnan(values), settings.evaluation_periods)[0])[::-1]
    lower, upper = row.band or (row.values, row.values)
    return [
        _Point(
            int(row.starts[index]),
            float(row.values[index]),
            bool(breaching[index]),
            None if row.counts is None or np.isnan(row.counts[index]) else float(row.counts[index]),
            float(lower[index]),
            float(upper[index]),
        )
        for index in deciding
    ]


def _crossed(settings: AlarmSettings) -> str:
    return "Threshold Crossed" if settings.threshold is not None else "Thresholds Crossed"


def _count(number: int, noun: str, *, of: bool = False) -> str:
    # "1 out of the last 1 datapoints": CloudWatch always uses the plural there.
    return f"{number} {noun}" if number == 1 and not of else f"{number} {noun}s"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _relation(settings: AlarmSettings, state: State, points: Sequence[_Point]) -> str:
    negation = "" if state is State.ALARM else "not "
    if settings.threshold is not None:
        return f"{negation}{_COMPARED[settings.comparison]} the threshold ({settings.threshold})"
    lower = f"less than the lower thresholds [{', '.join(str(point.lower) for point in points)}]"
    upper = f"greater than the upper thresholds [{', '.join(str(point.upper) for point in points)}]"
    match settings.comparison:
        case "LessThanLowerThreshold":
            return f"{negation}{lower}"
        case "GreaterThanUpperThreshold":
            return f"{negation}{upper}"
        case _:
            return f"{negation}{lower} or {upper}"


def _treated(settings: AlarmSettings, filled: int) -> str:
    return (
        f"{filled} missing datapoint{'s' if filled > 1 else ''} {_was(filled)} treated as [{_FILLED[settings.missing]}]"
    )


def _listed(points: Sequence[_Point]) -> str:
    return ", ".join(
        f"{point.value} ({datetime.fromtimestamp(point.start, UTC):%d/%m/%y %H:%M:%S})" for point in points
    )
