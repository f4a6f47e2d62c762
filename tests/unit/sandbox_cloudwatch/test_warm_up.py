"""Alarms that are new, at a clock the test sets."""

from typing import Any

import pytest

from sandbox.aws.cloudwatch.wire import ServiceError
from tests.unit.sandbox_cloudwatch.conftest import Account

MINUTE = 60
SNS = ("arn:aws:sns:us-east-1:000000000000:topic",)
SILENCE: dict[str, Any] = {
    "AlarmName": "silence",
    "Namespace": "N",
    "MetricName": "Invocations",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 15,
    "DatapointsToAlarm": 15,
    "Threshold": 1.0,
    "ComparisonOperator": "LessThanThreshold",
    "TreatMissingData": "breaching",
    "AlarmActions": list(SNS),
    "OKActions": list(SNS),
    "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 60, "OnlyStartEvaluatingAfterWarmUpPeriodEnds": False},
}


def warm_up(minutes: int, *, whole: bool = False) -> dict[str, Any]:
    """The configuration of a warm-up."""
    return {
        "WarmUpConfiguration": {
            "WarmUpPeriodDurationInMinutes": minutes,
            "OnlyStartEvaluatingAfterWarmUpPeriodEnds": whole,
        }
    }


def call_endpoint(account: Account, *minutes: int) -> None:
    """One invocation in each of these minutes after T0."""
    for minute in minutes:
        account.put("Invocations", 1, minute * MINUTE + 5)


def described(account: Account) -> dict[str, Any]:
    """The alarm as DescribeAlarms gives it."""
    [alarm] = account.call("DescribeAlarms")["MetricAlarms"]
    return dict(alarm)


def test_a_silent_endpoint_is_told_after_the_warm_up(account: Account) -> None:
    """Nothing happens for 60 minutes without traffic, then the alarm fires."""
    account.call("PutMetricAlarm", **SILENCE)
    account.walk(0, 60 * MINUTE - 10)
    assert (account.state("silence"), account.acted) == ("INSUFFICIENT_DATA", [])
    assert described(account)["EvaluationState"] == "IN_WARM_UP"
    account.walk(60 * MINUTE - 10, 60 * MINUTE)
    assert account.acted == [(60 * MINUTE, "silence", "ALARM", SNS)]
    assert "EvaluationState" not in described(account)


def test_a_called_endpoint_is_evaluated_after_one_window(account: Account) -> None:
    """15 minutes after the first request the alarm is OK; later silence makes it fire, as on any alarm."""
    account.call("PutMetricAlarm", **SILENCE)
    call_endpoint(account, *range(4, 25))
    account.walk(0, 19 * MINUTE - 10)
    assert account.acted == []
    # The evaluation range is two periods longer than 15: the last request, of minute 24, counts until minute 41.
    account.walk(19 * MINUTE - 10, 50 * MINUTE)
    assert [(at, state) for at, _, state, _ in account.acted] == [(19 * MINUTE, "OK"), (42 * MINUTE, "ALARM")]


def test_the_whole_period_can_be_waited_for(account: Account) -> None:
    """OnlyStartEvaluatingAfterWarmUpPeriodEnds keeps early data from being judged."""
    account.call("PutMetricAlarm", **SILENCE | warm_up(30, whole=True))
    call_endpoint(account, *range(40))
    account.walk(0, 40 * MINUTE)
    assert [(at, state) for at, _, state, _ in account.acted] == [(30 * MINUTE, "OK")]


def test_an_update_changes_a_warm_up_under_way(account: Account) -> None:
    """Another property leaves it alone; its new length counts from the creation."""
    account.call("PutMetricAlarm", **SILENCE)
    account.walk(0, 10 * MINUTE)
    account.call("PutMetricAlarm", **SILENCE | {"Threshold": 2.0})
    assert described(account)["EvaluationState"] == "IN_WARM_UP"
    account.call("PutMetricAlarm", **SILENCE | warm_up(20))
    account.walk(10 * MINUTE, 30 * MINUTE)
    assert [(at, state) for at, _, state, _ in account.acted] == [(20 * MINUTE, "ALARM")]


def test_an_update_without_a_warm_up_ends_it(account: Account) -> None:
    """Left out of an update, it is over at once."""
    account.call("PutMetricAlarm", **SILENCE)
    account.walk(0, 10 * MINUTE)
    account.call("PutMetricAlarm", **SILENCE | {"WarmUpConfiguration": None})
    assert "EvaluationState" not in described(account)
    account.walk(10 * MINUTE, 12 * MINUTE)
    assert [(at, state) for at, _, state, _ in account.acted] == [(11 * MINUTE, "ALARM")]


@pytest.mark.parametrize("before", [SILENCE | warm_up(1), SILENCE | {"WarmUpConfiguration": None}])
def test_an_update_starts_none(account: Account, before: dict[str, Any]) -> None:
    """An alarm past its warm-up, or created without one, never gets into one."""
    account.call("PutMetricAlarm", **before)
    account.walk(0, 2 * MINUTE)
    account.call("PutMetricAlarm", **SILENCE | warm_up(2880))
    assert "EvaluationState" not in described(account)
    call_endpoint(account, 2)
    account.walk(2 * MINUTE, 3 * MINUTE)
    assert [state for _, _, state, _ in account.acted] == ["ALARM", "OK"]


def test_an_alarm_created_again_warms_up_again(account: Account) -> None:
    """A deleted alarm leaves nothing behind."""
    account.call("PutMetricAlarm", **SILENCE | warm_up(1))
    account.walk(0, 2 * MINUTE)
    account.call("DeleteAlarms", AlarmNames=["silence"])
    account.call("PutMetricAlarm", **SILENCE)
    account.walk(2 * MINUTE, 61 * MINUTE)
    assert account.state("silence") == "INSUFFICIENT_DATA"
    account.walk(61 * MINUTE, 62 * MINUTE)
    assert account.state("silence") == "ALARM"


def test_setting_the_state_meanwhile_runs_no_actions(account: Account) -> None:
    """SetAlarmState changes the state of an alarm in warm-up, without actions, and does not end the warm-up."""
    account.call("PutMetricAlarm", **SILENCE)
    account.call("SetAlarmState", AlarmName="silence", StateValue="ALARM", StateReason="test")
    account.call("SetAlarmState", AlarmName="silence", StateValue="OK", StateReason="test")
    assert [(state, actions) for _, _, state, actions in account.acted] == [("ALARM", ()), ("OK", ())]
    account.walk(0, 60 * MINUTE)
    assert account.acted[2:] == [(60 * MINUTE, "silence", "ALARM", SNS)]


@pytest.mark.parametrize(
    ("configuration", "problem"),
    [
        ({}, "WarmUpPeriodDurationInMinutes is required"),
        ({"WarmUpPeriodDurationInMinutes": 0}, "WarmUpPeriodDurationInMinutes: 0 is not between 1 and 2880"),
        ({"WarmUpPeriodDurationInMinutes": 2881}, "WarmUpPeriodDurationInMinutes: 2881 is not between 1 and 2880"),
    ],
)
def test_a_bad_warm_up_is_refused(account: Account, configuration: dict[str, Any], problem: str) -> None:
    """By the alarm's name, the member and the value."""
    with pytest.raises(ServiceError, match=f"alarm 'silence': WarmUpConfiguration: {problem}"):
        account.call("PutMetricAlarm", **SILENCE | {"WarmUpConfiguration": configuration})
