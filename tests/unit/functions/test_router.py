"""Claim, decide, join the incident, hand on, and only then record."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alert_common.alert import Alert, Severity, State
from alert_common.context import Context, Missing
from alert_common.delivery import Delivery
from alert_common.incident import Incident
from alert_common.page import Action
from alert_common.settings import Route, Settings, SinkSettings
from alert_common.store import BusyError, Store
from alert_enricher import router
from alert_enricher.enrich import in_short
from alert_enricher.router import Means, route
from tests.unit.functions import samples
from tests.unit.functions.fakes import FakeDynamoDb
from tests.unit.functions.samples import NOW, one

SETTINGS = Settings(
    environment="prod",
    topics={samples.TOPIC: Severity.CRITICAL},
    routes=(
        Route(severities=(Severity.CRITICAL,), sinks=("pagerduty", "slack")),
        Route(severities=(Severity.WARNING,), sinks=("slack",)),
        Route(sinks=("slack",), digest=3600),
    ),
    sinks={name: SinkSettings(queue=f"q/{name}", dead_letters="") for name in ("pagerduty", "slack")},
)


def alarm(signal: str = "errors", state: State = State.ALARM, *, minutes: float = 0, **changes: Any) -> Alert:
    """Return a transition of one of the endpoint's alarms, some minutes after NOW."""
    name = f"ranker/AllTraffic/{signal}"
    before = State.OK if state is State.ALARM else State.ALARM
    message = samples.sns_alarm(
        AlarmName=name,
        AlarmArn=f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}",
        NewStateValue=state,
        OldStateValue=before,
        StateChangeTime=(NOW + timedelta(minutes=minutes)).isoformat(),
    )
    return replace(one(samples.envelope(message)), **changes)


@dataclass
class Gathering:
    """Context that comes in time, and what comes late."""

    late: Context | None = None

    @property
    def context(self) -> Context:
        """All that came."""
        return Context(owner="in time and late")

    def by_deadline(self) -> Context:
        """Return what came in time."""
        return Context(owner="in time")

    def later(self, seconds: float) -> Context | None:
        """Return what came after it."""
        return self.late

    def close(self) -> None:
        """Nothing runs."""


@dataclass
class World:
    """A router with its table and queues."""

    sent: list[Delivery] = field(default_factory=list)
    table: FakeDynamoDb = field(default_factory=FakeDynamoDb)
    now: datetime = NOW
    late: Context | None = None
    fails_on: str = ""
    gathered: list[str] = field(default_factory=list)
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """The table as the functions see it."""
        return Store(self.table, "state")

    def tell(self, alert: Alert) -> None:
        """Route one alert."""

        def send(delivery: Delivery) -> None:
            if delivery.sink == self.fails_on or delivery.sink not in SETTINGS.sinks:
                raise ConnectionError("queue is away")
            self.sent.append(delivery)

        def gather(alert: Alert, missing: tuple[Missing, ...], spent: float) -> Gathering:
            self.gathered.append(alert.name)
            return Gathering(late=self.late)

        def identify(alert: Alert) -> tuple[Alert, tuple[Missing, ...]]:
            return replace(alert, tags={**self.tags.get(alert.name, {}), **alert.tags}), ()

        means = Means(
            settings=SETTINGS,
            store=self.store,
            identify=identify,
            gather=gather,
            in_short=lambda alert, missing: in_short(alert, missing, environment="prod"),
            send=send,
            now=lambda: self.now,
        )
        late = route(alert, means)
        if late is not None:
            late()

    @property
    def incidents(self) -> dict[str, Incident]:
        """All incidents that a sink was called for, by id."""
        found = {d.id: self.store.incident(d.id) for d in self.sent}
        return {id: incident for id, incident in found.items() if incident is not None}

    @property
    def incident(self) -> Incident:
        """The only incident."""
        (incident,) = self.incidents.values()
        return incident


@pytest.fixture
def world() -> World:
    """Return an empty world."""
    return World()


def test_an_alarm_opens_an_incident_and_calls_its_sinks(world: World) -> None:
    """Every sink of the route is called once, about one incident, whose page holds the context; the topic decided the severity."""
    world.tell(alarm())
    assert [(d.sink, d.severity) for d in world.sent] == [
        ("pagerduty", Severity.CRITICAL),
        ("slack", Severity.CRITICAL),
    ]
    page = world.store.pages([world.incident.first.page])[world.incident.first.page]
    assert (page.action, page.context.owner, page.due) == (Action.TRIGGER, "in time", None)
    assert world.incident.is_open


def test_alarms_of_one_endpoint_are_one_incident(world: World) -> None:
    """A second alarm joins, without gathering the endpoint's context again."""
    world.tell(alarm())
    world.tell(alarm("latency", minutes=1))
    assert [m.name for m in world.incident.firing] == ["ranker/AllTraffic/errors", "ranker/AllTraffic/latency"]
    assert world.gathered == ["ranker/AllTraffic/errors"]


def test_an_end_is_told_when_it_has_settled(world: World) -> None:
    """The last OK calls the sinks at once, for their threads, and again when the end counts."""
    world.tell(alarm())
    world.sent.clear()
    world.tell(alarm(state=State.OK, minutes=10))
    settled = NOW + timedelta(seconds=300)
    assert {(d.sink, d.not_before) for d in world.sent} == {
        (sink, when) for sink in ("pagerduty", "slack") for when in (None, settled)
    }
    assert not world.incident.is_open


def test_what_fires_again_while_it_settles_is_the_same_incident(world: World) -> None:
    """ALARM, OK, ALARM within five minutes: one incident, open."""
    for alert in (alarm(), alarm(state=State.OK, minutes=1), alarm(minutes=2)):
        world.tell(alert)
    assert world.incident.is_open
    assert [n.action for n in world.incident.news] == [Action.TRIGGER, Action.RESOLVE, Action.TRIGGER]


def test_what_fires_after_it_settled_is_another(world: World) -> None:
    """A later alarm opens an incident of its own."""
    world.tell(alarm())
    world.tell(alarm(state=State.OK, minutes=1))
    world.now = NOW + timedelta(minutes=7)
    world.tell(alarm(minutes=7))
    assert [i.is_open for i in world.incidents.values()] == [False, True]
    assert len({i.group for i in world.incidents.values()}) == 1


def test_a_late_alarm_is_not_hidden_in_an_old_incident(world: World) -> None:
    """An alarm hours after the newest of an incident that is still open has one of its own; each ends by itself."""
    world.tell(alarm("disk"))
    world.tell(alarm(minutes=120))
    assert len(world.incidents) == 2
    world.tell(alarm("disk", State.OK, minutes=121))
    assert sorted(i.is_open for i in world.incidents.values()) == [False, True]


def test_repeats_and_stale_transitions_call_nobody(world: World) -> None:
    """The same transition again, and one older than the last, change nothing."""
    world.tell(alarm(minutes=5))
    before = world.incident
    world.sent.clear()
    for alert in (alarm(minutes=5), alarm(minutes=3), alarm(state=State.OK, minutes=4)):
        world.tell(alert)
    assert world.sent == []
    assert world.store.incident(before.id) == before


def test_a_first_ok_calls_nobody(world: World) -> None:
    """INSUFFICIENT_DATA to OK of a new alarm says nothing, and makes no incident."""
    world.tell(alarm(state=State.OK))
    assert (world.sent, world.gathered) == ([], [])


def test_no_data_is_told_and_stays_open(world: World) -> None:
    """ALARM to INSUFFICIENT_DATA is news of the incident, which stays open."""
    world.tell(alarm())
    world.tell(alarm(state=State.INSUFFICIENT_DATA, minutes=1))
    assert world.incident.news[-1].action is Action.NOTE
    assert world.incident.is_open


def test_severity_by_topic_then_by_tag(world: World) -> None:
    """The topic decides; without one that is known the tag does, and a warning goes where warnings go."""
    tags = {"endpointwatch:severity": "warning"}
    world.tags = {"ranker/AllTraffic/errors": tags}
    world.tell(alarm(topic="arn:aws:sns:eu-west-1:111122223333:another"))
    assert (world.incident.severity, list(world.incident.sinks)) == (Severity.WARNING, ["slack"])


def test_a_critical_alarm_raises_a_warning(world: World) -> None:
    """PagerDuty is called when a critical alarm joins what only Slack knew."""
    world.tags = {"ranker/AllTraffic/gpu": {"endpointwatch:severity": "warning"}}
    world.tell(alarm("gpu", topic=""))
    world.tell(alarm(minutes=1))
    assert (world.incident.severity, dict(world.incident.sinks)) == (Severity.CRITICAL, {"slack": 0, "pagerduty": 0})


def test_information_is_a_notice_or_joins_what_is_open(world: World) -> None:
    """A deployment goes to the digest, or into the thread of the incident that its endpoint has."""
    deployment = samples.event(
        "SageMaker Endpoint State Change", {"EndpointName": "ranker", "EndpointStatus": "UPDATING"}
    )
    world.tell(one(deployment))
    assert (world.incident.is_notice, dict(world.incident.sinks)) == (True, {"slack": 3600})
    other = World()
    other.tell(alarm())
    other.tell(replace(one(deployment), at=NOW + timedelta(minutes=1)))
    assert [n.action for n in other.incident.news] == [Action.TRIGGER, Action.INFORM]


def test_late_context_is_news(world: World) -> None:
    """What missed the page comes into the thread alone, and the page has all of it from then on."""
    world.late = Context(owner="late")
    world.tell(alarm())
    opened, late = world.incident.news
    pages = world.store.pages([opened.page, late.page])
    assert (late.action, pages[late.page].context.owner, pages[opened.page].context.owner) == (
        Action.CONTEXT,
        "late",
        "in time and late",
    )
    assert [d.sink for d in world.sent] == ["pagerduty", "slack"] * 2


def test_nothing_is_recorded_before_every_queue_has_it(world: World) -> None:
    """When one queue fails the alert comes back, and then makes the same incident, not another."""
    world.fails_on = "slack"
    with pytest.raises(ConnectionError):
        world.tell(alarm())
    world.fails_on = ""
    world.tell(alarm())
    assert [d.sink for d in world.sent] == ["pagerduty", "pagerduty", "slack"]
    assert world.incident.last_seq == 1


def test_a_sink_that_is_gone_keeps_nobody_else_waiting(world: World) -> None:
    """An incident names a sink that a deployment has removed since: its end is recorded, and told to the others."""
    world.tell(alarm())
    opened = world.incident
    assert world.store.save(replace(opened, sinks={"gone": 0, **opened.sinks}))
    world.sent.clear()
    world.tell(alarm(state=State.OK, minutes=10))
    assert {d.sink for d in world.sent} == {"pagerduty", "slack"}
    assert not world.incident.is_open


def test_an_alert_in_other_hands_comes_back(world: World) -> None:
    """While another invocation has the alert, nothing is done."""
    lease = world.store.claim(alarm().dedup_key)
    with pytest.raises(BusyError):
        world.tell(alarm())
    world.store.release(lease)
    world.tell(alarm())
    assert len(world.sent) == 2


def test_two_that_open_at_once_meet_in_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another alarm of the endpoint makes its incident first, this one joins it, even at the last moment."""
    point, others = Store.point, [alarm("latency", minutes=1)]

    def late(store: Store, group: str, *, to: str, instead_of: str) -> bool:
        if others:
            world.tell(others.pop())
        return point(store, group, to=to, instead_of=instead_of)

    monkeypatch.setattr(Store, "point", late)
    world.tell(alarm())
    assert {m.name for m in world.incident.firing} == {"ranker/AllTraffic/errors", "ranker/AllTraffic/latency"}
    assert [n.name for n in world.incident.news] == ["ranker/AllTraffic/latency", "ranker/AllTraffic/errors"]
    page = world.store.pages([world.incident.news[1].page])[world.incident.news[1].page]
    assert page.due is None, "nobody waits for a context that is not gathered"


def test_too_many_at_once_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An incident that others change all the time sends the alert back, unrecorded."""
    world.tell(alarm())
    monkeypatch.setattr(Store, "save", lambda *_: False)
    with pytest.raises(BusyError, match="too many"):
        world.tell(alarm("latency", minutes=1))
    monkeypatch.undo()
    world.tell(alarm("latency", minutes=1))
    assert len(world.incident.firing) == 2


def test_a_lease_that_was_taken_over_records_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was too slow does not overwrite what the next one recorded."""
    real = router._call
    key = alarm().dedup_key

    def slow(*arguments: Any) -> None:
        real(*arguments)
        world.table.items[f"alert#{key}"]["lease_token"] = {"S": "another"}

    monkeypatch.setattr(router, "_call", slow)
    with pytest.raises(BusyError):
        world.tell(alarm())
    assert "body" not in world.table.items[f"alert#{key}"]


def test_what_is_not_understood_is_handed_on_raw(world: World) -> None:
    """A message that nobody understands makes an incident of its own at the severity of its topic."""
    world.tell(one(samples.envelope("disk /dev/nvme1 is weird"), received=datetime(2026, 11, 23, tzinfo=UTC)))
    page = world.store.pages([world.incident.first.page])[world.incident.first.page]
    assert (page.alert.raw, page.alert.understood) == ("disk /dev/nvme1 is weird", False)
    assert world.incident.severity is Severity.CRITICAL
