"""Reading fields of messages that may hold anything anywhere: a wrong type reads as absent."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from alert_common.redact import redact

TEXT_LIMIT = 6_000
"""Characters kept of any one text, of six bytes each at worst, so that all of an alert fits into one delivery."""


def text(source: Mapping[str, Any], *names: str) -> str:
    """Return the first of the named fields that is a non-empty string (or a number), without secrets, bounded."""
    for name in names:
        value = source.get(name)
        if isinstance(value, str) and value.strip():
            return clean(value.strip())
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def clean(value: str) -> str:
    """Drop secrets, lone surrogates (UTF-8 cannot carry them), and whatever is over the limit."""
    return redact(value[:TEXT_LIMIT].encode("utf-8", "replace").decode())


def mapping(source: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the first of the named fields that is an object, else an empty one."""
    return next((v for n in names if isinstance(v := source.get(n), dict)), {})


def items(source: Mapping[str, Any], *names: str) -> Sequence[Any]:
    """Return the first of the named fields that is a list, else an empty one."""
    return next((v for n in names if isinstance(v := source.get(n), list)), [])


def number(source: Mapping[str, Any], *names: str) -> float | None:
    """Return the first of the named fields that is a finite number, also when it is written as text."""
    return next((v for n in names if (v := finite(source.get(n))) is not None), None)


def finite(value: object) -> float | None:
    """Read one finite number; None for anything else (JSON has no infinity, so one could not travel on)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return result if math.isfinite(result := float(value)) else None
    except (ValueError, OverflowError):
        return None


def whole(source: Mapping[str, Any], *names: str) -> int | None:
    """Return a whole number, None where there is none."""
    value = number(source, *names)
    return int(value) if value is not None else None


def when(source: Mapping[str, Any], *names: str) -> datetime | None:
    """Return the first of the named fields that is a time: ISO 8601, epoch seconds or milliseconds, or RFC 2822."""
    return next((t for n in names if (t := moment(source.get(n))) is not None), None)


def moment(value: object) -> datetime | None:
    """Read one time, UTC; None where it is none, or lies outside 1971 to 2999 (an unset `endsAt` is the year 1)."""
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float) or (isinstance(value, str) and value.strip().replace(".", "", 1).isdigit()):
            epoch = float(value)
            result = datetime.fromtimestamp(epoch / 1000 if epoch > 100_000_000_000 else epoch, UTC)
        elif isinstance(value, str):
            result = _written(value.strip())
        else:
            return None
        result = result.replace(tzinfo=UTC) if result.tzinfo is None else result.astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    return result if 1970 < result.year < 3000 else None


def _written(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return parsedate_to_datetime(value)


def tags(source: Mapping[str, Any]) -> dict[str, str]:
    """Read tags, whether they are an object or a list of `{Key, Value}`."""
    for name in ("Tags", "tags", "alarmTags", "AlarmTags"):
        value = source.get(name)
        if isinstance(value, dict):
            return {clean(str(k)): clean(v) for k, v in value.items() if isinstance(v, str)}
        if isinstance(value, list):
            pairs = [v for v in value if isinstance(v, dict)]
            return {text(p, "Key", "key"): text(p, "Value", "value") for p in pairs if text(p, "Key", "key")}
    return {}


def description(value: str) -> tuple[str, str]:
    """Split an alarm description into what is wrong and what its `First:` line says to do."""
    lines = value.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip().lower().startswith("first:")), None)
    if first is None:
        return value.strip(), ""
    action = " ".join([lines[first].strip()[len("first:") :], *lines[first + 1 :]])
    return "\n".join(lines[:first]).strip(), " ".join(action.split())
