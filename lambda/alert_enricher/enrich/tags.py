"""The alarm's tags: owner, runbook, objective, dashboard, and what it watches."""

import time
from collections.abc import Mapping
from typing import Any

from alert_common.redact import redact

MAX_AGE_SECONDS = 300.0
"""For so long tags are not asked for again: the API allows a few calls a second."""
STALE_SECONDS = 3_600.0
"""For so long old tags are better than none, when they are refused."""
_CACHE_SIZE = 2_000
_cache: dict[str, tuple[float, Mapping[str, str]]] = {}


def known(arn: str) -> Mapping[str, str] | None:
    """Return the tags that were read within five minutes, None without them."""
    return _remembered(arn, MAX_AGE_SECONDS)


def outdated(arn: str) -> Mapping[str, str] | None:
    """Return the tags that were read within the hour, for when they cannot be read now; None without them."""
    return _remembered(arn, STALE_SECONDS)


def fetch(arn: str, cloudwatch: Any) -> Mapping[str, str]:
    """Read an alarm's tags, without secrets, and remember them."""
    response = cloudwatch.list_tags_for_resource(ResourceARN=arn)
    found = {tag["Key"]: redact(tag["Value"]) for tag in response["Tags"]}
    if len(_cache) >= _CACHE_SIZE:
        _cache.clear()
    _cache[arn] = (time.monotonic(), found)
    return found


def _remembered(arn: str, seconds: float) -> Mapping[str, str] | None:
    at, found = _cache.get(arn, (0.0, None))
    return found if found is not None and time.monotonic() - at < seconds else None
