"""Sinks are brought up to their incidents, once each; what fails goes back or to the dead letters."""

import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alert_common import gate as gates
from alert_common.alert import Severity
from alert_common.context import Context
from alert_common.delivery import Delivery, Kind
from alert_common.gate import Gate
from alert_common.incident import Stage
from alert_common.page import Action, Page
from alert_common.store import Store, Turn
from alert_dispatcher import http
from alert_dispatcher.errors import NoTimeError
from tests.unit.functions import samples
from tests.unit.functions.fakes import Answer, Request, client_error
from tests.unit.functions.samples import page, resolved
from tests.unit.functions.world import KEY, TOKEN, World, running, to

ID = "endpointwatch/ranker/1"
SINKS = ("slack", "pagerduty", "hook", "email", "webhook")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a dispatcher with its sinks."""
    with running(monkeypatch) as made:
        yield made


def requests(world: World) -> int:
    """How much was sent, whichever way."""
    return len(world.service.requests) + len(world.aws.called("publish"))


def over(world: World) -> None:
    """Let the incident end, and settle."""
    world.now = samples.NOW + timedelta(minutes=20)
    world.happens(page(), resolved(), settles_at=world.now - timedelta(seconds=1))


@pytest.mark.parametrize("sink", SINKS)
def test_an_incident_is_told_once_and_its_end_once(world: World, sink: str) -> None:
    """However often its deliveries come, in one batch or in several."""
    world.happens(page())
    assert world.run(to(sink), to(sink)) == []
    sent = requests(world)
    assert sent > 0
    assert world.run(to(sink)) == []
    assert requests(world) == sent
    assert world.told(sink).stage is Stage.OPEN
    over(world)
    assert world.run(to(sink)) == []
    closing = requests(world)
    assert closing > sent
    assert world.run(to(sink), to(sink)) == []
    assert requests(world) == closing
    assert world.told(sink).stage is Stage.OVER


def test_an_end_before_it_settled_is_not_told_to_who_knows_nothing(world: World) -> None:
    """OK came before anybody was told: the record waits until it is sure, and the story is told once, paging no one."""
    world.now = samples.NOW + timedelta(minutes=10)
    world.happens(page(), resolved(), settles_at=world.now + timedelta(seconds=90))
    assert world.run(to("pagerduty"), to("slack")) == ["m0", "m1"]
    assert world.hidden() == [90, 90]
    assert requests(world) == 0
    world.passes(seconds=91)
    assert world.run(to("pagerduty"), to("slack")) == []
    assert world.service.paths().count("/v2/change/enqueue") == 1
    assert "/v2/enqueue" not in world.service.paths()
    (posted,) = world.posted
    assert posted["text"].startswith("✅ [prod] ranker is failing")
    assert posted["text"].endswith("over after 12 min")


def test_a_page_in_slack_is_one_message_with_its_chart_in_the_thread(world: World) -> None:
    """postMessage, then the chart uploaded and shared into that message's thread."""
    world.happens(page())
    assert world.run(to("slack")) == []
    assert world.service.paths() == [
        "/slack/api/chat.postMessage",
        "/slack/api/files.getUploadURLExternal",
        "/upload/v1/x",
        "/slack/api/files.completeUploadExternal",
    ]
    post, _, _, complete = world.service.requests
    assert post.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "thread_ts" not in post.json()
    assert complete.json()["thread_ts"] == world.posted[0]["ts"]


def test_alerts_that_join_are_told_in_the_thread_and_page_no_one_again(world: World) -> None:
    """Slack: the first message is brought up to date, and a reply tells it. PagerDuty, e-mail and Slack's webhook: nothing."""
    world.happens(page())
    world.run(*(to(sink) for sink in SINKS))
    world.service.requests.clear()
    world.aws.calls.clear()
    world.passes(minutes=1)
    world.happens(page(), latency(world))
    assert world.run(*(to(sink) for sink in SINKS)) == []
    update, reply, document = (world.bodies(part)[0] for part in ("chat.update", "chat.postMessage", "/hook"))
    assert len(world.service.requests) == 3
    assert world.aws.called("publish") == []
    assert update["ts"] == reply["thread_ts"]
    assert "`ranker/AllTraffic/latency`" in json.dumps(update)
    assert "ranker is slow" in reply["text"]
    assert document["type"] == "incident.updated"
    assert {world.told(sink).seq for sink in SINKS} == {2}


def latency(world: World, **changes: object) -> Page:
    """Another alarm of the same endpoint."""
    trigger = samples.metric_trigger("ModelLatency", threshold=400_000.0)
    message = samples.sns_alarm(
        AlarmName="ranker/AllTraffic/latency",
        AlarmArn=samples.ARN.replace("errors", "latency"),
        Trigger=trigger,
        StateChangeTime=world.now.isoformat(),
    )
    made = page(payload=samples.envelope(message), context=Context(environment="prod"))
    return replace(made, alert=replace(made.alert, **changes))  # type: ignore[arg-type]


def test_what_is_worse_is_told_again(world: World) -> None:
    """A critical alert joins a warning: PagerDuty under the same key, mail, and Slack's reply is seen in the channel."""
    world.happens(page())
    world.run(*(to(sink) for sink in SINKS))
    world.service.requests.clear()
    world.aws.calls.clear()
    world.passes(minutes=1)
    world.happens(page(), latency(world, severity=Severity.CRITICAL))
    assert world.run(*(to(sink) for sink in SINKS)) == []
    (event,) = world.bodies("/v2/enqueue")
    assert (event["dedup_key"], event["payload"]["severity"], event["event_action"]) == (ID, "critical", "trigger")
    assert event["payload"]["summary"].startswith("[prod] ranker is slow")
    assert "(and 1 more alert)" in event["payload"]["summary"]
    assert world.bodies("chat.postMessage")[0]["reply_broadcast"] is True
    (mail,) = world.aws.called("publish")
    assert mail["Subject"].startswith("[prod] Critical: ranker is slow")


def test_many_changes_are_one_reply(world: World) -> None:
    """A thread that was away for long gets a list."""
    world.happens(page())
    world.run(to("slack"))
    world.passes(minutes=1)
    others = [latency(world, name=f"alarm {i}", arn=f"arn {i}") for i in range(20)]
    world.happens(page(), *others)
    assert world.run(to("slack")) == []
    assert len(world.posted) == 2
    assert "alarm 19" in json.dumps(world.posted[1])


def test_the_end_updates_the_message_and_closes_the_thread(world: World) -> None:
    """chat.update of the first message, and one reply in its thread that says how long it lasted."""
    world.happens(page())
    world.run(to("slack"))
    world.service.requests.clear()
    over(world)
    assert world.run(to("slack")) == []
    update, reply = world.service.requests
    assert (update.path, reply.path) == ("/slack/api/chat.update", "/slack/api/chat.postMessage")
    assert update.json()["ts"] == reply.json()["thread_ts"] == world.posted[0]["ts"]
    assert update.json()["text"].startswith("✅ [prod] ranker is failing")
    assert update.json()["text"].endswith("over after 12 min")
    assert "ranker has recovered" in reply.json()["text"]


def test_a_message_that_somebody_deleted_is_posted_anew(world: World) -> None:
    """What comes next gets a message of its own, which its end finds."""
    world.happens(page())
    world.run(to("slack"))
    world.passes(minutes=1)
    world.happens(page(), latency(world))
    world.answers["chat.update"] = [Answer(body={"ok": False, "error": "message_not_found"})]
    assert world.run(to("slack")) == []
    assert "thread_ts" not in world.posted[-1]
    assert world.told().thread.endswith(world.posted[-1]["ts"])


def test_an_incident_that_comes_back_reopens(world: World) -> None:
    """Told as over, and open again: PagerDuty triggers under the same key, Slack says so in the channel."""
    world.happens(page())
    world.run(to("slack"), to("pagerduty"))
    over(world)
    world.run(to("slack"), to("pagerduty"))
    world.service.requests.clear()
    world.happens(page(), resolved(), latency(world))
    assert world.run(to("slack"), to("pagerduty")) == []
    assert [event["event_action"] for event in world.bodies("/v2/enqueue")] == ["trigger"]
    assert "Open again" in json.dumps(world.bodies("chat.update"))
    assert world.posted[-1]["reply_broadcast"] is True


def test_what_stays_open_is_told_again_when_that_is_wanted(world: World) -> None:
    """After the interval; the dispatcher itself sends what brings it back, and nothing is told before."""
    world.settings["remind_seconds"] = 600
    world.happens(page())
    world.run(to("pagerduty"), to("slack"))
    (first, second) = world.sent()
    assert {first.sink, second.sink} == {"pagerduty", "slack"}
    assert first.not_before == world.now + timedelta(seconds=600)
    assert world.run(first) == ["m0"]
    assert world.hidden() == [600]
    world.passes(seconds=600)
    assert world.run(first, second) == []
    assert len(world.bodies("/v2/enqueue")) == 2
    assert "still open after" in world.bodies("/v2/enqueue")[1]["payload"]["summary"]
    assert world.posted[-1]["text"].startswith("⏰ Still open after")
    assert len(world.sent()) == 4
    over(world)
    assert world.run(to("pagerduty")) == []
    assert world.run(*world.sent("pagerduty")[-1:]) == ["m0"], "early"
    world.passes(hours=1)
    assert world.run(*world.sent("pagerduty")[-1:]) == []
    assert len(world.bodies("/v2/enqueue")) == 3, "what is over is not told again"


def test_information_is_a_change_event_in_pagerduty(world: World) -> None:
    """A deployment pages no one, neither alone nor while its endpoint's incident is open; in Slack it is in the thread."""
    world.happens(page(Action.INFORM), id="notice")
    assert world.run(to("pagerduty", "notice")) == []
    world.happens(page())
    world.run(to("pagerduty"), to("slack"))
    world.happens(page(), page(Action.INFORM))
    world.service.requests.clear()
    assert world.run(to("pagerduty"), to("slack")) == []
    assert [r.path for r in world.service.requests if "/v2/" in r.path] == ["/v2/change/enqueue"]
    assert world.posted[-1]["thread_ts"] == world.posted[0]["ts"]
    assert not [path for path in world.service.paths() if "chat.update" in path]


def test_a_page_waits_for_its_context_and_no_longer(world: World) -> None:
    """Until it is due; then it goes out with what is there."""
    world.happens(page(due=world.now + timedelta(seconds=3)))
    assert world.run(to("slack")) == ["m0"]
    assert world.hidden() == [3]
    assert world.posted == []
    world.passes(seconds=3)
    assert world.run(to("slack")) == []
    assert len(world.posted) == 1


def test_what_has_nothing_to_tell_yet_goes_back_until_then(world: World) -> None:
    """Neither a failure nor a reason to look."""
    over(world)
    assert world.run(to("slack", not_before=world.now + timedelta(seconds=200)), receives=9) == ["m0"]
    assert world.hidden() == [200]
    assert world.table.calls[-1] != "batch_get_item"


def test_an_incident_that_has_expired_is_not_tried_again(world: World) -> None:
    """Its deliveries are done with, and the log says so."""
    assert world.run(to("slack", "gone")) == []
    assert "not there any more" in world.logged.getvalue()


def test_two_tellers_do_not_tell_the_same(world: World) -> None:
    """While another invocation has the turn, the record comes back; afterwards there is nothing left to tell."""
    world.happens(page())
    turn = world.store.take_turn("slack", ID)
    assert world.run(to("slack")) == ["m0"]
    assert world.hidden() == [5]
    assert requests(world) == 0
    world.store.end_turn(turn)
    assert world.run(to("slack")) == []
    assert len(world.posted) == 1


def test_what_was_told_meanwhile_decides_what_there_is_to_tell(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What joins is no news for PagerDuty, unless its incident was resolved there after it was read: then it comes back."""
    world.happens(page())
    assert world.run(to("pagerduty")) == []
    world.happens(page(), latency(world))
    take_turn = Store.take_turn

    def resolved_before(store: Store, sink: str, id: str) -> Turn:
        turn = take_turn(store, sink, id)
        return replace(turn, told=replace(turn.told, stage=Stage.OVER))

    with monkeypatch.context() as patch:
        patch.setattr(Store, "take_turn", resolved_before)
        assert world.run(to("pagerduty")) == ["m0"]
    assert world.told("pagerduty").seq == 1
    assert world.run(to("pagerduty")) == []
    assert world.told("pagerduty").seq == 2


@pytest.mark.parametrize(("asked", "hidden"), [("1", 5), ("30", 30), ("3600", 3600), ("999999", 42_900), ("later", 5)])
def test_429_goes_back_to_the_queue_for_as_long_as_asked(world: World, asked: str, hidden: int) -> None:
    """The record stays hidden for Retry-After, nothing sleeps, and nobody else asks before; then it is told."""
    world.happens(page())
    world.happens(latency(world), id="other")
    world.answers["chat.postMessage"] = [Answer(status=429, headers={"Retry-After": asked})]
    began = time.monotonic()
    assert world.run(to("slack")) == ["m0"]
    assert time.monotonic() - began < 5
    assert world.hidden() == [hidden]
    assert world.run(to("slack", "other", severity=Severity.CRITICAL)) == ["m0"]
    assert len(world.bodies("chat.postMessage")) == 1, "the sink is not asked while it wants to be left alone"
    world.passes(seconds=min(int(asked), 1_000_000) + 1 if asked.isdigit() else 6)
    assert world.run(to("slack")) == []
    assert len(world.posted) == 1
    assert world.told().stage is Stage.OPEN


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500),
        Answer(status=503),
        Answer(body={"ok": False, "error": "internal_error"}),
        Answer(body="<html>"),
    ],
)
def test_trouble_at_the_sink_is_retried_later(world: World, answer: Answer) -> None:
    """5xx, transient errors in a 200, and a page that is no JSON: longer each time, no sleeping here."""
    world.happens(page())
    world.answers["chat.postMessage"] = [answer, answer]
    assert world.run(to("slack"), receives=1) == ["m0"]
    assert world.run(to("slack"), receives=4) == ["m0"]
    assert world.hidden() == [5, 10]
    assert world.store.gate("slack").failures == 2
    assert world.run(to("slack")) == []
    assert len(world.posted) == 1
    assert world.store.gate("slack").failures == 0


def test_what_was_tried_for_a_day_becomes_a_dead_letter(world: World) -> None:
    """Before its queue deletes it without a trace; where nothing takes it, it is tried on."""
    world.happens(page())
    world.answers["/v2/enqueue"] = [Answer(status=503), Answer(status=503), Answer(status=503)]
    assert world.run(to("pagerduty"), age=timedelta(hours=23)) == ["m0"]
    assert world.buried() == []
    assert world.run(to("pagerduty"), age=timedelta(hours=25)) == []
    (buried,) = world.buried()
    assert buried["MessageAttributes"]["reason"]["StringValue"].startswith("tried for a day: HTTP 503")
    world.aws.answers["send_message"] = client_error("AccessDenied")
    assert world.run(to("pagerduty"), age=timedelta(hours=25)) == ["m0"]


def test_400_goes_to_the_dead_letters_at_once(world: World) -> None:
    """PagerDuty's 400 never heals: not retried, moved to the dead letters with its reason; the others are told."""
    world.happens(page())
    world.answers["/v2/enqueue"] = [Answer(status=400, body={"status": "invalid event"})]
    assert world.run(to("pagerduty"), to("slack")) == []
    assert len(world.bodies("/v2/enqueue")) == 1
    (buried,) = world.buried()
    assert buried["QueueUrl"] == "https://queue/dead-pagerduty"
    assert Delivery.from_json(buried["MessageBody"]) == to("pagerduty")
    assert "HTTP 400" in buried["MessageAttributes"]["reason"]["StringValue"]
    assert len(world.posted) == 1
    assert world.told("pagerduty").stage is Stage.UNKNOWN
    world.aws.answers["send_message"] = client_error("AccessDenied")
    world.answers["/v2/enqueue"] = [Answer(status=400)]
    assert world.run(to("pagerduty")) == ["m0"], "a dead-letter queue that takes nothing loses nothing"


def test_slack_down_neither_delays_nor_doubles_pagerduty(world: World) -> None:
    """And the reverse; what succeeded in a batch is not sent again."""
    world.happens(page())
    world.answers["chat.postMessage"] = [Answer(body={"ok": False, "error": "fatal_error"})]
    assert world.run(to("slack"), to("pagerduty")) == ["m0"]
    world.answers["/v2/enqueue"] = [Answer(status=500)]
    assert world.run(to("slack"), to("pagerduty")) == []
    assert len(world.bodies("/v2/enqueue")) == 1
    assert len(world.posted) == 1


def test_one_bad_record_does_not_touch_the_others(world: World) -> None:
    """Text that is no delivery, and a sink that does not exist, fail alone."""
    world.happens(page())
    assert world.run("not a delivery", to("pagerduty"), to("nowhere")) == ["m0", "m2"]
    assert world.service.paths() == ["/v2/enqueue"]
    assert "there is no sink 'nowhere'" in world.logged.getvalue()


def test_what_is_no_delivery_becomes_a_dead_letter_after_a_day(world: World) -> None:
    """Its queue would let it come for ten days; the dead letter says why."""
    assert world.run("not a delivery", age=timedelta(hours=23)) == ["m0"]
    assert world.run("not a delivery", age=timedelta(hours=25)) == []
    (letter,) = world.buried()
    assert letter["QueueUrl"] == "https://queue/dead-slack"
    assert letter["MessageAttributes"]["reason"]["StringValue"].startswith("not a delivery: ")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"type": "pager"}, "sink 'hook' has type 'pager'; it must be one of pagerduty, slack, slack-webhook, email"),
        ({"type": "slack", "secret": "bot"}, "sink 'hook' of type 'slack' lacks channel; add it"),
        ({"type": "nothere:Thing"}, "sink 'hook' of type 'nothere:Thing' cannot be made"),
    ],
)
def test_a_sink_that_is_set_up_badly_fails_alone(world: World, settings: dict[str, str], told: str) -> None:
    """Its deliveries become dead letters with the fix as their reason; the other sinks' are sent."""
    world.settings["sinks"]["hook"]["settings"] = settings
    world.happens(page())
    assert world.run(to("hook"), to("pagerduty"), to("email")) == []
    assert world.service.paths() == ["/v2/enqueue"]
    assert len(world.aws.called("publish")) == 1
    (buried,) = world.buried()
    assert buried["MessageAttributes"]["reason"]["StringValue"].startswith(told)


@pytest.mark.parametrize(
    ("sink", "path", "refused"),
    [
        ("slack", "chat.postMessage", Answer(body={"ok": False, "error": "token_revoked"})),
        ("pagerduty", "/v2/enqueue", Answer(status=403)),
        ("pagerduty", "/v2/enqueue", Answer(status=400, body={"errors": ["Invalid routing key"]})),
        ("hook", "/services/", Answer(status=403, body="invalid_token")),
        ("hook", "/services/", Answer(status=404, body="no_service")),
        ("webhook", "/hook", Answer(status=401)),
    ],
)
def test_a_rotated_secret_is_read_again_once(world: World, sink: str, path: str, refused: Answer) -> None:
    """The first refusal reads the secret afresh and tries again; a second one is final."""
    world.happens(page())
    world.happens(latency(world), id="other")
    world.answers[path] = [refused]
    assert world.run(to(sink)) == []
    assert len(world.aws.called("get_secret_value")) == 2
    assert world.buried() == []
    world.answers[path] = [refused, refused]
    assert world.run(to(sink, "other")) == []
    assert len(world.buried()) == 1


def test_secrets_are_kept_for_a_while(world: World) -> None:
    """Many deliveries, one read of the secret."""
    for i in range(3):
        world.happens(page(), id=str(i))
    assert world.run(*(to("pagerduty", str(i)) for i in range(3))) == []
    assert len(world.aws.called("get_secret_value")) == 1


def test_a_lost_chart_does_not_cost_the_page(world: World) -> None:
    """S3 refuses, or Slack's upload fails: the message is out, and not sent again."""
    world.happens(page())
    world.happens(page(), id="other")
    world.aws.answers["generate_presigned_url"] = client_error("AccessDenied")
    world.aws.answers["get_object"] = client_error("AccessDenied")
    assert world.run(to("pagerduty"), to("slack")) == []
    world.aws.answers["get_object"] = lambda **_: {"Body": io.BytesIO(b"png")}
    world.answers["files.completeUploadExternal"] = [Answer(body={"ok": False, "error": "invalid_arguments"})]
    assert world.run(to("slack", "other")) == []
    assert len(world.posted) == 2


def test_a_slow_chart_does_not_hold_the_function(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests of a chart share one small budget; the page is out, and not sent again."""
    monkeypatch.setattr("alert_dispatcher.sinks.slack.CHART_SECONDS", 0.6)
    gone = threading.Event()
    usual_answer = world.service.answer

    def slow(request: Request) -> Answer:
        if "/upload/" in request.path:
            gone.wait(10)
        return usual_answer(request)

    world.service.answer = slow
    world.happens(page())
    began = time.monotonic()
    try:
        assert world.run(to("slack")) == []
        took = time.monotonic() - began
    finally:
        gone.set()
    assert took < 2
    assert "chart was not uploaded" in world.logged.getvalue()
    with pytest.raises(NoTimeError, match="no time left"):
        http._timeout(time.monotonic())


def test_blocks_that_slack_refuses_go_out_as_words(world: World) -> None:
    """`invalid_blocks`: the same message without blocks, so that the page is told."""
    world.happens(page())
    world.answers["chat.postMessage"] = [Answer(body={"ok": False, "error": "invalid_blocks"})]
    assert world.run(to("slack")) == []
    first, second = world.bodies("chat.postMessage")
    assert "blocks" in first
    assert "blocks" not in second
    assert second["text"].startswith("🟠 [prod] ranker is failing")


def test_nothing_is_sent_when_the_function_has_no_time(world: World) -> None:
    """Less than one request may take: the record comes back, and nothing was started."""
    world.happens(page())
    assert world.run(to("slack"), milliseconds_left=11_000) == ["m0"]
    assert requests(world) == 0
    assert world.run(to("slack"), milliseconds_left=29_000) == []


def test_when_the_table_is_away_nothing_is_told_and_nothing_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be looked up, or marked, is not sent; everything comes back."""
    world.happens(page())
    with monkeypatch.context() as away:
        away.setattr(world.table, "batch_get_item", lambda **_: (_ for _ in ()).throw(client_error("Throttling")))
        assert world.run(to("slack"), to("pagerduty")) == ["m0", "m1"]
    with monkeypatch.context() as away:
        away.setattr(world.table, "update_item", lambda **_: (_ for _ in ()).throw(client_error("Throttling")))
        assert world.run(to("slack"), to("pagerduty")) == ["m0", "m1"]
    assert requests(world) == 0
    assert world.run(to("slack"), to("pagerduty")) == []


def test_critical_ones_go_first(world: World) -> None:
    """In a batch at a sink that takes one message a second, whatever the order of its records."""
    world.settings["sinks"]["pagerduty"]["rate"] = {"messages": 1, "seconds": 1.0}
    for i in range(5):
        severity = Severity.CRITICAL if i == 3 else Severity.WARNING
        world.happens(page(), id=str(i), severity=severity)
    batch = [to("pagerduty", str(i), severity=Severity.CRITICAL if i == 3 else Severity.WARNING) for i in range(5)]
    assert world.run(*batch) == ["m0", "m1", "m2", "m4"]
    assert [event["dedup_key"] for event in world.bodies("/v2/enqueue")] == ["3"]
    assert world.hidden() == [1, 2, 3, 4], "each comes back in a turn of its own"


def test_a_sink_that_fails_is_left_alone_and_its_fallback_is_told(world: World) -> None:
    """The breaker: mail is told once, and says for whom; the delivery stays where it is, and is told when the sink is back."""
    world.settings["sinks"]["slack"]["fallback"] = "email"
    made = world.happens(page(), sinks={"slack": 0})
    world.store.save_gate("slack", Gate(failures=gates.TRIP_AFTER, closed_until=world.now.timestamp() + 30))
    for _ in range(2):
        assert world.run(to("slack")) == ["m0"]
    assert world.posted == []
    (told,) = world.sent("email")
    assert told.stands_in == f"slack could not be told: the sink has failed {gates.TRIP_AFTER} times in a row"
    stored = world.store.incident(ID)
    assert stored is not None
    assert stored.sinks == {**made.sinks, "email": 0}
    assert world.run(told) == []
    (mail,) = world.aws.called("publish")
    assert "Told here because slack could not be told: the sink has failed 5 times in a row." in mail["Message"]
    world.passes(seconds=31)
    assert world.run(to("slack")) == []
    assert len(world.posted) == 1
    assert not world.store.gate("slack").is_tripped


def test_a_critical_page_that_is_refused_goes_to_the_fallback(world: World) -> None:
    """A revoked token: the delivery is a dead letter, and somebody is told all the same."""
    world.settings["sinks"]["slack"]["fallback"] = "pagerduty"
    world.happens(page(), sinks={"slack": 0})
    refused = Answer(body={"ok": False, "error": "token_revoked"})
    world.answers["chat.postMessage"] = [refused] * 4
    assert world.run(to("slack")) == []
    assert world.sent() == [], "a warning is only a dead letter"
    assert world.run(to("slack", severity=Severity.CRITICAL)) == []
    (told,) = world.sent("pagerduty")
    assert "token_revoked" in told.stands_in
    assert len(world.buried()) == 2


def test_a_refused_page_is_kept_until_its_fallback_can_be_told(world: World) -> None:
    """The fallback's queue is away: the record comes back, alone, and becomes a dead letter once the fallback is called."""
    world.settings["sinks"]["slack"]["fallback"] = "email"
    world.happens(page(), severity=Severity.CRITICAL, sinks={"slack": 0})
    refused = Answer(body={"ok": False, "error": "channel_not_found"})
    world.answers["chat.postMessage"] = [refused, refused]
    world.aws.answers["send_message"] = client_error("ServiceUnavailable")
    assert world.run(to("slack", severity=Severity.CRITICAL), to("slack", "gone")) == ["m0"]
    assert world.told().trying == ""
    world.aws.answers["send_message"] = {}
    world.aws.calls.clear()
    assert world.run(to("slack", severity=Severity.CRITICAL)) == []
    assert [delivery.sink for delivery in world.sent()] == ["email"]
    assert len(world.buried()) == 1


def test_a_storm_of_failures_trips_once(world: World) -> None:
    """Many at a time that fail trip the breaker for the first, short time; the next attempt is one alone."""
    for i in range(20):
        world.happens(page(), id=str(i))

    def failing(request: Request) -> Answer:
        time.sleep(0.3)  # until all of them are on their way
        return Answer(status=500)

    usual = world.service.answer
    world.service.answer = failing
    batch = [to("pagerduty", str(i)) for i in range(20)]
    assert len(world.run(*batch)) == 20
    world.service.answer = usual
    gate = world.store.gate("pagerduty")
    assert gate.is_tripped
    assert gate.closed_until == pytest.approx(world.now.timestamp() + gates.FIRST_CLOSED)
    sent = len(world.service.requests)
    assert len(world.run(*batch)) == 20
    assert len(world.service.requests) == sent
    world.passes(seconds=31)
    assert len(world.run(*batch)) == 19
    assert len(world.service.requests) == sent + 1
    assert world.run(*batch) == []


def test_a_heartbeat_proves_the_way_and_tells_nobody(world: World) -> None:
    """Each sink in its own way; what got through is counted, whatever the gate says."""
    for sink in SINKS:
        world.store.save_gate(sink, Gate(closed_until=world.now.timestamp() + 900))
    beats = [to(sink, world.now.isoformat(), kind=Kind.HEARTBEAT) for sink in SINKS]
    assert world.run(*beats) == []
    assert sorted(world.service.paths()) == ["/hook", "/slack/api/auth.test", "/v2/enqueue"]
    (event,) = world.bodies("/v2/enqueue")
    assert event == {"routing_key": KEY, "event_action": "resolve", "dedup_key": "endpointwatch/heartbeat"}
    assert len(world.aws.called("get_topic_attributes")) == 1
    counted = [call["MetricData"][0] for call in world.aws.called("put_metric_data")]
    assert {metric["Dimensions"][2]["Value"] for metric in counted} == set(SINKS)
    assert {metric["MetricName"] for metric in counted} == {"Heartbeats"}


def test_a_heartbeat_that_fails_or_is_old_is_not_tried_again(world: World) -> None:
    """Its absence is what alarms; a backlog of them must not look like life."""
    world.answers["auth.test"] = [Answer(body={"ok": False, "error": "internal_error"})]
    assert world.run(to("slack", world.now.isoformat(), kind=Kind.HEARTBEAT)) == []
    old = (world.now - timedelta(minutes=11)).isoformat()
    assert world.run(to("pagerduty", old, kind=Kind.HEARTBEAT)) == []
    assert world.aws.called("put_metric_data") == []
    assert world.service.paths() == ["/slack/api/auth.test"]


def test_nothing_secret_is_logged_or_buried(world: World) -> None:
    """Tokens, keys and webhook URLs reach neither the log nor a reason, whatever goes wrong."""
    world.happens(page())
    text = f"bad token {TOKEN} https://hooks.slack.com/services/T1/B1/abcdefgh password=hunter2"
    echo = Answer(status=400, body=text)
    world.answers |= {"chat.postMessage": [echo], "/v2/enqueue": [echo], "/services/": [echo], "/hook": [echo]}
    assert world.run(*(to(sink) for sink in SINKS)) == []
    shown = world.logged.getvalue() + json.dumps(world.buried())
    assert "rejected for good" in shown
    for secret in (TOKEN, KEY, "secretsecret", "T1/B1", "hunter2", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"):
        assert secret not in shown


def test_an_unreachable_sink_is_retried_later(world: World) -> None:
    """No connection: back to the queue, and the log does not hold the webhook's URL."""
    world.happens(page())
    world.aws.answers["get_secret_value"] = {"SecretString": "http://127.0.0.1:9/services/T0/B0/topsecret"}
    assert world.run(to("hook")) == ["m0"]
    assert world.hidden() == [5]
    assert "topsecret" not in world.logged.getvalue()


def test_mail_that_sns_refuses_for_good_and_for_now(world: World) -> None:
    """NotFound is final, throttling is not."""
    world.happens(page())
    world.aws.answers["publish"] = client_error("Throttling")
    assert world.run(to("email")) == ["m0"]
    assert world.hidden() == [5]
    world.passes(seconds=6)
    world.aws.answers["publish"] = client_error("NotFound")
    assert world.run(to("email")) == []
    assert len(world.buried()) == 1
