"""Alarm mute rules: when the actions of which alarms do not run.

Sources: the CloudWatch user guide, "How alarm mute rules work"; the API reference, `PutAlarmMuteRule`.
"""

import re
from calendar import day_abbr, month_abbr
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_EXPRESSION = re.compile(r"(at|cron)\((.+)\)")
_LEAST_MINUTES, _MOST_MINUTES = 1, 15 * 1440
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))
_NAMES = {
    **{month_abbr[number].upper(): str(number) for number in range(1, 13)},
    **{day_abbr[(number - 1) % 7].upper(): str(number) for number in range(7)},
}


@dataclass(frozen=True, kw_only=True)
class MuteRule:
    """One rule, as CloudWatch has it.

    Args:
        request: the members of PutAlarmMuteRule.
        minutes: how long each window lasts.
        begins: the moment of an `at` expression, else None.
        fields: the values that each field of a cron expression allows, else empty.
        days_restricted: whether day of month, and day of week, say something.
        zone: of the expression.
    """

    request: Mapping[str, Any]
    minutes: int
    begins: datetime | None
    fields: tuple[frozenset[int], ...]
    days_restricted: tuple[bool, bool]
    zone: ZoneInfo

    @property
    def alarm_names(self) -> list[str]:
        """The alarms whose actions it mutes."""
        return list((self.request.get("MuteTargets") or {}).get("AlarmNames") or [])

    def until(self, at: float) -> float | None:
        """The end of the window that `at` (Unix seconds) lies in, None outside of every window."""
        moment = datetime.fromtimestamp(at, UTC)
        start, expire = _time(self.request.get("StartDate")), _time(self.request.get("ExpireDate"))
        if (start and moment < start) or (expire and moment >= expire):
            return None
        end = self._end(moment)
        return None if end is None else min(end, expire or end).timestamp()

    def is_expired(self, at: float) -> bool:
        """Whether no window is to come."""
        expire = _time(self.request.get("ExpireDate"))
        over = self.begins is not None and self.begins.timestamp() + self.minutes * 60 <= at
        return over or (expire is not None and expire.timestamp() <= at)

    def _end(self, moment: datetime) -> datetime | None:
        length = timedelta(minutes=self.minutes)
        if self.begins is not None:
            return self.begins + length if self.begins <= moment < self.begins + length else None
        minute = moment.replace(second=0, microsecond=0)
        starts = (minute - timedelta(minutes=back) for back in range(self.minutes))
        begun = next((start for start in starts if self._matches(start.astimezone(self.zone))), None)
        return None if begun is None else begun + length

    def _matches(self, local: datetime) -> bool:
        minutes, hours, days, months, weekdays = self.fields
        by_day, by_weekday = local.day in days, local.isoweekday() % 7 in weekdays
        # As in cron: when both say something, one of them is enough.
        day = by_day or by_weekday if all(self.days_restricted) else by_day and by_weekday
        return local.minute in minutes and local.hour in hours and local.month in months and day


def read_rule(request: Mapping[str, Any]) -> MuteRule:
    """The rule that a request of PutAlarmMuteRule describes.

    Raises:
        ValueError: one line that names the member, its value and the fix.
    """
    schedule = request["Rule"]["Schedule"]
    expression, duration = schedule["Expression"], schedule["Duration"]
    found = _EXPRESSION.fullmatch(expression)
    if found is None:
        raise ValueError(f"Expression: {expression!r} is neither cron(minute hour day month weekday) nor at(date)")
    try:
        zone = ZoneInfo(schedule.get("Timezone") or "UTC")
    except (KeyError, ValueError) as error:
        raise ValueError(f"Timezone: {schedule['Timezone']!r} is not known; use one such as Europe/Berlin") from error
    at = found[1] == "at"
    begins = datetime.fromisoformat(found[2]).replace(tzinfo=zone) if at else None
    fields = () if at else _cron(found[2])
    parts = found[2].split()
    return MuteRule(
        request=request,
        minutes=_minutes(duration),
        begins=begins,
        fields=fields,
        days_restricted=(parts[2] != "*", parts[4] != "*") if fields else (False, False),
        zone=zone,
    )


def _minutes(duration: str) -> int:
    found = _DURATION.fullmatch(duration)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = days * 1440 + hours * 60 + minutes
    if not _LEAST_MINUTES <= total <= _MOST_MINUTES:
        raise ValueError(f"Duration: {duration!r} is not between PT1M and P15D")
    return total


def _cron(text: str) -> tuple[frozenset[int], ...]:
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f"Expression: cron({text}) has {len(parts)} fields; it needs {len(_FIELDS)}")
    return tuple(_values(part, *field) for part, field in zip(parts, _FIELDS, strict=True))


def _values(text: str, name: str, least: int, most: int) -> frozenset[int]:
    if text == "*":
        return frozenset(range(least, most + 1))
    values: set[int] = set()
    for item in text.upper().split(","):
        first, dash, last = (_NAMES.get(part, part) for part in item.partition("-"))
        try:
            span = range(int(first), int(last if dash else first) + 1)
        except ValueError:
            span = range(0)
        if not span or span[0] < least or span[-1] > most:
            raise ValueError(f"Expression: {item!r} is no {name}: use numbers or names, with - and ,")
        values.update(span)
    return frozenset(value % 7 if name == "day of week" else value for value in values)


def _time(value: object) -> datetime | None:
    """A timestamp of the API (Unix seconds) or of a template (ISO, UTC unless it says otherwise)."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
