"""How alerts become incidents."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alert_common import codec
from alert_common.alert import Alert, Kind, Resource, Severity, State
from alert_common.incident import Incident
from alert_common.page import Action
from alert_common.settings import Settings
from alert_enricher import grouping

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SETTINGS = Settings(environment="prod", topics={}, routes=(), sinks={}, window_seconds=1800, settle_seconds=300)
RANKER = Resource(kind="endpoint", name="ranker", variant="AllTraffic")


def _alert(signal: str, minute: float, state: State = State.ALARM, **changes: object) -> Alert:
    alert = Alert(
        kind=Kind.METRIC_ALARM,
        name=f"ranker/AllTraffic/{signal}",
        arn=f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:ranker/AllTraffic/{signal}",
        account="111122223333",
        region="eu-west-1",
        state=state,
        at=START + timedelta(minutes=minute),
        severity=Severity.CRITICAL if signal == "errors" else Severity.WARNING,
        resource=RANKER,
    )
    return replace(alert, **changes)  # type: ignore[arg-type]


def _action(alert: Alert) -> Action:
    return {State.ALARM: Action.TRIGGER, State.OK: Action.RESOLVE, State.INSUFFICIENT_DATA: Action.NOTE}[alert.state]


def _story(alerts: Sequence[Alert]) -> Incident:
    incident = grouping.opened(alerts[0], sinks={"slack": 0}, environment="prod", is_notice=False)
    for alert in alerts:
        incident = grouping.after(
            incident, alert, _action(alert), sinks={"slack": 0}, settle=300, now=alert.at + timedelta(seconds=1)
        )
    return incident


def test_a_resource_is_one_group() -> None:
    """Alarms of two variants of an endpoint belong together; another account, region or endpoint is apart."""
    errors = _alert("errors", 0)
    canary = replace(_alert("latency", 1), resource=Resource(kind="endpoint", name="ranker", variant="Canary"))
    assert grouping.group_of(errors) == grouping.group_of(canary)
    others = (
        replace(errors, account="444455556666"),
        replace(errors, region="us-east-1"),
        replace(errors, resource=Resource(kind="endpoint", name="ranker2")),
        replace(errors, resource=Resource(kind="training-job", name="ranker")),
        replace(errors, resource=None),
    )
    assert len({grouping.group_of(a) for a in (errors, *others)}) == 6


def test_an_incident_lasts_until_all_its_alerts_are_over() -> None:
    """It opens with the first alert, stays open while any fires, and ends when the last does, once that has settled."""
    errors, latency = _alert("errors", 0, since=START - timedelta(minutes=3)), _alert("latency", 2)
    both = _story([errors, latency])
    assert (both.opened_at, both.severity) == (START - timedelta(minutes=3), Severity.CRITICAL)
    assert [m.name for m in both.firing] == ["ranker/AllTraffic/errors", "ranker/AllTraffic/latency"]
    half = _story([errors, latency, _alert("errors", 10, State.OK)])
    assert half.is_open
    over = _story([errors, latency, _alert("errors", 10, State.OK), _alert("latency", 12, State.OK)])
    assert (over.is_open, over.recovered_at) == (False, START + timedelta(minutes=12))
    settled = START + timedelta(minutes=17, seconds=1)
    assert (over.is_over(settled - timedelta(seconds=1)), over.is_over(settled)) == (False, True)
    again = _story([errors, _alert("errors", 10, State.OK), _alert("errors", 11)])
    assert (again.is_open, again.recovered_at, again.settles_at) == (True, None, None)


def test_no_data_keeps_it_open() -> None:
    """An alert without data is still open: no data is no good news."""
    incident = _story([_alert("gpu", 0), _alert("gpu", 5, State.INSUFFICIENT_DATA)])
    assert incident.is_open
    assert [m.state for m in incident.members.values()] == [State.INSUFFICIENT_DATA]


def test_what_joins() -> None:
    """Within the window of the newest news and while it is open or settling; later alerts are an incident of their own."""
    open_ = _story([_alert("errors", 0)])
    now = START + timedelta(minutes=40)
    assert grouping.takes(open_, _alert("latency", 30), SETTINGS, now=now)
    assert not grouping.takes(open_, _alert("latency", 30.1), SETTINGS, now=now)
    settling = _story([_alert("errors", 0), _alert("errors", 5, State.OK)])
    fires = _alert("errors", 8)
    assert grouping.takes(settling, fires, SETTINGS, now=START + timedelta(minutes=9))
    assert grouping.takes(settling, fires, SETTINGS, now=START + timedelta(hours=1)), "it fired in time, and came late"
    later = _alert("errors", 10.1)
    assert grouping.takes(settling, later, SETTINGS, now=START + timedelta(minutes=10)), "still settling by the clock"
    assert not grouping.takes(settling, later, SETTINGS, now=START + timedelta(minutes=11))


def test_severity_and_sinks_only_grow() -> None:
    """A critical alert that joins a warning raises it, and brings its sinks; a warning takes nothing back."""
    gpu, errors = _alert("gpu", 0), _alert("errors", 1)
    incident = grouping.opened(gpu, sinks={"slack": 60}, environment="prod", is_notice=False)
    for alert, sinks in (
        (gpu, {"slack": 60}),
        (errors, {"pagerduty": 0, "slack": 0}),
        (_alert("cpu", 2), {"slack": 60}),
    ):
        incident = grouping.after(incident, alert, Action.TRIGGER, sinks=sinks, settle=300, now=START)
    assert (incident.severity, dict(incident.sinks)) == (Severity.CRITICAL, {"slack": 0, "pagerduty": 0})


def test_many_news_keep_the_first() -> None:
    """What opened it is kept however much follows, and news are numbered on."""
    flaps = [_alert("errors", i, State.ALARM if i % 2 == 0 else State.OK) for i in range(201)]
    incident = _story(flaps)
    assert (incident.first.seq, incident.last_seq, len(incident.news)) == (1, 201, grouping.NEWS_KEPT)
    assert [n.seq for n in incident.news[1:]] == list(range(201 - grouping.NEWS_KEPT + 2, 202))


transitions = st.lists(
    st.tuples(st.sampled_from(["errors", "latency", "gpu"]), st.sampled_from(list(State)[:3])), min_size=1, max_size=20
)


@given(transitions)
def test_a_transition_counts_once(steps: list[tuple[str, State]]) -> None:
    """Whatever comes, taking every transition a second time changes nothing, and the document survives its JSON."""
    alerts = [_alert(signal, minute, state) for minute, (signal, state) in enumerate(steps)]
    incident = _story(alerts)
    for alert in alerts:
        again = grouping.after(incident, alert, _action(alert), sinks={}, settle=300, now=START)
        assert again == incident
    assert codec.loads(Incident, codec.dumps(incident)) == incident
    assert incident.is_open is bool(incident.firing)
    assert incident.last_seq == len(incident.news)


@given(st.text(max_size=400), st.text(max_size=40))
def test_ids_are_bounded_and_apart(name: str, other: str) -> None:
    """An incident's id fits PagerDuty, is the same when tried again, and differs for another start or resource."""

    def id_of(resource: str, minute: int) -> str:
        alert = _alert("errors", minute, resource=Resource(kind="endpoint", name=resource))
        return grouping.opened(alert, sinks={}, environment="", is_notice=False).id

    assert len(id_of(name, 0)) <= 255
    assert id_of(name, 0) == id_of(name, 0)
    assert len({id_of(name, 0), id_of(name, 1), id_of(name + other + "x", 0)}) == 3


def test_five_hundred_members_of_any_name_fit_into_an_item() -> None:
    """DynamoDB takes 400 KB: names are cut by their written length, which is six bytes a character for most scripts."""
    incident = _story([_alert("errors", 0)])
    for number in range(grouping.MOST_MEMBERS - 1):
        alert = _alert(f"{'警' * 200}{number}", number / 100)
        incident = grouping.after(incident, alert, Action.TRIGGER, sinks={"slack": 0}, settle=300, now=START)
    assert len(incident.members) == grouping.MOST_MEMBERS
    assert len(codec.dumps(incident)) < 380_000


def test_what_no_message_ends_asks_for_no_reminder() -> None:
    """A failed job stays open until a person has seen to it; an alarm that stays open is worth a reminder."""
    job = _alert("errors", 0, kind=Kind.JOB)
    assert (_story([job]).is_open, _story([job]).can_end) == (True, False)
    assert _story([job, _alert("latency", 1)]).can_end
