"""Claim, decide, enrich, hand on, and only then record."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from alert_common.alert import Alert, Severity, State
from alert_common.context import Context
from alert_common.delivery import Action, Delivery
from alert_common.state import BusyError, Standing, StateTable
from alert_enricher.plan import MESSAGE_LIMIT, body
from alert_enricher.router import route
from alert_enricher.settings import Route, Settings
from tests.unit.functions import samples
from tests.unit.functions.fakes import FakeDynamoDb
from tests.unit.functions.samples import one

SETTINGS = Settings(
    environment="prod",
    state_table="state",
    charts_bucket="charts",
    topic_severities={samples.TOPIC: Severity.CRITICAL},
    routes=(
        Route(severities=(Severity.CRITICAL,), sinks=("pagerduty", "slack")),
        Route(severities=(Severity.CRITICAL, Severity.WARNING), sinks=("slack", "email")),
    ),
    queues={"pagerduty": "q/p", "slack": "q/s", "email": "q/e"},
    deadline_seconds=1,
)
ALARM = one(samples.envelope(samples.sns_alarm()))
OVER = one(
    samples.envelope(
        samples.sns_alarm(NewStateValue="OK", OldStateValue="ALARM", StateChangeTime="2026-11-23T14:20:04.250+0000")
    )
)


def no_context(alert: Alert, settings: Settings) -> tuple[Alert, Context]:
    """Find out nothing."""
    return alert, Context()


@pytest.fixture
def dynamodb() -> FakeDynamoDb:
    """Return an empty table."""
    return FakeDynamoDb()


@pytest.fixture
def sent() -> list[Delivery]:
    """Return what was put on queues."""
    return []


@pytest.fixture
def tell(dynamodb: FakeDynamoDb, sent: list[Delivery]) -> Callable[..., None]:
    """Return a router with that table and those queues."""

    def run(alert: Alert, *, fails_on: str = "") -> None:
        def send(delivery: Delivery) -> None:
            if delivery.sink == fails_on:
                raise ConnectionError("queue is away")
            sent.append(delivery)

        route(alert, settings=SETTINGS, table=StateTable(dynamodb, "state"), enrich=no_context, send=send)

    return run


def test_each_sink_of_the_routes_gets_one_delivery(tell: Callable[..., None], sent: list[Delivery]) -> None:
    """Two routes that both name Slack make one Slack delivery; the topic decided the severity."""
    tell(ALARM)
    assert [d.sink for d in sent] == ["pagerduty", "slack", "email"]
    assert {(d.action, d.alert.severity, d.dedup_key) for d in sent} == {
        (Action.TRIGGER, Severity.CRITICAL, ALARM.dedup_key)
    }


def test_a_repeat_sends_nothing(tell: Callable[..., None], sent: list[Delivery]) -> None:
    """The same transition again, through another way in, changes nothing."""
    tell(ALARM)
    tell(one(json.dumps(samples.event_alarm())))
    assert len(sent) == 3


def test_the_end_goes_where_the_beginning_went(tell: Callable[..., None], sent: list[Delivery]) -> None:
    """An OK without topic or tags resolves at the sinks that were paged, and knows when it began."""
    tell(ALARM)
    sent.clear()
    tell(replace(OVER, topic=""))
    assert [(d.sink, d.action) for d in sent] == [(s, Action.RESOLVE) for s in ("pagerduty", "slack", "email")]
    assert {d.opened_at for d in sent} == {ALARM.since}


def test_nothing_counts_as_done_before_it_is_on_every_queue(tell: Callable[..., None], sent: list[Delivery]) -> None:
    """A queue that fails half-way: the retry sends all of it again, under the same key."""
    with pytest.raises(ConnectionError):
        tell(ALARM, fails_on="email")
    tell(ALARM)
    assert [d.sink for d in sent] == ["pagerduty", "slack", "pagerduty", "slack", "email"]
    assert len({d.dedup_key for d in sent}) == 1


def test_an_alert_in_hand_elsewhere_comes_back_later(
    tell: Callable[..., None], sent: list[Delivery], dynamodb: FakeDynamoDb
) -> None:
    """While another invocation holds the lease nothing is sent, and the record fails."""
    table = StateTable(dynamodb, "state")
    assert table.claim(ALARM.dedup_key).standing is None
    with pytest.raises(BusyError):
        tell(ALARM)
    assert sent == []


def test_a_crash_leaves_a_lease_that_runs_out(
    tell: Callable[..., None], sent: list[Delivery], dynamodb: FakeDynamoDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the lease's time the alert is free again, so a crashed invocation's alert is not lost."""
    StateTable(dynamodb, "state").claim(ALARM.dedup_key)
    key = f"alert#{ALARM.dedup_key}"
    dynamodb.items[key]["lease_until"] = {"N": "1"}
    tell(ALARM)
    assert len(sent) == 3
    assert "lease_until" not in dynamodb.items[key]


def test_whoever_lost_the_lease_writes_nothing(dynamodb: FakeDynamoDb) -> None:
    """An invocation that was slower than its lease neither records its transition nor frees the other's lease."""
    table, key = StateTable(dynamodb, "state"), f"alert#{ALARM.dedup_key}"
    slow = table.claim(ALARM.dedup_key)
    dynamodb.items[key]["lease_until"] = {"N": "1"}
    quick = table.claim(ALARM.dedup_key)
    held = dict(dynamodb.items[key])
    standing = Standing(state=State.ALARM, at=ALARM.at, opened_at=ALARM.since, severity=Severity.CRITICAL)
    with pytest.raises(BusyError):
        table.commit(slow, standing)
    table.release(slow)
    assert dynamodb.items[key] == held
    table.commit(quick, standing)
    table.release(quick)
    assert table.claim(ALARM.dedup_key).standing == standing


def test_an_alert_taken_over_meanwhile_comes_back(dynamodb: FakeDynamoDb) -> None:
    """The record fails rather than counting as done; when it returns, what the other recorded makes it a repeat."""
    table, key = StateTable(dynamodb, "state"), f"alert#{ALARM.dedup_key}"
    sent: list[Delivery] = []

    def slow(delivery: Delivery) -> None:
        dynamodb.items[key]["lease_until"] = {"N": "1"}
        route(OVER, settings=SETTINGS, table=table, enrich=no_context, send=sent.append)
        sent.append(delivery)

    with pytest.raises(BusyError):
        route(ALARM, settings=SETTINGS, table=table, enrich=no_context, send=slow)
    sent.clear()
    route(ALARM, settings=SETTINGS, table=table, enrich=no_context, send=sent.append)
    assert sent == []


def test_severity_falls_back_to_the_tag_then_to_the_kind(dynamodb: FakeDynamoDb, sent: list[Delivery]) -> None:
    """Without a known topic the alarm's tag decides; without either an alarm is a warning."""
    alert = one(samples.direct_alarm())
    tagged = Context(tags={"endpointwatch:severity": "critical"})
    for context, expected in ((tagged, ["pagerduty", "slack", "email"]), (Context(), ["slack", "email"])):
        sent.clear()
        route(
            alert,
            settings=SETTINGS,
            table=StateTable(FakeDynamoDb(), "state"),
            enrich=lambda a, _, c=context: (a, c),  # type: ignore[misc]
            send=sent.append,
        )
        assert [d.sink for d in sent] == expected


def test_an_unknown_message_goes_to_every_sink_of_its_severity(tell: Callable[..., None], sent: list[Delivery]) -> None:
    """What nobody understands is still told, raw, by the severity of its topic."""
    tell(one(samples.envelope("help, the model is on fire")))
    assert [d.sink for d in sent] == ["pagerduty", "slack", "email"]
    assert {d.alert.raw for d in sent} == {"help, the model is on fire"}


def test_a_delivery_always_fits_its_queue() -> None:
    """A message of many long lists loses raw text and lists, never its core."""
    delivery = samples.delivery()
    huge = replace(
        delivery,
        alert=replace(
            delivery.alert, raw="\ufffe" * 6_000, reason="é" * 6_000, tags={str(i): "ü" * 200 for i in range(200)}
        ),
    )
    text = body(huge)
    assert len(text.encode()) <= MESSAGE_LIMIT
    read = Delivery.from_json(text)
    assert (read.dedup_key, read.alert.name, read.alert.at) == (huge.dedup_key, huge.alert.name, huge.alert.at)
