"""The deployed router: alarms go to its topics, and what people see is read from the inbox."""

import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.ports import free_port
from sandbox.running import Running, running
from tests.integration.embedded_aws import eventually
from tests.unit.functions import samples

ACCOUNT, REGION = "000000000000", "us-east-1"
SETTLE = 15
"""Seconds, of the environment `local`."""


@dataclass(frozen=True, kw_only=True)
class Router:
    """The sandbox, as seen by who sends alarms and who reads pages."""

    sandbox: Running
    topics: Mapping[str, str]
    queues: Mapping[str, str]
    """URL by a queue's name."""
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    # In

    def publish(self, message: object, severity: str = "critical") -> None:
        """Publish to the topic of a severity."""
        text = message if isinstance(message, str) else json.dumps(message)
        self.sandbox.client("sns").publish(TopicArn=self.topics[severity], Message=text)

    def create_alarm(self, message: Mapping[str, Any]) -> None:
        """Let CloudWatch have the alarm that a message is about, without actions."""
        trigger = message["Trigger"]
        self.sandbox.client("cloudwatch").put_metric_alarm(
            AlarmName=message["AlarmName"],
            ActionsEnabled=False,
            Namespace=trigger["Namespace"],
            MetricName=trigger["MetricName"],
            Dimensions=[{"Name": d["name"], "Value": d["value"]} for d in trigger["Dimensions"]],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
        )

    def put_on_alerts(self, body: str) -> None:
        """Put a message on the queue of alerts, as EventBridge or SNS do."""
        self.sandbox.client("sqs").send_message(QueueUrl=self.queue("alerts"), MessageBody=body)

    def storm(self, alarms: Mapping[str, str]) -> None:
        """Publish an alarm about each endpoint to the topic of its severity, ten at once."""
        sns = self.sandbox.client("sns")
        for severity in dict.fromkeys(alarms.values()):
            names = [name for name, of in alarms.items() if of == severity]
            for start in range(0, len(names), 10):
                entries = [
                    {"Id": str(number), "Message": json.dumps(self.alarm(name))}
                    for number, name in enumerate(names[start : start + 10])
                ]
                sns.publish_batch(TopicArn=self.topics[severity], PublishBatchRequestEntries=entries)

    def alarm(self, endpoint: str, state: str = "ALARM", *, after: float = 0, **changes: Any) -> dict[str, Any]:
        """An alarm's message about an endpoint that the sandbox does not have.

        Args:
            endpoint: its name.
            state: the new state.
            after: seconds from the beginning at which the state changed.
            changes: other fields of the message.
        """
        name = changes.pop("AlarmName", f"{endpoint}/AllTraffic/errors")
        trigger = samples.metric_trigger("Invocation5XXErrors", threshold=5)
        trigger["Dimensions"] = [
            {"name": "EndpointName", "value": endpoint},
            {"name": "VariantName", "value": "AllTraffic"},
        ]
        fields = {
            "AlarmName": name,
            "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}",
            "AWSAccountId": ACCOUNT,
            "NewStateValue": state,
            "OldStateValue": "OK" if state == "ALARM" else "ALARM",
            "StateChangeTime": self.at(after),
            "Trigger": trigger,
        }
        return samples.sns_alarm(**{**fields, **changes})

    def at(self, after: float) -> str:
        """A time, as CloudWatch writes it."""
        moment = self.began + timedelta(seconds=after)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "+0000")

    # The inbox

    def fault(self, sink: str, **how: Any) -> None:
        """Let requests of a sink go wrong, once unless `count` says how often."""
        self._post("faults", {"sink": sink, **how})

    def meets(self, sink: str, name: str, **how: Any) -> str:
        """Publish an alarm whose first request at a sink goes wrong; returns the endpoint's name, which is made of `name`.

        A fault hits whatever comes next, which may be about something else: then it is tried again.
        """
        for number in range(5):
            about = f"{name}-try{number}"
            self.fault(sink, **how)
            self.publish(self.alarm(about))
            first = eventually(lambda about=about: self.requests(sink, about), within=30)[0]  # type: ignore[misc]
            if first["fault"]:
                return about
        raise AssertionError(f"a fault of {sink} hit five requests about other things")

    def requests(self, sink: str, about: str) -> list[dict[str, Any]]:
        """Requests that tell a sink about something, without those that read or show pictures."""
        told = ("/pagerduty/v2/enqueue", "/slack/api/chat.postMessage")
        return [event for event in self.events(sink, about) if event["path"] in told]

    def no_faults(self) -> None:
        """Forget faults that hit nothing."""
        request = urllib.request.Request(f"{self.sandbox.inbox_url}/api/faults", method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()

    def events(self, sink: str, about: str) -> list[dict[str, Any]]:
        """Requests that a sink received about something, refused ones too."""
        return [event for event in self.sandbox.inbox(f"events?sink={sink}") if about in json.dumps(event["body"])]

    def pages(self, about: str) -> list[dict[str, Any]]:
        """PagerDuty's alerts about something."""
        found = self.sandbox.inbox("incidents")
        return [page for page in found if about in json.dumps([page["dedup_key"], page["body"]])]

    def statuses(self, about: str) -> list[str]:
        """What PagerDuty says of them."""
        return [page["status"] for page in self.pages(about)]

    def threads(self, about: str) -> list[dict[str, Any]]:
        """Slack's messages about something, each with its replies."""
        channels = self.sandbox.inbox("messages")
        heads = [head for channel in channels for head in channel["messages"]]
        return [head for head in heads if about in json.dumps([head["text"], head["blocks"]])]

    def mails(self, about: str) -> list[dict[str, Any]]:
        """E-mails about something."""
        return [event["body"] for event in self.events("email", about) if event["accepted"]]

    def page(self, about: str, *, within: float = 20) -> dict[str, Any]:
        """The one page about something, once it is there."""
        found = eventually(lambda: self.pages(about), within=within)
        assert len(found) == 1, f"{len(found)} pages about {about}"
        return found[0]

    def thread(self, about: str, *, within: float = 30) -> dict[str, Any]:
        """The one message about something, once it is there."""
        found = eventually(lambda: self.threads(about), within=within)
        assert len(found) == 1, f"{len(found)} messages about {about}"
        return found[0]

    # AWS

    def queue(self, part: str) -> str:
        """The URL of the queue that is named so: the one whose name is the shortest, so that no dead-letter queue is meant."""
        names = [name for name in self.queues if part.lower() in name.lower()]
        assert names, f"no queue is named {part}: {', '.join(self.queues)}"
        return self.queues[min(names, key=len)]

    def counts(self, url: str) -> tuple[int, int]:
        """Messages of a queue that can be received, and that are hidden."""
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sandbox.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
        return int(found[wanted[0]]), int(found[wanted[1]])

    def is_empty(self, part: str) -> bool:
        """Whether nothing is left on a queue, hidden messages included."""
        return self.counts(self.queue(part)) == (0, 0)

    def dead_letters(self, part: str) -> list[dict[str, Any]]:
        """What lies in the dead-letter queue of a name."""
        (url,) = [url for name, url in self.queues.items() if part.lower() in name.lower() and "dead" in name.lower()]
        sqs = self.sandbox.client("sqs")
        received = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
        )
        found: list[dict[str, Any]] = received.get("Messages", [])
        return found

    def item(self, id: str) -> dict[str, Any]:
        """An item of the table, whose name says that it holds the state; empty when it is not there."""
        found: dict[str, Any] = self._dynamodb.get_item(
            TableName=self._table, Key={"id": {"S": id}}, ConsistentRead=True
        ).get("Item", {})
        return json.loads(found["body"]["S"]) if "body" in found else {}

    def handled(self, message: Mapping[str, Any]) -> bool:
        """Whether the alarm stands where a message says, or somewhere newer."""
        at = datetime.fromisoformat(message["StateChangeTime"])
        found = [body for id, body in self._items(message["AlarmName"]).items() if id.startswith("alert#")]
        return any(datetime.fromisoformat(body["at"]) >= at for body in found)

    def members(self, about: str) -> list[list[str]]:
        """The alarms of each incident about something."""
        found = [body for id, body in self._items(about).items() if id.startswith("incident#")]
        return [[member["name"] for member in body["members"].values()] for body in found]

    def told(self, sink: str, about: str) -> list[dict[str, Any]]:
        """What a sink was told of each incident about something, as the dispatcher remembers it; empty where it was not yet."""
        items = self._items(about)
        ids = [id.removeprefix("incident#") for id in items if id.startswith("incident#")]
        return [items.get(f"told#{sink}#{id}", {}) for id in ids]

    def knows(self, sink: str, about: str) -> bool:
        """Whether a sink is known to have taken everything there is to tell about something."""
        told = self.told(sink, about)
        return bool(told) and all(record.get("stage") in {"open", "over"} and not record["trying"] for record in told)

    def lapse(self, about: str) -> None:
        """Let the leases of whatever has to do with something run out, and hidden deliveries be seen: a minute passes."""
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=self._table):
            for item in page["Items"]:
                if about in item["id"]["S"] and "lease_until" in item:
                    self._dynamodb.update_item(
                        TableName=self._table,
                        Key={"id": item["id"]},
                        UpdateExpression="SET lease_until = :past",
                        ExpressionAttributeValues={":past": {"N": "0"}},
                    )
        for name in self.queues:
            if "Sink" in name and "Dead" not in name:
                self.control("visibility", queue=name)

    def open_gate(self, sink: str) -> None:
        """Forget that a sink asked for time, or failed, and let hidden deliveries be seen."""
        self._dynamodb.delete_item(TableName=self._table, Key={"id": {"S": f"gate#{sink}"}})
        self.control("visibility", queue=self.queue(sink).rpartition("/")[2])

    def control(self, what: str, **how: Any) -> dict[str, Any]:
        """Ask the embedded AWS for what no real one does."""
        body = json.dumps(how).encode()
        with urllib.request.urlopen(f"{self.sandbox.endpoint_url}/_sandbox/{what}", data=body, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def function(self, part: str) -> str:
        """The name of a function."""
        names = [f["FunctionName"] for f in self.sandbox.client("lambda").list_functions()["Functions"]]
        (found,) = [name for name in names if part.lower() in name.lower()]
        return str(found)

    def _items(self, about: str) -> dict[str, Any]:
        return {
            item["id"]["S"]: json.loads(item["body"]["S"])
            for page in self._dynamodb.get_paginator("scan").paginate(TableName=self._table)
            for item in page["Items"]
            if about in item["id"]["S"] and "body" in item
        }

    @property
    def _dynamodb(self) -> Any:
        return self.sandbox.client("dynamodb")

    @property
    def _table(self) -> str:
        (name,) = [name for name in self._dynamodb.list_tables()["TableNames"] if "routing" in name.lower()]
        return str(name)

    def _post(self, what: str, body: object) -> None:
        request = urllib.request.Request(f"{self.sandbox.inbox_url}/api/{what}", data=json.dumps(body).encode())
        urllib.request.urlopen(request, timeout=10).close()


@contextmanager
def deployed_router(folder: Path, *, speed: float = 10) -> Iterator[Router]:
    """Deploy the environment `local` into a sandbox of its own."""
    ports = {"aws_port": free_port(), "inbox_port": free_port()}
    with running(folder=folder, **ports, speed=speed, say=lambda _: None) as sandbox:
        urls = sandbox.client("sqs").list_queues()["QueueUrls"]
        yield Router(sandbox=sandbox, topics=sandbox.topics(), queues={url.rpartition("/")[2]: url for url in urls})


def stays(look: Any, *, seconds: float) -> None:
    """Fail when something does not stay true for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert look()
        time.sleep(0.1)
