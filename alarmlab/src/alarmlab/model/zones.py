"""Time zones as CloudWatch takes them."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alarmlab.errors import InputError

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})")
_YEARS = range(2020, 2040)
_STEP = 300
"""Seconds: the offset of a time zone must be a multiple of it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
"""


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises:
        InputError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"Timezone: {name!r} is not known; use one such as Europe/Berlin") from error


def is_aligned_with_utc(name: str, period: int) -> bool:
    """Whether periods of the clock (seconds) begin at the same moments as in UTC, all year round.

    Args:
        name: an IANA name, `Z`, or an offset such as `+05:30` or `UTC+05:30`.
        period: seconds.

    Raises:
        InputError: the name is not known; its offset is not one that CloudWatch takes.
    """
    offsets = [offset.total_seconds() for offset in _offsets(name)]
    if any(offset % _STEP for offset in offsets):
        raise InputError(f"Timezone: {name!r}: its offset from UTC must be a multiple of 5 minutes")
    return all(offset % period == 0 for offset in offsets)


def _offsets(name: str) -> set[timedelta]:
    if name == "Z":
        return {timedelta()}
    found = _OFFSET.fullmatch(name)
    if found is not None:
        return {timedelta(hours=int(found[1] + found[2]), minutes=int(found[1] + found[3]))}
    of = zone(name)
    moments = [datetime(year, month, 1, tzinfo=UTC) for year in _YEARS for month in range(1, 13)]
    return {moment.astimezone(of).utcoffset() or timedelta() for moment in moments}
