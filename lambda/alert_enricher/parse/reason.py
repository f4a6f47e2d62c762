"""The figures in an alarm's state reason: the text says them always, `reasonData` only sometimes."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alert_enricher.parse import fields

_POINT = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?) \((\d\d/\d\d/\d\d \d\d:\d\d:\d\d)\)")
_NUMBER = r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)"
_THRESHOLD = re.compile(rf"the threshold \({_NUMBER}\)")
_BAND = re.compile(rf"lower thresholds \[{_NUMBER}.{{0,2000}}?upper thresholds \[{_NUMBER}", re.S)
_OPERATORS = (
    ("greater than or equal to", "GreaterThanOrEqualToThreshold"),
    ("greater than", "GreaterThanThreshold"),
    ("less than or equal to", "LessThanOrEqualToThreshold"),
    ("less than", "LessThanThreshold"),
)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What the reason says; points are newest first."""

    points: tuple[tuple[datetime | None, float], ...] = ()
    threshold: float | None = None
    band: tuple[float, float] | None = None
    comparison: str = ""
    no_data: bool = False
    """It says that none were received, and that counted."""


def read(text: str, data: object) -> Reason:
    """Read the reason's text, then fill gaps from its data (an object, or JSON text, or absent)."""
    parsed = as_object(data)
    threshold = _THRESHOLD.search(text)
    band = _BAND.search(text)
    return Reason(
        points=_points(text) or _evaluated(parsed),
        threshold=fields.finite(threshold[1]) if threshold else fields.number(parsed, "threshold"),
        band=_pair(fields.finite(band[1]), fields.finite(band[2])) if band else _recent_band(parsed),
        comparison="" if band else next((name for words, name in _OPERATORS if f"{words} the threshold" in text), ""),
        no_data="no datapoints were received" in text.lower(),
    )


def as_object(data: object) -> Mapping[str, Any]:
    """Return the reason data, which comes as JSON text or as an object."""
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except ValueError:
            return {}
    return data if isinstance(data, dict) else {}


def _points(text: str) -> tuple[tuple[datetime, float], ...]:
    points = []
    for written, stamp in _POINT.findall(text):
        value = fields.finite(written)
        try:  # CloudWatch writes day/month/year
            at = datetime.strptime(stamp, "%d/%m/%y %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        if value is not None:
            points.append((at, value))
    return tuple(sorted(points, reverse=True))


def _evaluated(data: Mapping[str, Any]) -> tuple[tuple[datetime | None, float], ...]:
    evaluated = [p for p in fields.items(data, "evaluatedDatapoints") if isinstance(p, dict)]
    points = [(fields.when(p, "timestamp"), v) for p in evaluated if (v := fields.number(p, "value")) is not None]
    dated = sorted(((t, v) for t, v in points if t is not None), reverse=True)
    if dated:
        return tuple(dated)
    start = fields.when(data, "startDate")
    recent = [v for r in fields.items(data, "recentDatapoints") if (v := fields.finite(r)) is not None]
    return tuple((start if i == len(recent) - 1 else None, v) for i, v in enumerate(reversed(recent)))


def _recent_band(data: Mapping[str, Any]) -> tuple[float, float] | None:
    names = ("recentLowerThresholds", "recentUpperThresholds")
    low, high = (
        next((v for r in reversed(fields.items(data, name)) if (v := fields.finite(r)) is not None), None)
        for name in names
    )
    return _pair(low, high)


def _pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    return (low, high) if low is not None and high is not None else None
