"""A backlog keeps one turn for each incident, says how old it is, and comes back soon when nothing can be known."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alert_common import gate as gates
from alert_common.alert import Severity
from alert_common.delivery import Delivery
from alert_common.incident import Stage
from alert_common.page import Action
from alert_dispatcher import handler as dispatcher
from tests.unit.functions.fakes import Answer, client_error
from tests.unit.functions.samples import page
from tests.unit.functions.world import World, running, to

CRITICAL = Severity.CRITICAL


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a dispatcher whose PagerDuty takes one message in twenty seconds, and has just taken one."""
    with running(monkeypatch) as made:
        made.settings["sinks"]["pagerduty"]["rate"] = {"messages": 1, "seconds": 20.0, "burst": 1}
        made.happens(page(), id="endpointwatch/other/1")
        assert made.run(to("pagerduty", "endpointwatch/other/1")) == []
        made.happens(page())
        yield made


def _named(name: str, world: World, delivery: Delivery) -> list[str]:
    """Hand in one record whose message has this id, by its place in a batch of others that are no deliveries for long."""
    fillers = [to("pagerduty", "endpointwatch/gone/1")] * int(name)
    return world.run(*fillers, delivery)


def test_one_of_several_waits_for_them_all(world: World) -> None:
    """While a delivery of the incident waits for its turn, others are done: it will tell what they would."""
    assert _named("0", world, to("pagerduty", severity=CRITICAL)) == ["m0"]
    assert world.hidden() == [20]
    assert _named("1", world, to("pagerduty", severity=CRITICAL)) == []
    assert len(world.hidden()) == 1
    world.passes(seconds=20)
    assert _named("0", world, to("pagerduty", severity=CRITICAL)) == []
    assert world.told("pagerduty").stage is Stage.OPEN


def test_who_waits_is_not_done_by_coming_twice(world: World) -> None:
    """SQS may hand in the same message twice: the copy goes back too, or the only one that waits would be deleted."""
    for _ in range(2):
        assert _named("0", world, to("pagerduty", severity=CRITICAL)) == ["m0"]


def test_a_critical_one_does_not_wait_for_another(world: World) -> None:
    """What became critical asks for a turn of its own, since the one that waits has a later one."""
    world.happens(page(), severity=Severity.WARNING)
    assert _named("0", world, to("pagerduty")) == ["m0"]
    world.happens(page(), severity=CRITICAL)
    assert _named("1", world, to("pagerduty", severity=CRITICAL)) == ["m1"]
    assert _named("2", world, to("pagerduty")) == [], "by now a critical one waits, for all"


def test_who_comes_when_the_other_is_about_to_tell_asks_itself(world: World) -> None:
    """The other may have read the incident already."""
    assert _named("0", world, to("pagerduty", severity=CRITICAL)) == ["m0"]
    world.passes(seconds=19)
    assert _named("1", world, to("pagerduty", severity=CRITICAL)) == ["m1"]


def test_what_is_late_is_counted(world: World) -> None:
    """What is due and refused, or fails, is a datapoint with its age; what is young, or not due, is none."""
    assert world.run(to("pagerduty", severity=CRITICAL)) == ["m0"]
    assert world.aws.called("put_metric_data") == []
    world.answers["/slack/"] = [Answer(status=503)]
    world.run(to("slack"), age=timedelta(minutes=16))
    (put,) = world.aws.called("put_metric_data")
    (data,) = put["MetricData"]
    assert (put["Namespace"], data["MetricName"], data["Unit"]) == ("endpointwatch", "OldestDelivery", "Seconds")
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in data["Dimensions"]}
    assert dimensions == {"Environment": "prod", "Routing": "state", "Sink": "slack"}
    assert data["Value"] == pytest.approx(960, abs=1)
    world.run(to("slack", not_before=world.now + timedelta(minutes=1)), age=timedelta(minutes=30))
    assert len(world.aws.called("put_metric_data")) == 1


def test_settings_that_cannot_be_read_send_the_batch_back_soon(world: World) -> None:
    """Not for the minutes that a crashed function's records stay hidden; later each time, or their queue would give them up."""
    for cached in (dispatcher._settings, dispatcher._sink):
        cached.cache_clear()
    answer = world.aws.answers["get_parameters"]
    world.aws.answers["get_parameters"] = client_error("ThrottlingException")
    assert world.run(to("slack"), to("webhook")) == ["m0", "m1"]
    assert world.hidden() == [5, 5]
    assert world.run(to("slack"), receives=8) == ["m0"]
    assert world.hidden()[2:] == [640]
    world.aws.answers["get_parameters"] = answer
    assert world.run(to("slack"), to("webhook")) == []


def test_a_critical_one_that_must_wait_for_long_is_told_to_the_fallback(world: World) -> None:
    """Its sink asked for an hour: somebody else is told now, once, and why; it waits on."""
    world.settings["sinks"]["slack"]["fallback"] = "webhook"
    dispatcher._settings.cache_clear()
    world.answers["/slack/"] = [Answer(status=429, headers={"Retry-After": "3600"})]
    assert world.run(to("slack", severity=CRITICAL)) == ["m0"]
    assert world.sent("webhook") == [], "the sink may mean seconds"
    assert world.run(to("slack", severity=CRITICAL)) == ["m0"]
    (other,) = world.sent("webhook")
    assert "the sink asked for time" in other.stands_in


def test_a_sink_that_refuses_one_message_works(world: World) -> None:
    """A 400 in answer to the one that tries a failing sink opens it for the others."""
    store = world.store
    gate = store.gate("webhook")
    tripped = replace(gate, failures=gates.TRIP_AFTER, closed_until=world.now.timestamp() - 1)
    assert store.save_gate("webhook", tripped)
    world.answers["/hook"] = [Answer(status=400)]
    assert world.run(to("webhook")) == []
    assert (store.gate("webhook").failures, store.gate("webhook").probing_until) == (0, 0.0)


def test_a_full_digest_is_followed_by_another(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item holds so many; what comes then goes into the next, a second later, and nothing fails."""
    monkeypatch.setattr("alert_common.store.DIGEST_MOST", 2)
    ids = [f"endpointwatch/storm/{number}" for number in range(5)]
    for id in ids:
        world.happens(page(), id=id, severity=Severity.INFO, sinks={"slack": 3600})
    for id in ids:
        assert world.run(to("slack", id, severity=Severity.INFO)) == []
    digests = list(dict.fromkeys(delivery.id for delivery in world.sent("slack")))
    assert [len(world.store.digest(id)) for id in digests] == [2, 2, 1]


def test_a_digest_is_called_once_and_done_when_all_have_threads(world: World) -> None:
    """Several batches that gather into it send one delivery; one that comes again takes no turn, and sends on what is news."""
    ids = [f"endpointwatch/storm/{number}" for number in range(3)]
    for id in ids:
        world.happens(page(), id=id, severity=Severity.INFO, sinks={"slack": 3600})
        assert world.run(to("slack", id, severity=Severity.INFO)) == []
    (delivery,) = world.sent("slack")
    assert delivery.not_before is not None
    world.now = delivery.not_before
    assert world.run(delivery) == []
    assert len(world.posted) == 1
    assert world.run(delivery) == []
    world.happens(page(), page(Action.NOTE), id=ids[0], severity=Severity.INFO, sinks={"slack": 3600})
    version = world.store.gate("slack").version
    assert world.run(delivery) == []
    assert [d.id for d in world.sent("slack")[1:]] == [ids[0]]
    assert (len(world.posted), world.store.gate("slack").version) == (1, version)


def test_who_waited_for_turns_and_then_fails_once_comes_back_soon(world: World) -> None:
    """Waits are no failures: the delay grows with what the sink failed, and starts anew when it took something."""
    waits: list[int] = []
    for status in (503, 503, 503, 200, 503):
        world.answers["/slack/"] = [Answer(status=status)] if status != 200 else []
        world.happens(*[page()] * (len(waits) + 1))
        world.run(to("slack"), receives=9)
        waits.append(world.hidden()[-1])
    assert waits == [5, 10, 20, 20, 5]
