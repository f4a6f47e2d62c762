"""Which transitions page, resolve, inform or say nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_common.alert import Alert, Severity, State
from alert_common.page import Action
from alert_common.store import Standing
from alert_enricher.policy import decide
from tests.unit.functions import samples
from tests.unit.functions.samples import NOW, event, one

ALERT = one(samples.envelope(samples.sns_alarm()))


def alarm(state: State, *, minutes: float = 0, previous: State | None = None, suppressed: str = "") -> Alert:
    """Return a transition some minutes after NOW."""
    at = NOW + timedelta(minutes=minutes)
    return replace(ALERT, state=state, previous_state=previous, at=at, since=None, suppressed_by=suppressed)


def play(*transitions: Alert) -> list[Action | None]:
    """Decide on one transition after the other, as they arrive."""
    standing: Standing | None = None
    actions = []
    for transition in transitions:
        decision = decide(transition, standing)
        actions.append(decision.action)
        standing = decision.standing or standing
    return actions


INS, OK, ALARM = State.INSUFFICIENT_DATA, State.OK, State.ALARM


def test_an_alarm_pages_and_its_ok_resolves() -> None:
    """The plain course of things."""
    assert play(alarm(ALARM), alarm(OK, minutes=5)) == [Action.TRIGGER, Action.RESOLVE]


def test_a_first_ok_pages_no_one() -> None:
    """INSUFFICIENT_DATA to OK, of an alarm that was just created, says nothing."""
    assert play(alarm(OK, previous=INS)) == [None]


def test_no_data_does_not_resolve() -> None:
    """ALARM to INSUFFICIENT_DATA leaves a note in the open incident; only OK closes it."""
    assert play(alarm(ALARM), alarm(INS, minutes=1), alarm(OK, minutes=2)) == [
        Action.TRIGGER,
        Action.NOTE,
        Action.RESOLVE,
    ]


def test_no_data_of_a_healthy_alarm_says_nothing() -> None:
    """OK to INSUFFICIENT_DATA is the silence alarm's business."""
    assert play(alarm(OK), alarm(INS, minutes=1)) == [None, None]


def test_ok_that_overtakes_its_alarm_ends_it() -> None:
    """OK first, then the older ALARM: nobody is paged for what is over."""
    assert play(alarm(OK, minutes=5, previous=ALARM), alarm(ALARM)) == [None, None]


def test_flapping_is_told_in_order() -> None:
    """ALARM, OK, ALARM within five minutes: two pages and one resolve."""
    course = play(alarm(ALARM, previous=OK), alarm(OK, minutes=2, previous=ALARM), alarm(ALARM, minutes=4, previous=OK))
    assert course == [Action.TRIGGER, Action.RESOLVE, Action.TRIGGER]


def test_a_stale_ok_resolves_nothing() -> None:
    """An OK from before the alarm began must not close it."""
    assert play(alarm(ALARM), alarm(OK, minutes=-3)) == [Action.TRIGGER, None]


def test_a_transition_told_twice_pages_once() -> None:
    """SNS and EventBridge tell the same transition, maybe with fractions of a second between."""
    assert play(alarm(ALARM, previous=OK), alarm(ALARM, previous=OK), alarm(ALARM, minutes=0.01, previous=OK)) == [
        Action.TRIGGER,
        None,
        None,
    ]


def test_a_lost_ok_does_not_swallow_the_next_alarm() -> None:
    """ALARM, and later another ALARM that came from OK: the page goes out again."""
    assert play(alarm(ALARM, previous=OK), alarm(ALARM, minutes=30, previous=OK)) == [Action.TRIGGER, Action.TRIGGER]


def test_a_suppressed_alarm_pages_when_the_suppression_ends() -> None:
    """Suppressed: nothing; the same ALARM without suppression pages; OK then resolves."""
    course = play(
        alarm(ALARM, suppressed="WaitPeriod"),
        alarm(ALARM, minutes=2, previous=ALARM),
        alarm(OK, minutes=4, previous=ALARM),
    )
    assert course == [None, Action.TRIGGER, Action.RESOLVE]


@pytest.mark.parametrize(
    ("payload", "action"),
    [
        (event("SageMaker Endpoint State Change", {"EndpointName": "e", "EndpointStatus": "FAILED"}), Action.TRIGGER),
        (event("SageMaker Endpoint State Change", {"EndpointName": "e", "EndpointStatus": "IN_SERVICE"}), None),
        (event("SageMaker Endpoint State Change", {"EndpointName": "e", "EndpointStatus": "UPDATING"}), Action.INFORM),
        (
            event("SageMaker Training Job State Change", {"TrainingJobName": "t", "TrainingJobStatus": "Failed"}),
            Action.TRIGGER,
        ),
        (
            event("SageMaker Training Job State Change", {"TrainingJobName": "t", "TrainingJobStatus": "Completed"}),
            Action.INFORM,
        ),
        (
            event("SageMaker Training Job State Change", {"TrainingJobName": "t", "TrainingJobStatus": "InProgress"}),
            None,
        ),
        (event("CloudWatch Alarm Configuration Change", {"alarmName": "a", "operation": "create"}), None),
        (event("CloudWatch Alarm Configuration Change", {"alarmName": "a", "operation": "delete"}), Action.INFORM),
        ({"invocationStatus": "Completed", "requestParameters": {"endpointName": "e"}}, None),
        ({"eventName": "TestNotification"}, Action.INFORM),
        ("gibberish", Action.TRIGGER),
    ],
)
def test_events_page_only_when_something_is_wrong(payload: object, action: Action | None) -> None:
    """The second table of the policy, row by row."""
    assert decide(one(payload), None).action is action


def test_an_endpoint_back_in_service_resolves_its_failure() -> None:
    """FAILED pages; IN_SERVICE afterwards resolves instead of only informing."""
    failed = one(event("SageMaker Endpoint State Change", {"EndpointName": "e", "EndpointStatus": "FAILED"}))
    fine = event("SageMaker Endpoint State Change", {"EndpointName": "e", "EndpointStatus": "IN_SERVICE"})
    back = replace(one(fine), at=NOW + timedelta(minutes=9))
    assert failed.dedup_key == back.dedup_key
    assert play(failed, back) == [Action.TRIGGER, Action.RESOLVE]


def test_the_incident_began_when_the_first_bad_minute_did() -> None:
    """`opened_at` is the start of the breach, and later transitions keep it."""
    first = decide(ALERT, None).standing
    assert first is not None
    assert first.opened_at == ALERT.since
    noted = decide(alarm(INS, minutes=3), first).standing
    assert noted is not None
    assert noted.opened_at == ALERT.since


@given(
    st.permutations(
        [
            alarm(ALARM, previous=OK),
            alarm(OK, minutes=2, previous=ALARM),
            alarm(ALARM, minutes=4, previous=OK),
            alarm(OK, minutes=6, previous=ALARM),
        ]
    )
)
def test_in_any_order_of_arrival_nothing_stays_open(transitions: list[Alert]) -> None:
    """However the queue shuffles two alarms and their ends, the newest state wins: it is over."""
    standing: Standing | None = None
    for transition in transitions:
        standing = decide(transition, standing).standing or standing
    assert standing is not None
    assert (standing.state, standing.opened_at) == (OK, None)


def test_an_end_keeps_the_severity_of_its_beginning() -> None:
    """The standing remembers the severity an incident was opened with, whatever the OK's parser made of it."""
    standing = Standing(state=ALARM, at=NOW, opened_at=NOW, severity=Severity.CRITICAL)
    after = decide(alarm(INS, minutes=1), standing).standing
    assert after is not None
    assert after.severity is Severity.CRITICAL
