"""CloudTrail's event history, asked as seldom as it allows: two lookups a second for a whole account and region.

Lookups are by the name of the event: SageMaker's records carry no resources to look up by, and one answer serves the alerts of
all endpoints. So answers are kept for a minute, and one process asks one thing at a time.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

APART_SECONDS = 0.5
"""Between two lookups."""
MAX_AGE_SECONDS = 60.0
ROUND = timedelta(minutes=5)
"""Windows end on such a mark, so that alerts which come together ask for the same."""
PAGE = 50
"""The most events that one lookup returns, the newest first."""
_CACHE_SIZE = 200

_lock = Lock()
_asked_at = 0.0
_cache: dict[tuple[str, str, datetime, datetime], tuple[float, tuple["Event", ...]]] = {}


@dataclass(frozen=True, kw_only=True)
class Event:
    """A call that somebody made, and that worked."""

    at: datetime
    name: str
    who: str
    """The user's or role session's name, or the service that called for them."""
    by_service: str
    """The AWS service that made the call by itself, such as `application-autoscaling.amazonaws.com`; empty for others."""
    asked: Mapping[str, Any]
    """The request's parameters, their names in camel case."""


def lookup(
    name: str, *, start: datetime, end: datetime, region: str, cloudtrail: Any, until: float
) -> tuple[Event, ...]:
    """Return the newest calls of this name, without those that failed.

    Args:
        name: such as `UpdateEndpoint`.
        start: the oldest that is wanted; rounded down to the hour.
        end: the newest; rounded up to five minutes.
        region: where; only what tells answers apart.
        cloudtrail: client.
        until: when (`time.monotonic`) nobody waits any longer.

    Raises:
        TimeoutError: others were asking until then.
    """
    global _asked_at  # noqa: PLW0603 - one account, one limit
    start = start.replace(minute=0, second=0, microsecond=0)
    end = datetime.fromtimestamp(-(-end.timestamp() // ROUND.total_seconds()) * ROUND.total_seconds(), UTC)
    key = (region, name, start, end)
    if (known := _remembered(key)) is not None:
        return known
    if not _lock.acquire(timeout=max(0.0, until - time.monotonic())):
        raise TimeoutError
    try:
        if (known := _remembered(key)) is not None:  # asked for by whoever had the lock
            return known
        now = time.monotonic()
        turn = max(now, _asked_at + APART_SECONDS)
        if turn >= until:
            raise TimeoutError
        time.sleep(turn - now)
        _asked_at = time.monotonic()  # sleeping may have taken longer
        response = cloudtrail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
            StartTime=start,
            EndTime=end,
            MaxResults=PAGE,
        )
        found = tuple(e for record in response.get("Events", []) if (e := _read(record)) is not None)
        if len(_cache) >= _CACHE_SIZE:
            _cache.clear()
        _cache[key] = (time.monotonic(), found)
        return found
    finally:
        _lock.release()


def _remembered(key: tuple[str, str, datetime, datetime]) -> tuple[Event, ...] | None:
    at, known = _cache.get(key, (0.0, None))
    return known if known is not None and time.monotonic() - at < MAX_AGE_SECONDS else None


def _read(record: Mapping[str, Any]) -> Event | None:
    try:
        told = json.loads(record.get("CloudTrailEvent", ""))
    except ValueError:
        return None
    if not isinstance(told, dict) or told.get("errorCode"):
        return None
    identity, asked = told.get("userIdentity"), told.get("requestParameters")
    by_service = str(identity.get("invokedBy", "")) if isinstance(identity, dict) else ""
    return Event(
        at=record["EventTime"].astimezone(UTC),
        name=record.get("EventName", ""),
        who=record.get("Username", "") or by_service,
        by_service=by_service,
        asked=asked if isinstance(asked, dict) else {},
    )
