"""The alarm's tags: owner, runbook, objective, dashboard, and what it watches."""

import time
from collections.abc import Mapping
from typing import Any

from alert_common import tags as tag
from alert_common.alert import Alert, Resource
from alert_common.redact import redact

MAX_AGE_SECONDS = 300.0
_CACHE_SIZE = 512
_cache: dict[str, tuple[float, Mapping[str, str]]] = {}


def fetch(alert: Alert, cloudwatch: Any) -> Mapping[str, str]:
    """Read the alarm's tags, at most every five minutes for one alarm (the API allows a few calls a second)."""
    known = _cache.get(alert.arn)
    if known and time.monotonic() - known[0] < MAX_AGE_SECONDS:
        return known[1]
    response = cloudwatch.list_tags_for_resource(ResourceARN=alert.arn)
    found = {tag["Key"]: redact(tag["Value"]) for tag in response["Tags"]}
    if len(_cache) >= _CACHE_SIZE:
        _cache.clear()
    _cache[alert.arn] = (time.monotonic(), found)
    return found


def resource(tags: Mapping[str, str]) -> Resource | None:
    """Return the endpoint and variant that the tags name."""
    name = tags.get(tag.ENDPOINT, "")
    return Resource(kind="endpoint", name=name, variant=tags.get(tag.VARIANT, "")) if name else None
