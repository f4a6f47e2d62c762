"""What the stack deploys, in the cloud of the tests: queues, settings, secrets; and Lambda's pollers, which drive the functions."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from tests.cloud.clock import HandClock, WallClock
from tests.cloud.cloud import Cloud, Step
from tests.cloud.processes import KilledError, cold_start
from tests.cloud.sqs import ACCOUNT, REGION, Message, Queue

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

ENVIRONMENT = "prod"
CHANNEL = "C0123456789"
ENRICHER_BATCH, DISPATCHER_BATCH = 10, 50
VISIBILITY = 60.0
MAX_RECEIVES = 5
SETTINGS = "/endpointwatch/prod/settings"
TABLE, CHARTS = "endpointwatch-state", "endpointwatch-charts"
SECRETS = {
    "pagerduty": "R0SANDBOX0SANDBOX0SANDBOX0SANDBX",
    "slack": "xoxb-000000000000-000000000000-sandboxsandboxsandbox",
}
TOPICS = {f"arn:aws:sns:{REGION}:{ACCOUNT}:{severity}": severity for severity in ("critical", "warning", "info")}


def topic(severity: str) -> str:
    """ARN of the topic of a severity."""
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{severity}"


@dataclass(kw_only=True)
class Account:
    """The deployed router.

    Args:
        inbox: URL of the inbox that plays the sinks.
        clock: for everything.
        step: called before and after every step; it may raise `KilledError`.
        revive: called to start another process after that.
        rates: of the sinks, by name; without one there is no limit.
        more: other fields of the settings document, or these in another way.
        enricher_batch: messages that the enricher takes at once at most.
        dispatcher_batch: deliveries that the dispatcher takes at once at most.
    """

    inbox: str
    clock: WallClock
    step: Step = lambda _: None
    revive: Callable[[], None] = cold_start
    rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    enricher_batch: int = ENRICHER_BATCH
    dispatcher_batch: int = DISPATCHER_BATCH

    def __post_init__(self) -> None:
        self.cloud = Cloud(self.clock, self.step)
        sqs = self.cloud.sqs
        self.dead = sqs.create("alerts-dead")
        self.alerts = sqs.create("alerts", visibility=VISIBILITY, max_receives=MAX_RECEIVES, dead_letters=self.dead)
        self.sink_dead = {name: sqs.create(f"{name}-dead") for name in ("pagerduty", "slack", "email")}
        # What a sink's queue gives up is decided by the dispatcher, by age; its own limit is as high as SQS has it.
        self.sinks = {
            name: sqs.create(name, visibility=VISIBILITY, max_receives=1000, dead_letters=dead)
            for name, dead in self.sink_dead.items()
        }
        for name, secret in SECRETS.items():
            self.cloud.services.secrets[name] = secret
        self.cloud.services.parameters[SETTINGS] = json.dumps(self._settings())

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Mapping[str, Any]] = {
            "pagerduty": {"type": "pagerduty", "secret": "pagerduty", "api_url": f"{self.inbox}/pagerduty"},
            "slack": {"type": "slack", "secret": "slack", "channel": CHANNEL, "api_url": f"{self.inbox}/slack/api"},
            "email": {"type": "email", "topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:people"},
        }
        return {
            "environment": ENVIRONMENT,
            "topics": TOPICS,
            "routes": [
                {"severities": ["critical"], "sinks": ["pagerduty", "slack"]},
                {"severities": ["warning"], "sinks": ["slack"]},
                {"severities": ["info"], "sinks": ["slack"], "digest": 300},
            ],
            "sinks": {
                name: {
                    "queue": queue.url,
                    "dead_letters": self.sink_dead[name].url,
                    "settings": settings[name],
                    **({"rate": self.rates[name]} if name in self.rates else {}),
                }
                for name, queue in self.sinks.items()
            },
            **self.more,
        }

    @contextmanager
    def deployed(self) -> Iterator["Account"]:
        """Let the functions of this process run in it."""
        variables = {
            "ENDPOINTWATCH_ENVIRONMENT": ENVIRONMENT,
            "STATE_TABLE": TABLE,
            "CHARTS_BUCKET": CHARTS,
            "SETTINGS": SETTINGS,
            "SETTINGS_VERSION": "1",
            "POWERTOOLS_SERVICE_NAME": "endpointwatch",
            "POWERTOOLS_METRICS_NAMESPACE": "endpointwatch",
        }
        with self.cloud.installed(variables):
            yield self

    @property
    def dead_letters(self) -> list[str]:
        """What any queue has given up."""
        return [body for queue in (self.dead, *self.sink_dead.values()) for body in queue.bodies]

    @property
    def pending(self) -> int:
        """How many messages are on their way."""
        return sum(len(queue.messages) for queue in (self.alerts, *self.sinks.values()))

    def publish(self, message: object, severity: str = "critical", message_id: str = "") -> None:
        """Publish to the topic of a severity, whose one subscription is the queue of alerts."""
        number = len(self.alerts.messages) + 1
        envelope = {
            "Type": "Notification",
            "MessageId": message_id or f"00000000-0000-0000-0000-{number:012d}",
            "TopicArn": topic(severity),
            "Message": message if isinstance(message, str) else json.dumps(message),
            "Timestamp": self.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "SignatureVersion": "1",
        }
        self.cloud.sqs.send(self.alerts, json.dumps(envelope))

    # Lambda

    def poll(self, queue: Queue) -> int:
        """Invoke the queue's function with one batch, as Lambda does; returns how many messages it got."""
        of_enricher = queue is self.alerts
        messages = self.cloud.sqs.receive(queue, self.enricher_batch if of_enricher else self.dispatcher_batch)
        if messages:
            self._invoke(enricher() if of_enricher else dispatcher(), queue, messages)
        return len(messages)

    def _invoke(self, handler: Handler, queue: Queue, messages: Sequence[Message]) -> None:
        event = {"Records": [message.as_record(queue) for message in messages]}
        try:
            answer = handler(event, context(queue.name))
            self.step(f"before answer of the function at {queue.name}")
        except KilledError:  # the messages stay hidden for a while
            self.revive()
            return
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        known = {message.id for message in messages}
        assert failed <= known, f"failures of records that were not in the batch: {failed - known}"
        for message in messages:
            if message.id not in failed:
                self.cloud.sqs.delete(queue, message)

    def run(self, seconds: float) -> None:
        """Poll all queues by turns for so long, moving the clock from one message to the next."""
        assert isinstance(self.clock, HandClock)
        queues = (self.alerts, *self.sinks.values())
        end = self.clock.now() + timedelta(seconds=seconds)
        while True:
            while sum(self.poll(queue) for queue in queues):
                pass
            following = self.cloud.sqs.next_visible(*queues)
            if following is None or following > end.timestamp():
                break
            self.clock.forward(max(0.0, following - self.clock.now().timestamp()) + 1e-3)
        self.clock.forward(max(0.0, (end - self.clock.now()).total_seconds()))


def enricher() -> Handler:
    """The enricher's handler."""
    from alert_enricher.handler import handler

    return handler


def dispatcher() -> Handler:
    """The dispatcher's handler."""
    from alert_dispatcher.handler import handler

    return handler


def context(name: str) -> Any:
    """What Lambda tells a function about an invocation."""
    return SimpleNamespace(
        function_name=name,
        function_version="1",
        memory_limit_in_mb="512",
        invoked_function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        aws_request_id="8a6f2c1e-0000-0000-0000-000000000001",
        get_remaining_time_in_millis=lambda: 30_000,
    )
