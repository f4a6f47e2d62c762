"""The dispatcher with everything around it: a table, queues, secrets, and every sink on one local HTTP service."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alert_common import clock, queue
from alert_common.alert import Severity
from alert_common.delivery import Delivery, Kind
from alert_common.incident import Incident, Told
from alert_common.page import Page
from alert_common.store import Store
from alert_dispatcher import charts, digests, fallback, heartbeat, look, returns, secrets, tell
from alert_dispatcher import handler as dispatcher
from alert_dispatcher.sinks import slack as slack_module
from tests.unit.functions import samples
from tests.unit.functions.fakes import Answer, FakeAws, FakeDynamoDb, Request, Service

TOKEN, KEY = "xoxb-1234567890-abcdefgh", "R0123456789ABCDEF0123456789ABCDE"
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CHANNEL = "C0123456789"
PNG = b"\x89PNG\r\n\x1a\nrest"
_LOGGING = (dispatcher, queue, slack_module, charts, digests, fallback, heartbeat, look, returns, tell)


@dataclass
class World:
    """What a test acts on, and looks at."""

    service: Service
    aws: FakeAws
    table: FakeDynamoDb
    store: Store
    answers: dict[str, list[Answer]]
    """Answers by a part of the path, used up one by one before the usual ones."""
    logged: io.StringIO
    settings: dict[str, Any]
    """The settings document, to be changed before the first run."""
    now: datetime = samples.NOW + timedelta(seconds=5)
    posted: list[dict[str, Any]] = field(default_factory=list)
    """What Slack shows, each message with its `ts`."""

    def happens(self, *pages: Page, id: str = "endpointwatch/ranker/1", **changes: Any) -> Incident:
        """Store an incident that these pages tell, as an enricher would."""
        was = self.store.incident(id)
        made = samples.incident(*pages, id=id, version=was.version if was else 0, **changes)
        made = replace(made, news=tuple(replace(news, page=f"{id}-{news.page}") for news in made.news))
        for news, page in zip(made.news, pages, strict=True):
            self.store.put_page(news.page, page)
        assert self.store.save(made)
        return made

    def run(
        self,
        *deliveries: Delivery | str,
        receives: int = 1,
        age: timedelta = timedelta(0),
        milliseconds_left: int | None = None,
    ) -> list[str]:
        """Hand a batch to the function and return the ids of the records that come back."""
        sent = int((self.now - age).timestamp() * 1000)
        records = [
            {
                "messageId": f"m{i}",
                "receiptHandle": f"r{i}",
                "body": d if isinstance(d, str) else d.to_json(),
                "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": str(sent + i)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:slack",
                "awsRegion": "eu-west-1",
            }
            for i, d in enumerate(deliveries)
        ]
        context = None if milliseconds_left is None else _Context(milliseconds_left)
        answer = dispatcher.handler({"Records": records}, context)
        return sorted(failure["itemIdentifier"] for failure in answer["batchItemFailures"])

    def hidden(self) -> list[int]:
        """List the visibility timeouts that records were given, in the order of the records."""
        entries = [e for call in self.aws.called("change_message_visibility_batch") for e in call["Entries"]]
        return [entry["VisibilityTimeout"] for entry in entries]

    def sent(self, queue_url: str = "") -> list[Delivery]:
        """List the deliveries that the dispatcher put on queues."""
        calls = [c for c in self.aws.called("send_message") if "dead" not in c["QueueUrl"]]
        return [Delivery.from_json(c["MessageBody"]) for c in calls if queue_url in c["QueueUrl"]]

    def buried(self) -> list[dict[str, Any]]:
        """List what went to dead-letter queues."""
        return [call for call in self.aws.called("send_message") if "dead" in call["QueueUrl"]]

    def told(self, sink: str = "slack", id: str = "endpointwatch/ranker/1") -> Told:
        """Return what a sink was told."""
        return self.store.look([(sink, id)]).told.get((sink, id), Told())

    def bodies(self, part: str = "") -> list[Any]:
        """List the JSON bodies of the requests to paths with this part."""
        return [r.json() for r in self.service.requests if part in r.path]

    def passes(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)


@dataclass
class _Context:
    milliseconds_left: int

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds_left


def to(
    sink: str,
    incident: Incident | str = "endpointwatch/ranker/1",
    *,
    kind: Kind = Kind.INCIDENT,
    severity: Severity = Severity.WARNING,
    not_before: datetime | None = None,
) -> Delivery:
    """A reason for a sink to look."""
    id = incident if isinstance(incident, str) else incident.id
    return Delivery(sink=sink, kind=kind, id=id, severity=severity, not_before=not_before)


@contextmanager
def running(patch: pytest.MonkeyPatch) -> Iterator[World]:
    """Run a dispatcher with sinks `slack`, `pagerduty`, `hook` (Slack's webhook), `email` and `webhook`."""
    answers: dict[str, list[Answer]] = {}

    def answer(request: Request) -> Answer:
        for part, queued in answers.items():
            if part in request.path and queued:
                return queued.pop(0)
        return _usual(world, request)

    service = Service(answer)
    kept = {
        "bot": TOKEN,
        "key": json.dumps({"routing": KEY}),
        "hook": f"{service.url}/services/T0/B0/secretsecret",
        "signing": SIGNING,
    }
    aws = FakeAws(
        answers={
            "get_secret_value": lambda SecretId: {"SecretString": kept[SecretId]},  # noqa: N803
            "get_queue_url": {"QueueUrl": "https://queue/slack"},
            "get_object": lambda **_: {"Body": io.BytesIO(PNG)},
            "generate_presigned_url": "https://charts.s3.amazonaws.com/abc.png?X-Amz-Signature=1",
            "get_parameters": lambda Names: {"Parameters": [{"Value": json.dumps(world.settings)}]},  # noqa: N803
        }
    )
    table = FakeDynamoDb()
    logged = io.StringIO()
    world: World = World(
        service=service,
        aws=aws,
        table=table,
        store=Store(table, "state"),
        answers=answers,
        logged=logged,
        settings=_settings(service.url),
    )
    patch.setenv("SETTINGS", "one")
    patch.setenv("STATE_TABLE", "state")
    patch.setenv("CHARTS_BUCKET", "charts")
    patch.setattr(clock, "_read", lambda: world.now)
    patch.setattr(dispatcher, "client", lambda name: table if name == "dynamodb" else aws)
    # Without the jitter, so that tests know their seconds; and a secret that was just read is old enough to be read again.
    patch.setattr(queue, "uniform", lambda low, high: low)
    patch.setattr(secrets, "FRESH_SECONDS", -1.0)
    for cached in (dispatcher._settings, dispatcher._store, dispatcher._tools, dispatcher._sink):
        cached.cache_clear()
    queue._urls.clear()
    logs = logging.StreamHandler(logged)
    logs.setFormatter(dispatcher.logger.registered_formatter)
    loggers = {module.logger._logger for module in _LOGGING}
    for logger in loggers:
        logger.addHandler(logs)
    with service.running():
        yield world
    for logger in loggers:
        logger.removeHandler(logs)


def _settings(url: str) -> dict[str, Any]:
    sinks: dict[str, dict[str, Any]] = {
        "slack": {"type": "slack", "secret": "bot", "channel": CHANNEL, "api_url": f"{url}/slack/api"},
        "pagerduty": {"type": "pagerduty", "secret": "key", "secret_field": "routing", "api_url": url},
        "hook": {"type": "slack-webhook", "secret": "hook", "secret_field": None},
        "email": {"type": "email", "topic": "arn:aws:sns:eu-west-1:1:mail"},
        "webhook": {"type": "webhook", "url": f"{url}/hook", "secret": "signing"},
    }
    return {
        "environment": "prod",
        "topics": {},
        "routes": [{"sinks": list(sinks)}],
        "sinks": {
            name: {"queue": f"https://queue/{name}", "dead_letters": f"https://queue/dead-{name}", "settings": settings}
            for name, settings in sinks.items()
        },
    }


def _usual(world: World, request: Request) -> Answer:
    """Answer as each service does when all is well."""
    if "files.getUploadURLExternal" in request.path:
        return Answer(body={"ok": True, "upload_url": f"{world.service.url}/upload/v1/x", "file_id": "F0123456789"})
    if "chat.postMessage" in request.path:
        return _post(world, request)
    if "conversations." in request.path:
        return Answer(body={"ok": True, "messages": list(reversed(world.posted))})
    if "/slack/" in request.path:
        return Answer(body={"ok": True})
    if "/v2/" in request.path:
        return Answer(status=202, body={"status": "success", "dedup_key": "x"})
    return Answer()


def _post(world: World, request: Request) -> Answer:
    ts = f"{int(world.now.timestamp())}.{len(world.posted):06d}"
    world.posted.append({**request.json(), "ts": ts})
    return Answer(body={"ok": True, "channel": CHANNEL, "ts": ts})
