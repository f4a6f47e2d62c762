"""The enricher's entry point: batches whose records fail alone, direct actions, heartbeats."""

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest

from alert_common import queue
from alert_common.alert import Alert
from alert_common.context import Missing
from alert_common.delivery import Delivery, Kind
from alert_common.settings import Settings
from alert_enricher import enrich
from alert_enricher import handler as enricher
from tests.unit.functions import samples
from tests.unit.functions.fakes import FakeAws, FakeDynamoDb, client_error
from tests.unit.functions.test_edges import ssm
from tests.unit.functions.test_router import Gathering


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """Return an enricher whose services all work and know nothing."""
    aws = FakeAws(answers={"get_queue_url": {"QueueUrl": "q/alerts"}, **ssm().answers})
    services = {"dynamodb": FakeDynamoDb()}
    monkeypatch.setenv("STATE_TABLE", "state")
    monkeypatch.setenv("SETTINGS", "a,b")
    monkeypatch.setattr(enricher, "client", lambda name: services.get(name, aws))
    monkeypatch.setattr(enrich, "identify", lambda alert: (alert, ()))
    monkeypatch.setattr(enrich, "begin", lambda alert, settings, **_: Gathering())
    enricher._settings.cache_clear()
    enricher._means.cache_clear()
    queue._urls.clear()
    return aws


@dataclass(frozen=True)
class Invocation:
    """How Lambda tells what time is left."""

    milliseconds: int

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda's context has it."""
        return self.milliseconds


def sqs(*bodies: str) -> dict[str, Any]:
    """Make a batch of the alerts queue."""
    return {
        "Records": [
            {
                "messageId": f"m{i}",
                "receiptHandle": "r",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795443064250"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:1:alerts",
                "awsRegion": "eu-west-1",
            }
            for i, body in enumerate(bodies)
        ]
    }


def called(aws: FakeAws) -> list[tuple[str, str]]:
    """List the sinks that were called, and the readable part of the incidents' ids."""
    sent = [Delivery.from_json(call["MessageBody"]) for call in aws.called("send_message")]
    return sorted((d.sink, d.id.split("/", 1)[1].rpartition("/")[0]) for d in sent)


def until_done(batch: dict[str, Any]) -> None:
    """Hand what failed in again, as its queue does."""
    for _ in range(10):
        failed = {item["itemIdentifier"] for item in enricher.handler(batch, None)["batchItemFailures"]}
        if not failed:
            return
        batch = {"Records": [r for r in batch["Records"] if r["messageId"] in failed]}
    raise AssertionError(f"still failing: {failed}")


def test_a_batch_is_handed_on_once_each(aws: FakeAws) -> None:
    """The same transition by SNS and by EventBridge, and an alert of another endpoint: two incidents, each to two sinks."""
    other = samples.metric_trigger("CPUUtilization", threshold=90, Dimensions=[{"name": "EndpointName", "value": "b"}])
    bodies = (
        samples.envelope(samples.sns_alarm()),
        json.dumps(samples.event_alarm()),
        samples.envelope(samples.sns_alarm(AlarmName="b", AlarmArn=samples.ARN + "b", Trigger=other)),
    )
    until_done(sqs(*bodies))
    assert called(aws) == [("pagerduty", "b"), ("pagerduty", "ranker"), ("slack", "b"), ("slack", "ranker")]


def test_one_failing_record_fails_alone(aws: FakeAws) -> None:
    """A queue that refuses one incident fails that record, which comes back soon; the other is handed on."""
    sent: list[str] = []

    def send(QueueUrl: str, MessageBody: str, DelaySeconds: int) -> Any:  # noqa: N803
        if "/b/" in Delivery.from_json(MessageBody).id:
            raise client_error("InternalError")
        sent.append(QueueUrl)
        return {}

    aws.answers["send_message"] = send
    other = samples.sns_alarm(AlarmName="b", AlarmArn="x", Trigger={})
    batch = sqs(samples.envelope(other), samples.envelope(samples.sns_alarm()))
    assert enricher.handler(batch, None) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert sent == ["q/pagerduty", "q/slack"]
    (hidden,) = aws.called("change_message_visibility_batch")
    assert 5 <= hidden["Entries"][0]["VisibilityTimeout"] <= 7


def test_a_message_of_many_alerts_takes_several_turns(aws: FakeAws) -> None:
    """Alertmanager groups them: those for which there is no time come back at once, and each is handed on once."""
    names = ("one", "two", "three")
    alerts = [{"labels": {"alertname": name}, "status": "firing", "startsAt": "2026-11-23T14:11:04Z"} for name in names]
    batch = sqs(samples.envelope({"version": "4", "groupKey": "all", "status": "firing", "alerts": alerts}))
    assert enricher.handler(batch, Invocation(milliseconds=15_000)) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert {name for _, name in called(aws)} == {"one"}
    (hidden,) = aws.called("change_message_visibility_batch")
    assert hidden["Entries"][0]["VisibilityTimeout"] == 0
    assert enricher.handler(batch, Invocation(milliseconds=30_000)) == {"batchItemFailures": []}
    assert sorted(name for sink, name in called(aws) if sink == "slack") == sorted(names)


def test_an_alert_in_hand_elsewhere_comes_back_soon(aws: FakeAws) -> None:
    """Its record fails and looks again after seconds, then less and less often until the lease has run out."""
    alert = samples.one(samples.envelope(samples.sns_alarm()))
    enricher._means().store.claim(alert.dedup_key)
    assert enricher.handler(sqs(samples.envelope(samples.sns_alarm())), None) == {
        "batchItemFailures": [{"itemIdentifier": "m0"}]
    }
    assert aws.called("send_message") == []
    (hidden,) = aws.called("change_message_visibility_batch")
    assert 5 <= hidden["Entries"][0]["VisibilityTimeout"] <= 7


def test_a_direct_action_is_handed_on(aws: FakeAws) -> None:
    """An alarm may call the function itself; its failure is raised, so that Lambda calls again."""
    assert enricher.handler(samples.direct_alarm(), None) == {}
    assert [call["QueueUrl"] for call in aws.called("send_message")] == ["q/pagerduty", "q/slack"]
    aws.answers["send_message"] = client_error("InternalError")
    later = samples.envelope(samples.sns_alarm(AlarmArn="another"))
    with pytest.raises(Exception, match="InternalError"):
        enricher.handler({"Records": [{"EventSource": "aws:sns", "Sns": json.loads(later)}]}, None)


def test_a_heartbeat_goes_to_every_sink(aws: FakeAws) -> None:
    """Also to those that no route names, with its own time, and without an incident."""
    beat = samples.envelope({"endpointwatch": "heartbeat", "at": "2026-11-23T14:11:04Z"})
    assert enricher.handler(sqs(beat), None) == {"batchItemFailures": []}
    sent = [Delivery.from_json(call["MessageBody"]) for call in aws.called("send_message")]
    assert [(d.sink, d.kind, d.id) for d in sent] == [
        (sink, Kind.HEARTBEAT, "2026-11-23T14:11:04+00:00") for sink in ("pagerduty", "slack")
    ]


def test_a_settled_end_is_called_for_later(aws: FakeAws) -> None:
    """The delivery that tells the end is delayed on its queue, until it settles."""
    over = samples.sns_alarm(NewStateValue="OK", OldStateValue="ALARM", StateChangeTime="2026-11-23T14:20:04.250+0000")
    for message in (samples.sns_alarm(), over):
        until_done(sqs(samples.envelope(message)))
    delays = [call["DelaySeconds"] for call in aws.called("send_message")]
    assert delays == [0, 0, 0, 300, 0, 300]


def test_settings_that_cannot_be_read_lose_nothing(aws: FakeAws) -> None:
    """Asked for once for the whole batch; its records fail and come back, and then they are asked for again."""
    answer = aws.answers["get_parameters"]
    aws.answers["get_parameters"] = client_error("ThrottlingException")
    batch = sqs(samples.envelope(samples.sns_alarm()), samples.envelope({"endpointwatch": "heartbeat"}))
    failed = {"batchItemFailures": [{"itemIdentifier": "m0"}, {"itemIdentifier": "m1"}]}
    assert enricher.handler(batch, None) == failed
    assert len(aws.called("get_parameters")) == 1
    (hidden,) = aws.called("change_message_visibility_batch")
    assert all(5 <= entry["VisibilityTimeout"] <= 7 for entry in hidden["Entries"])
    aws.answers["get_parameters"] = answer
    batch["Records"].pop()
    assert enricher.handler(batch, None) == {"batchItemFailures": []}
    assert called(aws) == [("pagerduty", "ranker"), ("slack", "ranker")]


def test_the_page_waits_no_longer_than_its_deadline_in_all(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it took to find out what an alert is about is taken from the time for its context."""
    left: list[float] = []

    def slow(alert: Alert) -> tuple[Alert, tuple[Missing, ...]]:
        time.sleep(0.1)
        return alert, ()

    def begin(alert: Alert, settings: Settings, **_: object) -> Gathering:
        left.append(settings.deadline_seconds)
        return Gathering()

    monkeypatch.setattr(enrich, "identify", slow)
    monkeypatch.setattr(enrich, "begin", begin)
    until_done(sqs(samples.envelope(samples.sns_alarm())))
    assert 0.0 <= left[0] <= 0.2, "0.3 s are set"
