"""Alarm mute rules: when the actions of which alarms do not run.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAlarmMuteRule.html
"""

import re
from calendar import day_abbr, month_abbr
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alarmlab.errors import InputError
from alarmlab.model import members as m
from alarmlab.model.zones import zone

MUTE_RULE = "AWS::CloudWatch::AlarmMuteRule"
_PROPERTIES = frozenset(("Name", "Description", "Rule", "MuteTargets", "StartDate", "ExpireDate", "Tags"))
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
    """One rule.

    Args:
        name: of the rule.
        alarms: the ids of the alarms whose actions it mutes; names where there is no template.
        minutes: how long each window lasts.
        begins: the moment of an `at` expression, else None.
        fields: the values that each field of a cron expression allows, else empty.
        days_restricted: whether day of month, and day of week, say something.
        zone: of the expression.
        start: no window before it; None for any.
        expire: no window after it; None for any.
    """

    name: str
    alarms: tuple[str, ...]
    minutes: int
    begins: datetime | None
    fields: tuple[frozenset[int], ...]
    days_restricted: tuple[bool, bool]
    zone: ZoneInfo
    start: datetime | None = None
    expire: datetime | None = None

    def until(self, at: float) -> float | None:
        """The end of the window that `at` (Unix seconds) lies in, None outside of every window."""
        moment = datetime.fromtimestamp(at, UTC)
        if (self.start and moment < self.start) or (self.expire and moment >= self.expire):
            return None
        end = self._end(moment)
        return None if end is None else min(end, self.expire or end).timestamp()

    def is_expired(self, at: float) -> bool:
        """Whether no window is to come."""
        over = self.begins is not None and self.begins.timestamp() + self.minutes * 60 <= at
        return over or (self.expire is not None and self.expire.timestamp() <= at)

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


def read_mute_rule(properties: Mapping[str, Any], *, id: str) -> MuteRule:
    """The rule that properties describe, which are the members of PutAlarmMuteRule.

    Raises:
        InputError: one line that names the rule, the member, its value and the fix.
    """
    try:
        return _read(properties, id)
    except InputError as error:
        raise m.within(f"mute rule {id!r}", error) from error


def _read(properties: Mapping[str, Any], id: str) -> MuteRule:
    m.refuse_unknown(properties, _PROPERTIES, MUTE_RULE)
    schedule = m.required_mapping(m.required_mapping(properties, "Rule"), "Schedule")
    expression = m.required_text(schedule, "Expression")
    found = _EXPRESSION.fullmatch(expression)
    if found is None:
        raise InputError(f"Expression: {expression!r} is neither cron(minute hour day month weekday) nor at(date)")
    of = zone(m.text(schedule, "Timezone") or "UTC")
    at, inside = found[1] == "at", found[2]
    fields = () if at else _cron(inside)
    parts = inside.split()
    return MuteRule(
        name=m.text(properties, "Name") or id,
        alarms=m.texts(m.mapping(properties, "MuteTargets") or {}, "AlarmNames"),
        minutes=_minutes(m.required_text(schedule, "Duration")),
        begins=_moment("Expression", inside).replace(tzinfo=of) if at else None,
        fields=fields,
        days_restricted=(parts[2] != "*", parts[4] != "*") if fields else (False, False),
        zone=of,
        start=_time(properties, "StartDate"),
        expire=_time(properties, "ExpireDate"),
    )


def _minutes(duration: str) -> int:
    found = _DURATION.fullmatch(duration)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = days * 1440 + hours * 60 + minutes
    if not _LEAST_MINUTES <= total <= _MOST_MINUTES:
        raise InputError(f"Duration: {duration!r} is not between PT1M and P15D")
    return total


def _cron(text: str) -> tuple[frozenset[int], ...]:
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise InputError(f"Expression: cron({text}) has {len(parts)} fields; it needs {len(_FIELDS)}")
    return tuple(_values(part, *field) for part, field in zip(parts, _FIELDS, strict=True))


def _values(text: str, name: str, least: int, most: int) -> frozenset[int]:
    values: set[int] = set()
    for item in text.upper().split(","):
        span = _span(item, name, least, most)
        if not span or span[0] < least or span[-1] > most:
            raise InputError(f"Expression: {item!r} is no {name}: use numbers or names, with * - , and /")
        values.update(span)
    return frozenset(value % 7 if name == "day of week" else value for value in values)


def _span(item: str, name: str, least: int, most: int) -> range:
    """`*`, `5`, `1-5`, `*/15`, `MON-FRI` or `10-40/10`; empty for what is none of these."""
    whole, _, step = item.partition("/")
    first, dash, last = (_NAMES.get(part, part) for part in whole.partition("-"))
    if whole == "*":
        first, dash, last = str(least), "-", str(most)
    if name == "day of week" and dash and last == "0":
        last = "7"
    if not dash:
        last = str(most) if step else first
    numbers = (first, last, step or "1")
    if not all(number.isdecimal() for number in numbers) or int(numbers[2]) == 0:
        return range(0)
    return range(int(first), int(last) + 1, int(numbers[2]))


def _time(properties: Mapping[str, Any], name: str) -> datetime | None:
    """A timestamp of the API (Unix seconds) or of a template (ISO, UTC unless it says otherwise)."""
    value = properties.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    moment = value if isinstance(value, datetime) else _moment(name, str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(name: str, value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise InputError(f"{name}: {value!r} is no date and time such as 2026-01-05T09:00:00") from error
