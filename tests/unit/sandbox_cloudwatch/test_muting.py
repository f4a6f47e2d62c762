"""Mute rules: when they mute, and what runs afterwards."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.aws.cloudwatch.notifications import Transition, sns_message
from sandbox.aws.cloudwatch.wire import ServiceError
from tests.unit.sandbox_cloudwatch.conftest import T0, Account

TOPIC = "arn:aws:sns:us-east-1:000000000000:critical"
ALARM = {
    "AlarmName": "a",
    "Namespace": "N",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "AlarmActions": [TOPIC],
    "OKActions": [TOPIC],
}


def rule(expression: str, duration: str = "PT1H", *, zone: str | None = None, **members: Any) -> dict[str, Any]:
    """A request that mutes the alarm `a`."""
    schedule = {"Expression": expression, "Duration": duration} | ({"Timezone": zone} if zone else {})
    return {"Name": "r", "Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["a"]}, **members}


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (rule("rate(5 minutes)"), "Expression: 'rate(5 minutes)' is neither cron"),
        (rule("cron(0 2 * *)"), "Expression: cron(0 2 * *) has 4 fields; it needs 5"),
        (rule("cron(0 24 * * *)"), "Expression: '24' is no hour"),
        (rule("cron(0 2 * * FUN)"), "Expression: 'FUN' is no day of week"),
        (rule("at(2026-11-23T14:00)", "1h"), "Duration: '1h' is not between PT1M and P15D"),
        (rule("at(2026-11-23T14:00)", "P16D"), "Duration: 'P16D' is not between PT1M and P15D"),
        (rule("at(2026-11-23T14:00)", zone="Mars/Olympus"), "Timezone: 'Mars/Olympus' is not known"),
    ],
)
def test_what_is_no_rule_is_refused(account: Account, request_: dict[str, Any], line: str) -> None:
    """The member, its value and the fix, in the service's own kind of error."""
    with pytest.raises(ServiceError) as refused:
        account.call("PutAlarmMuteRule", **request_)
    assert line in refused.value.message


def muted(account: Account) -> None:
    """The alarm `a`, OK, muted from T0 + 60 for ten minutes."""
    account.call("PutMetricAlarm", **ALARM)
    account.call("SetAlarmState", AlarmName="a", StateValue="OK", StateReason="test")
    begin = datetime.fromtimestamp(T0 + 60, UTC)
    account.call("PutAlarmMuteRule", **rule(f"at({begin:%Y-%m-%dT%H:%M})", "PT10M"))
    account.acted.clear()


def set_state(account: Account, state: str, second: float) -> None:
    """Set the alarm's state at T0 + second."""
    account.at(second)
    account.call("SetAlarmState", AlarmName="a", StateValue=state, StateReason="test")


def test_an_alarm_that_still_fires_after_the_window_acts_then(account: Account) -> None:
    """The transition itself is announced without actions; at the end of the window the actions run, with its own time."""
    muted(account)
    set_state(account, "ALARM", 120)
    assert account.acted == [(120, "a", "ALARM", ())]
    assert account.overlay.book.next_moment() == T0 + 660
    account.overlay.book.advance(account.at(659))
    assert len(account.acted) == 1
    account.overlay.book.advance(account.at(660))
    assert account.acted[1:] == [(120, "a", "ALARM", (TOPIC,))]
    assert account.overlay.book.next_moment() is None


def test_an_alarm_that_ended_within_the_window_never_acts(account: Account) -> None:
    """ALARM and OK inside the window tell no one, then or later."""
    muted(account)
    set_state(account, "ALARM", 120)
    set_state(account, "OK", 180)
    account.overlay.book.advance(account.at(700))
    assert [actions for *_, actions in account.acted] == [(), ()]


def test_an_end_within_the_window_is_told_after_it(account: Account) -> None:
    """What fired before the window and ended inside it is told to be over, late: actions of every state are muted."""
    muted(account)
    set_state(account, "ALARM", 30)
    set_state(account, "OK", 120)
    account.overlay.book.advance(account.at(660))
    assert account.acted == [(30, "a", "ALARM", (TOPIC,)), (120, "a", "OK", ()), (120, "a", "OK", (TOPIC,))]


def test_overlapping_windows_mute_until_the_last_one_ends(account: Account) -> None:
    """A second rule that goes on keeps the actions back."""
    muted(account)
    begin = datetime.fromtimestamp(T0 + 600, UTC)
    account.call("PutAlarmMuteRule", **rule(f"at({begin:%Y-%m-%dT%H:%M})", "PT10M") | {"Name": "second"})
    set_state(account, "ALARM", 120)
    account.overlay.book.advance(account.at(660))
    assert account.overlay.book.next_moment() == T0 + 1200
    account.overlay.book.advance(account.at(1200))
    assert [actions for *_, actions in account.acted] == [(), (TOPIC,)]


def test_a_rule_ends_with_its_expire_date(account: Account) -> None:
    """A date of the API comes as Unix seconds, and cuts the window short."""
    begin = datetime.fromtimestamp(T0 + 60, UTC)
    muted(account)
    account.call("PutAlarmMuteRule", **rule(f"at({begin:%Y-%m-%dT%H:%M})", "PT10M", ExpireDate=float(T0 + 300)))
    set_state(account, "ALARM", 120)
    assert account.overlay.book.next_moment() == T0 + 300


def test_rules_are_listed_with_their_status(account: Account) -> None:
    """SCHEDULED before, ACTIVE within, EXPIRED after its only window; gone once deleted."""
    muted(account)
    for second, status in ((0, "SCHEDULED"), (60, "ACTIVE"), (660, "EXPIRED")):
        account.at(second)
        (summary,) = account.call("ListAlarmMuteRules", AlarmName="a")["AlarmMuteRuleSummaries"]
        assert (summary["Status"], summary["MuteType"]) == (status, "ONE_TIME")
    assert account.call("GetAlarmMuteRule", AlarmMuteRuleName="r")["MuteTargets"] == {"AlarmNames": ["a"]}
    assert account.call("ListAlarmMuteRules", AlarmName="b")["AlarmMuteRuleSummaries"] == []
    account.call("DeleteAlarmMuteRule", AlarmMuteRuleName="r")
    with pytest.raises(ServiceError, match="no mute rule 'r'"):
        account.call("GetAlarmMuteRule", AlarmMuteRuleName="r")


def test_a_late_action_says_so() -> None:
    """The SNS message of what was held back carries `ActionExecutedAfterMuteWindow`, every other one does not."""
    state = {"value": "ALARM", "reason": "why", "timestamp": "2026-11-23T15:04:00.123+0000"}
    alarm = ALARM | {"AlarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a"}
    alarm |= {"AlarmConfigurationUpdatedTimestamp": T0, "StateValue": "ALARM"}
    for after_mute in (False, True):
        transition = Transition(
            alarm=alarm,
            account="000000000000",
            region="us-east-1",
            state=state,
            previous=state,
            at=T0,
            after_mute=after_mute,
        )
        assert json.loads(sns_message(transition)).get("ActionExecutedAfterMuteWindow", False) is after_mute
