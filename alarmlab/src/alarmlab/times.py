"""Durations and moments, as people write and read them: suites, recordings, options, reports.

https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations
"""

import math
import re
from datetime import UTC, datetime

from alarmlab.errors import InputError

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]+){unit})?" for unit in _SECONDS))
_MILLISECONDS = 100_000_000_000
"""Unix times beyond this are milliseconds: as seconds they would lie in the year 5138."""
_LAST = 253_402_300_799
"""The last second of the year 9999, beyond which there are no dates."""
_FIX = "write a duration such as 90s, 41m, 1h30m or 2d"


def seconds_of(text: str) -> int:
    """Seconds of `41m`, `1h30m`, `10s`, `2d`; as for promtool the units come in descending order, and only 0 needs none.

    Raises:
        InputError: says how to write it.
    """
    match = _DURATION.fullmatch(text)
    if text == "0":
        return 0
    if match is None or not text:
        hint = f" ({text}s for seconds, {text}m for minutes)" if text.isdigit() else ""
        raise InputError(f"{_FIX}{hint}")
    seconds = sum(int(match[unit] or 0) * length for unit, length in _SECONDS.items())
    if seconds > 10 * 366 * 86_400:
        raise InputError("more than ten years: a test that long is a slip of the keyboard")
    return seconds


def written(seconds: float) -> str:
    """The duration in the shortest way: `1h30m`."""
    if seconds < 0:
        return "-" + written(-seconds)
    rest, parts = round(seconds), []
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, _SECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0m"


def moment_of(text: str) -> int:
    """Unix seconds of an ISO 8601 time (UTC where it does not say), or of Unix seconds or milliseconds.

    Raises:
        InputError: says how to write it.
    """
    try:
        parsed = None if _is_number(text) else datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError("write a time such as 2026-01-05T09:00:00Z, or Unix seconds") from None
    if parsed is None:
        number = float(text)
        number = number / 1000 if abs(number) > _MILLISECONDS else number
        if abs(number) > _LAST:
            raise InputError("write a time before the year 10000")
        return math.floor(number)
    return math.floor((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def iso(moment: int) -> str:
    """A moment for programs: `2026-01-05T09:00:00Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute(moment: int) -> str:
    """A moment for people, in UTC: `2026-01-05 09:00`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")


def _is_number(text: str) -> bool:
    # What has eight digits is a date: 20260105.
    return text.strip().lstrip("-").replace(".", "", 1).isdecimal() and len(text.strip()) > len("20260105")
