"""Reads what became of a test alert from the table of states.

The keys are those of `lambda/alert_common/store.py`; a test holds both together.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a test alert has come."""

    incident: str = ""
    """Its id; empty until the enricher has taken the alert up."""
    digests: Mapping[str, int] | None = None
    """Sinks that are to be told, each with the seconds of its digest (0: at once); fallbacks join. None until that is known."""
    took: frozenset[str] = frozenset()
    """Sinks that took it."""
    over: frozenset[str] = frozenset()
    """Sinks that took its end."""


def group_of(test: str) -> str:
    """Key of the resource that a test alert is about."""
    name = f"test-{test}"
    # Account, region, kind, cluster, namespace, name: a test has no account or region.
    parts = ("", "", "router", "", "", name)
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return f"endpointwatch/{name}/{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def look(dynamodb: Any, *, table: str, group: str) -> Progress:
    """How far the incident of `group` (see `group_of`) has come."""

    def read(key: str) -> Mapping[str, Any]:
        response = dynamodb.get_item(TableName=table, Key={"id": {"S": key}}, ConsistentRead=True)
        item: Mapping[str, Any] = response.get("Item", {})
        return item

    id = read(f"group#{group}").get("incident", {}).get("S", "")
    if not id:
        return Progress()
    body = read(f"incident#{id}").get("body", {}).get("S")
    if body is None:
        return Progress(incident=id)
    digests = json.loads(body).get("sinks", {})
    told = {sink: json.loads(read(f"told#{sink}#{id}").get("body", {}).get("S", "{}")) for sink in digests}
    return Progress(
        incident=id,
        digests=digests,
        took=frozenset(sink for sink, what in told.items() if what.get("seq", 0) > 0),
        over=frozenset(sink for sink, what in told.items() if what.get("stage") == "over"),
    )
