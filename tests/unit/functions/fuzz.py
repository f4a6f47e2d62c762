"""Messages to break, ways to break them, and what holds of whatever comes out."""

import copy
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from alert_common import codec
from alert_common.alert import DEDUP_KEY_LIMIT, Alert
from alert_common.page import Action, Page
from alert_enricher.parse import parse
from tests.conftest import FIXTURES
from tests.unit.functions import samples
from tests.unit.functions.samples import NOW, event

Path = tuple[str | int, ...]

WRITTEN: Sequence[dict[str, Any]] = (
    samples.sns_alarm(),
    samples.sns_alarm(Trigger=samples.metric_trigger("OverheadLatency", threshold=5e4)),
    samples.sns_alarm(AlarmRule="ALARM(a)", TriggeringChildren=[{"Arn": "arn:a", "State": {"Value": "ALARM"}}]),
    samples.event_alarm(),
    samples.direct_alarm(),
    event(
        "SageMaker Endpoint Deployment", {"EndpointName": "e", "PendingDeploymentSummary": {"ProductionVariants": []}}
    ),
    event("SageMaker Endpoint State Change", {"EndpointName": "e", "EndpointStatus": "FAILED"}),
    event("SageMaker Training Job State Change", {"TrainingJobName": "t", "TrainingJobStatus": "Failed"}),
    event("AWS Health Event", {"eventDescription": [{}], "affectedEntities": [{}], "eventTypeCategory": "issue"}),
    {
        "receiver": "r",
        "alerts": [{"labels": {"alertname": "a"}, "annotations": {}, "startsAt": "2026-11-23T14:00:00Z"}],
    },
    {"invocationStatus": "Failed", "requestParameters": {"endpointName": "e"}},
    {"endpointwatch": "heartbeat", "at": "2026-11-23T14:00:00Z"},
    {"endpointwatch": "test", "id": "1", "state": "ALARM", "at": "2026-11-23T14:00:00Z", "by": "me"},
)


def recorded() -> dict[str, Any]:
    """Return payloads that others recorded, by where they lie; none where there is no folder of them."""
    found: dict[str, Any] = {}
    for path in sorted(FIXTURES.glob("*/*.json")):
        payload = json.loads(path.read_text())
        bodies = payload.get("recorded-content", {"": payload}) if isinstance(payload, dict) else {"": payload}
        found |= {f"{path.parent.name}/{path.name}{name}": body for name, body in bodies.items()}
    return found


def known() -> list[Any]:
    """Return every message there is to break: those written here, alone and in an envelope, and recorded ones."""
    wrapped = [json.loads(samples.envelope(message)) for message in WRITTEN[:2]]
    return [*WRITTEN, *wrapped, *recorded().values()]


def paths(value: object, path: Path = ()) -> Iterator[Path]:
    """Return the way to every field, of every depth."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from paths(child, (*path, key))


def variants(message: Any, value: object) -> Iterator[Any]:
    """Return the message with each of its fields in turn being the value, and with each in turn being absent."""
    for path in list(paths(message)):
        for absent in (False, True):
            changed = copy.deepcopy(message)
            parent = changed
            for key in path[:-1]:
                parent = parent[key]
            if absent:
                del parent[path[-1]]
            else:
                parent[path[-1]] = value
            yield changed


def check(alerts: Sequence[Alert]) -> None:
    """There is one at least; each can be ordered, has a key that sinks take, and travels as JSON unchanged."""
    assert alerts
    for alert in alerts:
        assert alert.at.utcoffset() == timedelta(0)
        assert 1 <= len(alert.dedup_key) <= DEDUP_KEY_LIMIT
        assert alert.dedup_key.isascii()
        page = Page(action=Action.TRIGGER, alert=alert)
        assert codec.loads(Page, codec.dumps(page)) == page


def keys(payload: object) -> list[str]:
    """Return the dedup keys of a payload's alerts."""
    return [alert.dedup_key for alert in parse(payload, received=NOW, message_id="m-1")]
