"""Incidents of a backtest are those that the router would open."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.run import Run, Timeline, Told
from alarmlab.model.alarms import About, AlarmSettings, MetricAlarm
from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.model.states import State
from alarmlab.paging import Incident, incidents, pages
from alert_common import alert as router_alert
from alert_common import incident as router_incident
from alert_common.alert import Alert, Kind, Resource, Severity
from alert_common.context import Context
from alert_common.delivery import Delivery
from alert_common.page import Action
from alert_common.settings import Settings, SinkSettings
from alert_common.store import Store
from alert_enricher.router import Means, route
from tests.unit.functions.fakes import FakeDynamoDb

START = 1_767_603_600
SETTINGS = Settings(
    environment="prod",
    topics={},
    routes=(),
    sinks={"pagerduty": SinkSettings(queue="q", dead_letters="")},
    window_seconds=1800,
    settle_seconds=300,
)
ALARMS = {
    "latency": ("ranker", "critical"),
    "errors": ("ranker", "warning"),
    "disk": ("ranker", "info"),
    "other": ("search", "warning"),
}


def alarm(id: str) -> MetricAlarm:
    """An alarm with the tags of the constructs."""
    endpoint, severity = ALARMS[id]
    metric = MetricId("AWS/SageMaker", id, (("EndpointName", endpoint),))
    return MetricAlarm(
        about=About(
            id=id,
            name=id,
            tags={"endpointwatch:endpoint": endpoint, "endpointwatch:severity": severity},
            alarm_actions=("topic",),
        ),
        settings=AlarmSettings(
            comparison="GreaterThanThreshold", threshold=1.0, evaluation_periods=1, datapoints_to_alarm=1, period=60
        ),
        queries=(MetricQuery(id="m", metric=metric, stat="Average"),),
        returned="m",
    )


def run_of(*told: Told, end: int = START + 86_400) -> Run:
    """A run in which alarms told this, and were in the states that they told."""
    timelines = {}
    for id in ALARMS:
        changes = sorted({each.changed_at: each.state for each in told if each.alarm == id}.items())
        timelines[id] = Timeline(
            initial=State.OK, at=tuple(at for at, _ in changes), to=tuple(state for _, state in changes)
        )
    return Run(start=START, end=end, timelines=timelines, told=tuple(sorted(told, key=lambda each: each.at)))


def told(minute: float, id: str, state: State = State.ALARM, *, late: int = 0, held_back_by: str = "") -> Told:
    """Actions that ran some minutes after the start."""
    at = START + round(60 * minute)
    return Told(at=at + late, alarm=id, state=state, changed_at=at, targets=("topic",), held_back_by=held_back_by)


def incidents_of(run: Run) -> Sequence[Incident]:
    """Incidents by the router's defaults."""
    return incidents(run, [alarm(id) for id in ALARMS])


def test_alarms_of_a_resource_are_one_incident_within_the_window() -> None:
    """Half an hour after the newest news still joins; a second more is a new incident although the old one is open."""
    joined = incidents_of(run_of(told(0, "latency"), told(30, "errors"), told(60, "disk")))
    assert [each.members for each in joined] == [("latency", "errors", "disk")]
    apart = incidents_of(run_of(told(0, "latency"), told(30 + 1 / 60, "errors")))
    assert [(each.members, each.severity) for each in apart] == [(("latency",), "critical"), (("errors",), "warning")]


def test_resources_are_apart() -> None:
    """What happens to two endpoints at once are two incidents."""
    assert [each.resource for each in incidents_of(run_of(told(0, "latency"), told(0, "other")))] == [
        "ranker",
        "search",
    ]


def test_what_flaps_is_one_incident_with_many_pages() -> None:
    """An alarm that fires again before its end has settled opens nothing; after that it does."""
    flapping = [told(4 * n, "errors", State.OK if n % 2 else State.ALARM) for n in range(10)]
    (found,) = incidents_of(run_of(*flapping))
    assert len(found.pages) == 5
    assert found.settled_at == START + 36 * 60 + 300
    again = incidents_of(run_of(told(0, "errors"), told(1, "errors", State.OK), told(6, "errors")))
    assert [len(each.pages) for each in again] == [1, 1]


def test_what_is_held_back_is_neither_page_nor_news() -> None:
    """A suppressed or muted alarm, or one without actions, opens no incident."""
    run = run_of(told(0, "latency", held_back_by="suppressor"), told(1, "other", held_back_by="mute"))
    assert pages(run) == ()
    assert incidents_of(run) == ()


@dataclass
class Router:
    """The real router on a table in memory, with its clock in our hands."""

    table: FakeDynamoDb = field(default_factory=FakeDynamoDb)
    ids: list[str] = field(default_factory=list)
    now: datetime = datetime(2026, 1, 5, tzinfo=UTC)

    def take(self, told: Told, before: State) -> None:
        """Route one transition as CloudWatch tells it."""
        endpoint, severity = ALARMS[told.alarm]
        self.now = datetime.fromtimestamp(told.at, UTC)
        alert = Alert(
            kind=Kind.METRIC_ALARM,
            name=told.alarm,
            state=router_alert.State(told.state),
            previous_state=router_alert.State(before),
            at=datetime.fromtimestamp(told.changed_at, UTC),
            severity=Severity(severity),
            account="1",
            region="eu-west-1",
            arn=f"arn:aws:cloudwatch:eu-west-1:1:alarm:{told.alarm}",
            resource=Resource(kind="endpoint", name=endpoint),
        )
        means = Means(
            settings=SETTINGS,
            store=Store(self.table, "state"),
            identify=lambda alert: (alert, ()),
            gather=lambda alert, missing, spent: Gathered(),
            in_short=lambda alert, missing: Context(),
            send=self._send,
            now=lambda: self.now,
        )
        late = route(alert, means)
        if late is not None:
            late()

    def _send(self, delivery: Delivery) -> None:
        if delivery.id not in self.ids:
            self.ids.append(delivery.id)

    @property
    def incidents(self) -> Sequence[router_incident.Incident]:
        """In the order in which they opened."""
        found = [Store(self.table, "state").incident(id) for id in self.ids]
        return [each for each in found if each is not None]


class Gathered:
    """Context that is there at once."""

    context = Context()

    def by_deadline(self) -> Context:
        """Nothing to wait for."""
        return Context()

    def later(self, seconds: float) -> Context | None:
        """Nothing comes."""
        return None

    def close(self) -> None:
        """Nothing runs."""


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Transitions of four alarms: some tell no OK, some are told late, as after a suppressor or a mute rule."""
    all_told = []
    for id in ALARMS:
        tells = draw(st.sampled_from([tuple(State), (State.ALARM,), (State.ALARM, State.OK)]))
        at = START
        state = State.OK
        for _ in range(draw(st.integers(0, 7))):
            at += draw(st.sampled_from([1, 60, 120, 240, 299, 300, 301, 900, 1799, 1800, 1801, 4000]))
            state = draw(st.sampled_from([other for other in State if other is not state]))
            late = draw(st.sampled_from([0, 0, 0, 60, 2000]))
            all_told.append(
                Told(at=at + late, alarm=id, state=state, changed_at=at, targets=("topic",) if state in tells else ())
            )
    return run_of(*all_told)


@settings(max_examples=150, deadline=None)
@given(runs())
def test_incidents_are_those_of_the_router(run: Run) -> None:
    """Whatever alarms tell, in whatever order: the same incidents, members, pages, severities and ends as the real router's."""
    router = Router()
    for each in run.told:
        if each.targets:
            router.take(each, run.timelines[each.alarm].state(each.changed_at - 1))
    end = datetime.fromtimestamp(run.end, UTC)
    theirs = [
        (
            {member.name for member in each.members.values()},
            sum(news.action is Action.TRIGGER for news in each.news),
            str(each.severity),
            round(each.settles_at.timestamp()) if each.settles_at and each.is_over(end) else None,
        )
        for each in router.incidents
    ]
    ours = [(set(each.members), len(each.pages), each.severity, each.settled_at) for each in incidents_of(run)]
    assert ours == theirs
