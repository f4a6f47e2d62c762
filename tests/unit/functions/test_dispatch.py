"""Deliveries reach their sinks once, each record for itself; what fails goes back or to the dead letters."""

import io
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from alert_common import queue
from alert_common.context import Context
from alert_common.delivery import Action, Delivery
from alert_dispatcher import charts, http
from alert_dispatcher import handler as dispatcher
from alert_dispatcher.errors import RetryLaterError
from alert_dispatcher.sinks import slack as slack_module
from tests.unit.functions import samples
from tests.unit.functions.fakes import Answer, FakeAws, FakeDynamoDb, Request, Service, client_error
from tests.unit.functions.samples import delivery, resolved

TOKEN, KEY = "xoxb-1234567890-abcdefgh", "R0123456789ABCDEF0123456789ABCDE"
PNG = b"\x89PNG\r\n\x1a\nrest"


@dataclass
class World:
    """Everything around the dispatcher."""

    service: Service
    aws: FakeAws
    table: FakeDynamoDb
    answers: dict[str, list[Answer]]
    """Answers by a part of the path, used up one by one before the usual ones."""
    logged: io.StringIO

    def run(self, *deliveries: Delivery | str, receives: int = 1, age: timedelta = timedelta(0)) -> list[str]:
        """Hand a batch to the function and return the ids of the records that failed."""
        sent = int((time.time() - age.total_seconds()) * 1000)
        records = [
            {
                "messageId": f"m{i}",
                "receiptHandle": f"r{i}",
                "body": d if isinstance(d, str) else d.to_json(),
                "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": str(sent)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:slack",
                "awsRegion": "eu-west-1",
            }
            for i, d in enumerate(deliveries)
        ]
        answer = dispatcher.handler({"Records": records}, None)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def hidden(self) -> list[int]:
        """List the visibility timeouts that records were given."""
        return [call["VisibilityTimeout"] for call in self.aws.called("change_message_visibility")]


def usual(request: Request, service_url: str) -> Answer:
    """Answer as each service does when all is well."""
    if "files.getUploadURLExternal" in request.path:
        return Answer(body={"ok": True, "upload_url": f"{service_url}/upload/v1/x", "file_id": "F0123456789"})
    if "/slack/" in request.path:
        return Answer(body={"ok": True, "channel": "C0123456789", "ts": "1700000000.000100"})
    if "/v2/" in request.path:
        return Answer(status=202, body={"status": "success", "dedup_key": "x"})
    return Answer()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a dispatcher with Slack, PagerDuty, a webhook and mail on one local service."""
    answers: dict[str, list[Answer]] = {}

    def answer(request: Request) -> Answer:
        for part, queued in answers.items():
            if part in request.path and queued:
                return queued.pop(0)
        return usual(request, service.url)

    service = Service(answer)
    secrets = {"bot": TOKEN, "key": json.dumps({"routing": KEY}), "hook": f"{service.url}/services/T0/B0/secretsecret"}
    aws = FakeAws(
        answers={
            "get_secret_value": lambda SecretId: {"SecretString": secrets[SecretId]},  # noqa: N803
            "get_queue_url": {"QueueUrl": "https://queue/slack"},
            "get_object": lambda **_: {"Body": io.BytesIO(PNG)},
            "generate_presigned_url": "https://charts.s3.amazonaws.com/abc.png?X-Amz-Signature=1",
        }
    )
    sinks = {
        "slack": {"type": "slack", "secret": "bot", "channel": "C0123456789", "api_url": f"{service.url}/slack/api"},
        "pagerduty": {"type": "pagerduty", "secret": "key", "secret_field": "routing", "api_url": service.url},
        "hook": {"type": "slack-webhook", "secret": "hook", "secret_field": None},
        "email": {"type": "email", "topic": "arn:aws:sns:eu-west-1:1:mail"},
    }
    table = FakeDynamoDb()
    monkeypatch.setenv("SINKS", json.dumps(sinks))
    monkeypatch.setenv("STATE_TABLE", "state")
    monkeypatch.setenv("CHARTS_BUCKET", "charts")
    monkeypatch.setenv("DEAD_LETTERS", json.dumps({"pagerduty": "https://queue/dead"}))
    monkeypatch.setattr(dispatcher, "client", lambda name: table if name == "dynamodb" else aws)
    # Without the jitter, so that tests know their seconds.
    monkeypatch.setattr(queue, "uniform", lambda low, high: low)
    for cached in (dispatcher._settings, dispatcher._table, dispatcher._tools, dispatcher._sink):
        cached.cache_clear()
    queue._urls.clear()
    logged = io.StringIO()
    logs = logging.StreamHandler(logged)
    logs.setFormatter(dispatcher.logger.registered_formatter)
    loggers = {module.logger._logger for module in (dispatcher, queue, slack_module, charts)}
    for logger in loggers:
        logger.addHandler(logs)
    with service.running():
        yield World(service=service, aws=aws, table=table, answers=answers, logged=logged)
    for logger in loggers:
        logger.removeHandler(logs)


def to(sink: str, made: Delivery) -> Delivery:
    """Address a delivery."""
    return replace(made, sink=sink)


def test_a_page_in_slack_is_one_message_with_its_chart_in_the_thread(world: World) -> None:
    """Trigger: postMessage, then the chart uploaded and shared into that message's thread."""
    assert world.run(delivery()) == []
    assert world.service.paths() == [
        "/slack/api/chat.postMessage",
        "/slack/api/files.getUploadURLExternal",
        "/upload/v1/x",
        "/slack/api/files.completeUploadExternal",
    ]
    post, _, upload, complete = world.service.requests
    assert post.headers["Authorization"] == f"Bearer {TOKEN}"
    assert post.json()["channel"] == "C0123456789"
    assert "thread_ts" not in post.json()
    assert upload.body == PNG
    assert (complete.json()["thread_ts"], complete.json()["channel_id"]) == ("1700000000.000100", "C0123456789")


def test_the_end_updates_the_message_and_closes_the_thread(world: World) -> None:
    """OK: chat.update of the first message, which still says what it was, and one reply in its thread."""
    world.run(delivery())
    world.service.requests.clear()
    assert world.run(resolved()) == []
    update, reply = world.service.requests
    assert (update.path, reply.path) == ("/slack/api/chat.update", "/slack/api/chat.postMessage")
    assert update.json()["ts"] == reply.json()["thread_ts"] == "1700000000.000100"
    assert update.json()["text"].startswith("✅ [prod] ranker has recovered after 12 min")
    assert "*Was* ranker is failing: 31.2 %" in json.dumps(update.json(), ensure_ascii=False)


def test_no_data_is_a_note_in_the_thread(world: World) -> None:
    """ALARM to INSUFFICIENT_DATA: a reply; the message stays as it is, and the end still finds it."""
    world.run(delivery())
    noted = delivery(Action.NOTE)
    world.run(replace(noted, alert=replace(noted.alert, at=samples.NOW + timedelta(minutes=1))))
    world.run(resolved())
    assert world.service.paths()[-3:] == [f"/slack/api/chat.{m}" for m in ("postMessage", "update", "postMessage")]
    assert world.service.requests[-3].json()["thread_ts"] == "1700000000.000100"
    assert "*Was* ranker is failing" in json.dumps(world.service.requests[-2].json())


def test_news_about_an_open_incident_stays_in_its_thread(world: World) -> None:
    """An endpoint that failed and is being updated: told in the thread, and the end still closes the first message."""
    world.run(delivery())
    news = delivery(Action.INFORM)
    world.run(replace(news, alert=replace(news.alert, at=samples.NOW + timedelta(minutes=1))))
    assert world.service.requests[-1].json()["thread_ts"] == "1700000000.000100"
    world.run(resolved())
    assert world.service.paths()[-2] == "/slack/api/chat.update"
    assert "*Was* ranker is failing" in json.dumps(world.service.requests[-2].json())


def test_a_resolve_whose_message_is_gone_is_posted(world: World) -> None:
    """Somebody deleted the message: the end is told anyway."""
    world.run(delivery())
    world.answers["chat.update"] = [Answer(body={"ok": False, "error": "message_not_found"})]
    assert world.run(resolved()) == []
    assert world.service.paths()[-1] == "/slack/api/chat.postMessage"
    assert "thread_ts" not in world.service.requests[-1].json()


@pytest.mark.parametrize("action", [Action.TRIGGER, Action.NOTE])
def test_news_whose_thread_is_gone_is_posted_anew(world: World, action: Action) -> None:
    """Somebody deleted the message of an open incident: what comes next gets a message of its own, which its end finds."""
    world.run(delivery())
    again = delivery(action)
    world.answers["chat.postMessage"] = [
        Answer(body={"ok": False, "error": "thread_not_found"}),
        Answer(body={"ok": True, "channel": "C0123456789", "ts": "1700000099.000900"}),
    ]
    later = replace(again, context=Context(), alert=replace(again.alert, at=samples.NOW + timedelta(minutes=1)))
    assert world.run(later) == []
    refused, posted = (request.json() for request in world.service.requests[-2:])
    assert refused["thread_ts"] == "1700000000.000100"
    assert "thread_ts" not in posted
    world.run(resolved())
    assert world.service.requests[-2].json()["ts"] == "1700000099.000900"


def test_late_news_whose_thread_is_gone_is_over(world: World) -> None:
    """The end was told, its message deleted: an older trigger neither reopens it nor becomes a dead letter."""
    world.run(resolved())
    world.answers["chat.postMessage"] = [Answer(body={"ok": False, "error": "message_not_found"})]
    assert world.run(delivery()) == []
    assert len(world.service.requests) == 2


def test_a_trigger_that_comes_after_its_end_does_not_reopen(world: World) -> None:
    """Slack gets it in the thread of the resolved message; PagerDuty, where nothing would close it, not at all."""
    for sink in ("slack", "pagerduty"):
        world.run(to(sink, resolved()))
        world.service.requests.clear()
        assert world.run(to(sink, delivery())) == []
        assert [r.json().get("thread_ts") for r in world.service.requests] == ["1700000000.000100"] * (sink == "slack")


@pytest.mark.parametrize("sink", ["slack", "pagerduty", "hook", "email"])
def test_a_trigger_that_comes_again_after_its_end_is_not_told_again(world: World, sink: str) -> None:
    """A function that was killed after posting leaves its record on the queue; it returns when all is over."""
    world.run(to(sink, delivery()))
    world.run(to(sink, resolved()))
    sent, items = (len(world.service.requests), len(world.aws.called("publish"))), dict(world.table.items)
    assert world.run(to(sink, delivery())) == []
    assert (len(world.service.requests), len(world.aws.called("publish"))) == sent
    assert world.table.items == items
    assert "already sent" in world.logged.getvalue()


def test_an_alarm_that_comes_back_is_told(world: World) -> None:
    """A newer trigger of the same alert, after its end, is news."""
    for sink in ("slack", "pagerduty", "hook", "email"):
        world.run(to(sink, delivery()))
        world.run(to(sink, resolved()))
        sent = len(world.service.requests) + len(world.aws.called("publish"))
        again = to(sink, delivery())
        world.run(replace(again, alert=replace(again.alert, at=samples.NOW + timedelta(hours=1))))
        assert len(world.service.requests) + len(world.aws.called("publish")) > sent


@pytest.mark.parametrize("sink", ["pagerduty", "hook", "email"])
def test_a_trigger_that_its_end_overtook_is_left_out(world: World, sink: str) -> None:
    """Where no thread shows that it is over: nothing is sent, the record stays at the end, and the log says why."""
    world.run(to(sink, resolved()))
    sent, items = (len(world.service.requests), len(world.aws.called("publish"))), dict(world.table.items)
    world.logged.truncate(0)
    assert world.run(to(sink, delivery())) == []
    assert (len(world.service.requests), len(world.aws.called("publish"))) == sent
    assert world.table.items == items
    logged = [json.loads(line)["message"] for line in world.logged.getvalue().strip("\0\n").splitlines()]
    assert logged == ["left out: already over"]


def test_slack_tells_an_overtaken_trigger_once(world: World) -> None:
    """In the thread of the end; a second copy is not told, and the record stays at the end."""
    world.run(resolved())
    for _ in range(2):
        assert world.run(delivery()) == []
    assert world.service.paths() == ["/slack/api/chat.postMessage"] * 2
    (item,) = world.table.items.values()
    assert item["action"] == {"S": "resolve"}


def test_a_slow_chart_does_not_hold_the_function(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests of a chart share one small budget; the page is out, and not sent again."""
    monkeypatch.setattr(slack_module, "CHART_SECONDS", 0.6)
    monkeypatch.setattr(http, "OPTIONAL_SECONDS", 0.4)
    over = threading.Event()
    usual_answer = world.service.answer

    def slow(request: Request) -> Answer:
        if "files.getUploadURLExternal" in request.path:
            over.wait(0.3)
        elif "/upload/" in request.path:
            over.wait(10)
        return usual_answer(request)

    world.service.answer = slow
    began = time.monotonic()
    try:
        assert world.run(delivery()) == []
        took = time.monotonic() - began
    finally:
        over.set()
    assert 0.3 <= took < 2
    assert world.service.paths()[0] == "/slack/api/chat.postMessage"
    assert not any("completeUpload" in path for path in world.service.paths())
    assert "chart was not uploaded" in world.logged.getvalue()
    assert http._timeout(time.monotonic() + 60).total == 0.4
    with pytest.raises(RetryLaterError, match="no time left"):
        http._timeout(time.monotonic())


def test_pagerduty_triggers_and_resolves_under_one_key(world: World) -> None:
    """Same dedup key, same routing key, the chart as an https picture at the top level."""
    world.run(to("pagerduty", delivery()))
    world.run(to("pagerduty", resolved()))
    trigger, resolve = (r.json() for r in world.service.requests)
    assert (trigger["event_action"], resolve["event_action"]) == ("trigger", "resolve")
    assert trigger["dedup_key"] == resolve["dedup_key"] == delivery().dedup_key
    assert trigger["routing_key"] == resolve["routing_key"] == KEY
    assert trigger["images"][0]["src"].startswith("https://charts.s3")


def test_information_is_a_change_event_in_pagerduty(world: World) -> None:
    """A deployment pages no one: it goes to the change endpoint."""
    world.run(to("pagerduty", delivery(Action.INFORM)))
    assert world.service.paths() == ["/v2/change/enqueue"]


@pytest.mark.parametrize("again", [delivery(), resolved()])
@pytest.mark.parametrize("sink", ["slack", "pagerduty", "hook", "email"])
def test_a_delivery_that_comes_twice_is_sent_once(world: World, sink: str, again: Delivery) -> None:
    """A queue may deliver twice, and an enricher that crashed may queue twice."""
    world.run(to(sink, again))
    sent = (len(world.service.requests), len(world.aws.called("publish")))
    assert world.run(to(sink, again)) == []
    assert (len(world.service.requests), len(world.aws.called("publish"))) == sent
    assert sum(sent) > 0


@pytest.mark.parametrize(("asked", "hidden"), [("1", 5), ("30", 30), ("3600", 3600), ("999999", 42_900), ("later", 5)])
def test_429_goes_back_to_the_queue_for_as_long_as_asked(world: World, asked: str, hidden: int) -> None:
    """The record fails and stays hidden for Retry-After, but no less than a first delay, and no more than SQS can."""
    world.answers["chat.postMessage"] = [Answer(status=429, headers={"Retry-After": asked})]
    assert world.run(delivery()) == ["m0"]
    assert world.hidden() == [hidden]
    assert world.run(delivery()) == []


def test_a_short_retry_after_does_not_use_up_the_attempts(world: World) -> None:
    """A sink that asks for one second every time is asked less and less often."""
    world.answers["chat.postMessage"] = [Answer(status=429, headers={"Retry-After": "1"}) for _ in range(3)]
    for receives in (1, 5, 60):
        world.run(delivery(), receives=receives)
    assert world.hidden() == [5, 80, 900]


def test_what_was_tried_for_a_day_becomes_a_dead_letter(world: World) -> None:
    """Before its queue deletes it without a trace; where nothing takes it, it is tried on."""
    world.answers["/v2/enqueue"] = [Answer(status=503), Answer(status=503), Answer(status=503)]
    made = to("pagerduty", delivery())
    assert world.run(made, age=timedelta(hours=23)) == ["m0"]
    assert world.aws.called("send_message") == []
    assert world.run(made, age=timedelta(hours=25)) == []
    (buried,) = world.aws.called("send_message")
    assert buried["MessageAttributes"]["reason"]["StringValue"].startswith("tried for a day: HTTP 503")
    world.aws.answers["send_message"] = client_error("AccessDenied")
    assert world.run(made, age=timedelta(hours=25)) == ["m0"]
    assert len(world.hidden()) == 2


def test_after_429_the_rest_of_the_batch_waits_too(world: World) -> None:
    """A sink that asked for time is not asked again in the same batch; other sinks are."""
    world.answers["chat.postMessage"] = [Answer(status=429, headers={"Retry-After": "7"})]
    other = samples.delivery(payload="another message")
    assert world.run(delivery(), other, to("pagerduty", delivery())) == ["m0", "m1"]
    assert world.hidden() == [7, 7]
    assert world.service.paths() == ["/slack/api/chat.postMessage", "/v2/enqueue"]


@pytest.mark.parametrize(
    "answer",
    [Answer(status=500), Answer(status=503), Answer(body={"ok": False, "error": "ratelimited"}), Answer(body="<html>")],
)
def test_trouble_at_the_sink_is_retried_later(world: World, answer: Answer) -> None:
    """5xx, transient errors in a 200, and a page that is no JSON: longer each time, no sleeping here."""
    world.answers["chat.postMessage"] = [answer, answer]
    assert world.run(delivery(), receives=1) == ["m0"]
    assert world.run(delivery(), receives=4) == ["m0"]
    assert world.hidden() == [5, 40]


def test_an_unreachable_sink_is_retried_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection: back to the queue, and the log does not hold the webhook's URL."""
    world.aws.answers["get_secret_value"] = {"SecretString": "http://127.0.0.1:9/services/T0/B0/topsecret"}
    assert world.run(to("hook", delivery())) == ["m0"]
    assert world.hidden() == [5]
    assert "topsecret" not in world.logged.getvalue()


def test_400_goes_to_the_dead_letters_at_once(world: World) -> None:
    """PagerDuty's 400 never heals: not retried, moved to the dead letters with its reason."""
    world.answers["/v2/enqueue"] = [Answer(status=400, body={"status": "invalid event"})]
    assert world.run(to("pagerduty", delivery())) == []
    assert len(world.service.requests) == 1
    (buried,) = world.aws.called("send_message")
    assert buried["QueueUrl"] == "https://queue/dead"
    assert Delivery.from_json(buried["MessageBody"]) == to("pagerduty", delivery())
    assert "HTTP 400" in buried["MessageAttributes"]["reason"]["StringValue"]


def test_without_dead_letters_the_record_fails(world: World) -> None:
    """A permanent refusal with nowhere to put it: the queue's own redrive takes it, nothing is dropped."""
    world.answers["chat.postMessage"] = [Answer(body={"ok": False, "error": "channel_not_found"})]
    assert world.run(delivery()) == ["m0"]
    assert world.hidden() == []
    assert "channel_not_found" in world.logged.getvalue()


def test_when_the_dead_letters_fail_nothing_is_lost(world: World) -> None:
    """The dead-letter queue does not take it: the record fails instead of vanishing."""
    world.answers["/v2/enqueue"] = [Answer(status=400)]
    world.aws.answers["send_message"] = client_error("AccessDenied")
    assert world.run(to("pagerduty", delivery())) == ["m0"]


def test_one_bad_record_does_not_touch_the_others(world: World) -> None:
    """Text that is no delivery, and a sink that does not exist, fail alone."""
    assert world.run("not a delivery", to("pagerduty", delivery()), to("nowhere", delivery())) == ["m0", "m2"]
    assert world.service.paths() == ["/v2/enqueue"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"type": "pager"}, "SINKS: 'chat' has type 'pager'; it must be one of pagerduty, slack, slack-webhook, email"),
        ({"type": "slack", "secret": "bot"}, "SINKS: 'chat' of type 'slack' lacks channel; add it"),
        ("slack", "SINKS: 'chat' has type ''; it must be one of"),
    ],
)
def test_a_sink_that_is_set_up_badly_fails_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: object, told: str
) -> None:
    """Its deliveries become dead letters with the fix as their reason; the other sinks' are sent."""
    monkeypatch.setenv("SINKS", json.dumps({**json.loads(os.environ["SINKS"]), "chat": settings}))
    monkeypatch.setenv("DEAD_LETTERS", json.dumps({"chat": "https://queue/dead"}))
    assert world.run(to("chat", delivery()), to("pagerduty", delivery()), to("email", delivery())) == []
    assert world.service.paths() == ["/v2/enqueue"]
    assert len(world.aws.called("publish")) == 1
    (buried,) = world.aws.called("send_message")
    assert buried["MessageAttributes"]["reason"]["StringValue"].startswith(told)
    assert told in world.logged.getvalue()


@pytest.mark.parametrize(
    ("sink", "path", "refused"),
    [
        ("slack", "chat.postMessage", Answer(body={"ok": False, "error": "token_revoked"})),
        ("pagerduty", "/v2/enqueue", Answer(status=403)),
        ("pagerduty", "/v2/enqueue", Answer(status=400, body={"errors": ["Invalid routing key"]})),
        ("hook", "/services/", Answer(status=403, body="invalid_token")),
        ("hook", "/services/", Answer(status=404, body="no_service")),
    ],
)
def test_a_rotated_secret_is_read_again_once(world: World, sink: str, path: str, refused: Answer) -> None:
    """The first refusal reads the secret afresh and tries again; a second one is final."""
    world.answers[path] = [refused]
    assert world.run(to(sink, delivery())) == []
    assert len(world.aws.called("get_secret_value")) == 2
    world.answers[path] = [refused, refused]
    later = replace(delivery(), sink=sink, dedup_key="another")
    failed = world.run(later)
    assert failed == ([] if sink == "pagerduty" else ["m0"]), "PagerDuty has dead letters here"


def test_secrets_are_kept_for_a_while(world: World) -> None:
    """Many deliveries, one read of the secret."""
    world.run(*(replace(delivery(), dedup_key=str(i)) for i in range(3)))
    assert len(world.aws.called("get_secret_value")) == 1


def test_a_lost_chart_does_not_cost_the_page(world: World) -> None:
    """S3 refuses, or Slack's upload fails: the message is out, and not sent again."""
    world.aws.answers["generate_presigned_url"] = client_error("AccessDenied")
    assert world.run(to("pagerduty", delivery())) == []
    world.aws.answers["get_object"] = client_error("AccessDenied")
    assert world.run(delivery()) == []
    world.aws.answers["get_object"] = lambda **_: {"Body": io.BytesIO(PNG)}
    world.answers["files.completeUploadExternal"] = [Answer(body={"ok": False, "error": "invalid_arguments"})]
    assert world.run(replace(delivery(), dedup_key="another")) == []


def test_blocks_that_slack_refuses_go_out_as_words(world: World) -> None:
    """`invalid_blocks`: the same message without blocks, so that the page is told."""
    world.answers["chat.postMessage"] = [Answer(body={"ok": False, "error": "invalid_blocks"})]
    assert world.run(delivery()) == []
    first, second = (r.json() for r in world.service.requests[:2])
    assert "blocks" in first
    assert "blocks" not in second
    assert second["text"].startswith("🟠 [prod] ranker is failing")


def test_what_was_sent_but_not_recorded_is_not_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is away after sending: the record succeeds, since failing it would send it twice."""
    monkeypatch.setattr(world.table, "put_item", lambda **_: (_ for _ in ()).throw(client_error("InternalServerError")))
    assert world.run(delivery()) == []


def test_nothing_secret_is_logged(world: World) -> None:
    """Tokens, keys and webhook URLs do not reach the log, whatever goes wrong."""
    echo = Answer(
        status=400, body=f"bad token {TOKEN} https://hooks.slack.com/services/T1/B1/abcdefgh password=hunter2"
    )
    world.answers |= {"chat.postMessage": [echo], "/v2/enqueue": [echo], "/services/": [echo]}
    for sink in ("slack", "pagerduty", "hook"):
        world.run(to(sink, delivery()))
    logged = world.logged.getvalue()
    assert "rejected for good" in logged
    for secret in (TOKEN, KEY, "secretsecret", "T1/B1", "hunter2"):
        assert secret not in logged


def test_mail_that_sns_refuses_for_good_and_for_now(world: World) -> None:
    """NotFound is final, throttling is not."""
    world.aws.answers["publish"] = client_error("Throttling")
    assert world.run(to("email", delivery())) == ["m0"]
    assert world.hidden() == [5]
    world.aws.answers["publish"] = client_error("NotFound")
    assert world.run(to("email", delivery())) == ["m0"]
    assert world.hidden() == [5]
