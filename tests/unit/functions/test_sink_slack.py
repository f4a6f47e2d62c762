"""Slack over crashes and storms: nothing is posted twice, nothing is lost, and a storm is a few messages."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alert_common.alert import Severity
from alert_common.delivery import Kind
from alert_common.incident import Stage, Told
from alert_common.page import Action, Page
from alert_common.store import LEASE_SECONDS
from alert_dispatcher.sinks.base import Digest
from alert_dispatcher.sinks.email import render_digest
from tests.unit.functions import samples
from tests.unit.functions.fakes import Answer, FakeDynamoDb
from tests.unit.functions.samples import page, resolved
from tests.unit.functions.world import World, running, to

ID = "endpointwatch/ranker/1"


class Killed(BaseException):
    """The function was killed."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a dispatcher with its sinks."""
    with running(monkeypatch) as made:
        yield made


def kill_at(write: int) -> pytest.MonkeyPatch:
    """Kill the function at its nth write to the table, before it is done; nothing works any more from then on."""
    patch, count = pytest.MonkeyPatch(), 0
    original = FakeDynamoDb.update_item

    def update_item(table: FakeDynamoDb, **arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count >= write:
            raise Killed
        return original(table, **arguments)

    patch.setattr(FakeDynamoDb, "update_item", update_item)
    return patch


def run_until_killed(world: World, write: int, *deliveries: Any) -> bool:
    """Run a batch and kill it at a write; whether that write was reached."""
    patch = kill_at(write)
    try:
        world.run(*deliveries)
    except Killed:
        return True
    finally:
        patch.undo()
        world.passes(seconds=LEASE_SECONDS + 1)
    return False


def shown(world: World) -> list[str]:
    """What a reader of the channel sees, by its first words; the same words twice are a message twice."""
    return [f"{'reply' if 'thread_ts' in m else 'post'} {m['text'][:40]}" for m in world.posted]


def test_a_crash_anywhere_posts_nothing_twice(world: World) -> None:
    """Killed at every write in turn, of the first message, a reply and the end: each is in the channel once."""
    steps = 0
    for write in range(1, 20):
        id = f"incident {write}"
        world.posted.clear()
        world.now = samples.NOW
        stages = ((page(),), (page(), page(Action.NOTE)), (page(), page(Action.NOTE), resolved()))
        reached = False
        for pages in stages:
            if len(pages) == 3:
                world.passes(hours=1)
            world.happens(*pages, id=id)
            reached |= run_until_killed(world, write, to("slack", id))
            assert world.run(to("slack", id)) == []
        assert [line.split(" ")[0] for line in shown(world)] == ["post", "reply", "reply"], write
        assert len(set(shown(world))) == 3
        assert world.told(id=id).stage is Stage.OVER
        if not reached:
            break
        steps += 1
    assert steps >= 4, "taking the turn, marking, remembering, giving it back"


@pytest.mark.parametrize("in_digest", [False, True])
def test_a_crash_while_it_gets_worse_says_so_once(world: World, in_digest: bool) -> None:
    """Killed at every write, a reply that says `Now critical` is there once, and so is the message that leaves a digest."""
    steps = 0
    for write in range(1, 20):
        id = f"incident {write}"
        world.posted.clear()
        world.now = samples.NOW + timedelta(hours=write)
        sinks = {"slack": 30 if in_digest else 0}
        world.happens(page(), id=id, sinks=sinks)
        assert world.run(to("slack", id)) == []
        if in_digest:
            world.passes(seconds=60)
            assert world.run(world.sent("slack")[-1]) == []
        world.happens(page(), _critical(), id=id, sinks={"slack": 0}, severity=Severity.CRITICAL)
        reached = run_until_killed(world, write, to("slack", id, severity=Severity.CRITICAL))
        assert world.run(to("slack", id, severity=Severity.CRITICAL)) == []
        assert len(world.posted) == 2, write
        assert world.told(id=id).severity is Severity.CRITICAL
        assert not world.told(id=id).in_digest
        if not reached:
            break
        steps += 1
    assert steps >= 4, "taking the turn, marking, remembering, giving it back"


def _critical() -> Page:
    worse = page(payload=samples.envelope(samples.sns_alarm(AlarmArn="other", AlarmName="other")))
    return replace(worse, alert=replace(worse.alert, severity=Severity.CRITICAL))


def test_a_slow_answer_is_not_posted_again(world: World) -> None:
    """Slack took it and its answer was lost: the retry finds the message by its metadata and goes on in its thread."""
    world.happens(page())
    usual = world.service.answer

    def lost(request: Any) -> Answer:
        answer = usual(request)
        return Answer(status=504) if "chat.postMessage" in request.path else answer

    world.service.answer = lost
    assert world.run(to("slack")) == ["m0"]
    assert world.told().trying.startswith("1/open/")
    world.service.answer = usual
    world.passes(seconds=6)
    assert world.run(to("slack")) == []
    assert len(world.posted) == 1
    assert world.told().thread.endswith(world.posted[0]["ts"])
    assert world.told().headline.startswith("ranker is failing")
    (read,) = [r for r in world.service.requests if "conversations.history" in r.path]
    assert b"include_all_metadata=true" in read.body


@pytest.mark.parametrize("code", ["missing_scope", "not_in_channel", "not_allowed_token_type"])
def test_without_the_scope_to_read_it_posts_again(world: World, code: str) -> None:
    """A page twice is better than none."""
    world.happens(page())
    world.answers["chat.postMessage"] = [Answer(status=504)]
    assert world.run(to("slack")) == ["m0"]
    world.answers["conversations."] = [Answer(body={"ok": False, "error": code})]
    world.passes(seconds=6)
    assert world.run(to("slack")) == []
    assert len(world.posted) == 1


def test_what_slack_refused_is_not_searched_for(world: World) -> None:
    """After a 429, or an error that it named, the message is known not to be there: no request is spent on it."""
    world.happens(page())
    world.answers["chat.postMessage"] = [
        Answer(status=429, headers={"Retry-After": "1"}),
        Answer(body={"ok": False, "error": "channel_not_found"}),
    ]
    assert world.run(to("slack")) == ["m0"]
    world.passes(seconds=6)
    assert world.run(to("slack")) == []
    assert world.told().trying == ""
    assert world.run(to("slack")) == []
    assert len(world.posted) == 1
    assert not [path for path in world.service.paths() if "conversations" in path]


def storm(world: World, count: int, **changes: Any) -> list[Any]:
    """So many incidents, and their deliveries."""
    ids = [f"incident {i:03}" for i in range(count)]
    for id in ids:
        world.happens(page(), id=id, **changes)
    return [to("slack", id) for id in ids]


def test_a_storm_is_one_message_and_what_comes_later_is_in_its_thread(world: World) -> None:
    """Whoever would wait long for a turn goes into the digest; every incident is told once, and its end as a reply."""
    world.settings["sinks"]["slack"]["rate"] = {"messages": 1, "seconds": 1.0}
    deliveries = storm(world, 40)
    back = world.run(*deliveries)
    assert len(world.posted) == 1
    assert len(back) == 10, "those whose turn is near wait for it"
    (digest,) = world.sent("slack")
    assert (digest.kind, digest.severity) == (Kind.DIGEST, Severity.WARNING)
    assert digest.not_before is not None
    wait = (digest.not_before - world.now).total_seconds()
    assert 5 <= wait <= 35
    assert digest.not_before.timestamp() % 30 == 0
    assert world.run(digest) == ["m0"], "early"
    world.passes(seconds=60)
    assert world.run(digest) == []
    assert len(world.posted) == 2
    assert "29 incidents in this digest, 29 open now" in world.posted[1]["text"]
    told = [world.told(id=d.id) for d in deliveries]
    assert sum(one.in_digest for one in told) == 29
    assert world.run(digest) == []
    for index in back:
        world.passes(seconds=2)
        assert world.run(deliveries[int(index[1:])]) == []
    assert len(world.posted) == 12
    assert {world.told(id=d.id).seq for d in deliveries} == {1}
    last = deliveries[-1]
    world.now = samples.NOW + timedelta(minutes=20)
    world.happens(page(), resolved(), id=last.id)
    assert world.run(last) == []
    assert world.posted[-1]["thread_ts"] == world.posted[1]["ts"]
    assert not [path for path in world.service.paths() if "chat.update" in path], "a digest is never edited"


def test_what_becomes_critical_leaves_its_digest(world: World) -> None:
    """Nobody is called by a reply in a digest's thread: it gets a message of its own."""
    world.settings["sinks"]["slack"]["rate"] = {"messages": 1, "seconds": 60.0}
    storm(world, 2, sinks={"slack": 30})
    assert world.run(to("slack", "incident 000")) == []
    (digest,) = world.sent("slack")
    world.passes(seconds=60)
    assert world.run(digest) == []
    assert world.told(id="incident 000").in_digest
    world.passes(seconds=61)
    world.happens(page(), _critical(), id="incident 000")
    assert world.run(to("slack", "incident 000", severity=Severity.CRITICAL)) == []
    assert "thread_ts" not in world.posted[-1]
    assert not world.told(id="incident 000").in_digest


def test_what_becomes_critical_does_not_wait_for_a_digest_that_fails(world: World) -> None:
    """The digest comes back later each time: what is critical is told at once, and the digest tells the others."""
    world.settings["sinks"]["slack"]["rate"] = {"messages": 1, "seconds": 1.0}
    storm(world, 2, sinks={"slack": 30})
    assert world.run(to("slack", "incident 000"), to("slack", "incident 001")) == []
    (digest,) = world.sent("slack")
    world.passes(seconds=60)
    world.answers["chat.postMessage"] = [Answer(status=500)]
    assert world.run(digest) == ["m0"]
    world.passes(seconds=2)
    world.happens(page(), _critical(), id="incident 000", severity=Severity.CRITICAL, sinks={"slack": 0})
    assert world.run(to("slack", "incident 000", severity=Severity.CRITICAL)) == []
    assert "thread_ts" not in world.posted[-1]
    assert (world.told(id="incident 000").stage, world.told(id="incident 000").in_digest) == (Stage.OPEN, False)
    world.passes(seconds=60)
    assert world.run(digest) == []
    assert world.posted[-1]["text"].startswith("1 incident in this digest")
    assert world.told(id="incident 001").in_digest


def test_an_old_delivery_of_a_critical_incident_is_critical(world: World) -> None:
    """It was written when the incident was a warning: it keeps its turn, and goes into no digest."""
    world.settings["sinks"]["slack"]["rate"] = {"messages": 1, "seconds": 60.0}
    world.happens(page(), id="before")
    assert world.run(to("slack", "before")) == []
    world.happens(page(), _critical(), severity=Severity.CRITICAL)
    assert world.run(to("slack", severity=Severity.WARNING)) == ["m0"]
    assert world.hidden() == [60]
    assert world.sent() == []


def test_critical_ones_never_wait_for_a_digest(world: World) -> None:
    """However long their turn is away, they keep it."""
    world.settings["sinks"]["slack"]["rate"] = {"messages": 1, "seconds": 60.0}
    deliveries = [replace(d, severity=Severity.CRITICAL) for d in storm(world, 3)]
    assert len(world.run(*deliveries)) == 2
    assert world.hidden() == [60, 120]
    assert world.sent() == []


def test_a_route_with_a_digest_gathers_for_its_interval(world: World) -> None:
    """Info goes into a digest although the sink has time; mail, which has no threads, gathers the ends too."""
    world.happens(page(), sinks={"slack": 300, "email": 300})
    assert world.run(to("slack"), to("email")) == []
    assert world.posted == []
    digests = world.sent()
    assert {d.id.partition("/")[0] for d in digests} == {"slack", "email"}
    world.passes(seconds=310)
    assert world.run(*digests) == []
    assert len(world.posted) == 1
    (mail,) = world.aws.called("publish")
    assert mail["Subject"] == "1 incident in this digest, 1 open now"
    assert "warning  [prod] ranker is failing" in mail["Message"]
    world.now = samples.NOW + timedelta(minutes=20)
    world.happens(page(), resolved(), sinks={"slack": 300, "email": 300})
    world.aws.calls.clear()
    assert world.run(to("slack"), to("email")) == []
    assert world.posted[-1]["thread_ts"] == world.posted[0]["ts"]
    (later,) = world.sent()
    assert later.kind is Kind.DIGEST
    world.passes(seconds=310)
    assert world.run(later) == []
    (over,) = world.aws.called("publish")
    assert "over     [prod] ranker is failing" in over["Message"]


def test_a_digest_takes_as_many_messages_as_it_needs(world: World) -> None:
    """More than fit into one of Slack's messages: the digest comes back for the others."""
    deliveries = storm(world, 90, sinks={"slack": 30})
    for start in (0, 50):
        assert world.run(*deliveries[start : start + 50]) == []
    digest = world.sent("slack")[-1]
    world.passes(seconds=60)
    runs = 0
    while world.run(digest):
        runs += 1
        world.passes(seconds=6)
    assert runs == 2
    assert [m["text"].split(" ")[0] for m in world.posted] == ["40", "40", "10"]
    assert all(world.told(id=d.id).in_digest for d in deliveries)


def test_a_digest_survives_a_crash_anywhere(world: World) -> None:
    """Killed at every write in turn: one message, and every incident is told by it."""
    steps = 0
    for write in range(1, 40):
        world.posted.clear()
        world.aws.calls.clear()
        world.now = samples.NOW + timedelta(hours=write)
        ids = [f"{write} {i}" for i in range(3)]
        for id in ids:
            world.happens(page(), id=id, sinks={"slack": 30})
        world.run(*(to("slack", id) for id in ids))
        (digest,) = world.sent("slack")
        world.passes(seconds=60)
        reached = run_until_killed(world, write, digest)
        for _ in range(4):
            if not world.run(digest):
                break
            world.passes(seconds=6)
        assert len(world.posted) == 1, write
        assert {world.told(id=id).in_digest for id in ids} == {True}, write
        assert {world.told(id=id).trying for id in ids} == {""}
        if not reached:
            break
        steps += 1
    assert steps >= 11, "a turn and a mark each, the digest's own, the message, and what each was told"


def test_a_digest_that_is_refused_lets_its_incidents_go(world: World) -> None:
    """It becomes a dead letter; its incidents are told alone when there is news, and by the digest when it is put back."""
    world.happens(page(), sinks={"slack": 30})
    world.run(to("slack"))
    (digest,) = world.sent("slack")
    world.passes(seconds=60)
    world.answers["chat.postMessage"] = [Answer(body={"ok": False, "error": "channel_not_found"})]
    assert world.run(digest) == []
    assert len(world.buried()) == 1
    assert world.told().trying == ""
    assert world.run(digest) == []
    assert len(world.posted) == 1
    assert world.told().in_digest


def test_lines_of_a_digest_say_what_since_when_state_and_where(world: World) -> None:
    """In Slack and in the mail."""
    world.happens(page(), sinks={"slack": 30})
    world.run(to("slack"))
    (digest,) = world.sent("slack")
    world.passes(seconds=60)
    world.run(digest)
    text = json.dumps(world.posted[0]["blocks"], ensure_ascii=False)
    for told in ("🟠 [prod] ranker is failing", "<!date^1795442880^", "cloudwatch/home?region=eu-west-1#d/x|look>"):
        assert told in text
    made = samples.update(page())
    mail = render_digest(Digest(id="d", told=Told(), updates=(made,)))["Message"]
    assert "2026-11-23 14:08 UTC" in mail
    assert "https://eu-west-1.console" in mail
