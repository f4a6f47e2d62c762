"""Alarms beyond one metric and its threshold, evaluated live."""

import json
from typing import Any

import pytest

from sandbox.aws.cloudwatch import overlay
from sandbox.aws.cloudwatch.notifications import detail, sns_message
from sandbox.aws.cloudwatch.states import state_of_alarm, transition_of
from tests.unit.sandbox_cloudwatch.conftest import T0, Account

DAY = 86_400
BAND: dict[str, Any] = {
    "AlarmName": "band",
    "Metrics": [
        {"Id": "m", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 300, "Stat": "Average"}},
        {"Id": "ad", "Expression": "ANOMALY_DETECTION_BAND(m, 3)"},
    ],
    "ThresholdMetricId": "ad",
    "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
    "EvaluationPeriods": 2,
}
INSIGHTS: dict[str, Any] = {
    "AlarmName": "insights",
    "Metrics": [{"Id": "q", "Expression": 'SELECT MAX(M) FROM SCHEMA("N", Endpoint) GROUP BY Endpoint', "Period": 60}],
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 5.0,
    "EvaluationPeriods": 1,
}
WALL_CLOCK: dict[str, Any] = {
    "AlarmName": "hours",
    "Namespace": "N",
    "MetricName": "M",
    "Statistic": "Sum",
    "Period": 3600,
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def described(account: Account) -> dict[str, Any]:
    """The one alarm that there is."""
    [alarm] = account.call("DescribeAlarms")["MetricAlarms"]
    return dict(alarm)


def told(alarm: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a topic and the event bus are told of an alarm's state."""
    transition = transition_of(alarm, state_of_alarm(alarm), alarm["StateTransitionedTimestamp"])
    return json.loads(sns_message(transition)), detail(transition)


def test_a_band_is_learnt_from_what_was_published(account: Account) -> None:
    """After two days at 95 to 105, ten minutes at 400 are outside the band, and the reason says which bounds."""
    for second in range(0, 2 * DAY, 300):
        account.put("M", 95 + second // 300 % 11, second)
    account.at(2 * DAY)
    account.call("PutMetricAlarm", **BAND)
    account.walk(2 * DAY, 2 * DAY + 60)
    assert account.state("band") == "OK"
    for second in range(2 * DAY, 2 * DAY + 600, 60):
        account.put("M", 400, second)
    account.walk(2 * DAY + 60, 2 * DAY + 660)
    alarm = described(account)
    assert alarm["StateValue"] == "ALARM"
    assert "or greater than the upper thresholds [" in alarm["StateReason"]
    [upper, *_] = json.loads(alarm["StateReasonData"])["recentUpperThresholds"]
    assert 105 < upper < 400
    message, event = told(alarm)
    assert message["Trigger"]["ThresholdMetricId"] == "ad"
    assert "Threshold" not in message["Trigger"]
    assert [query["id"] for query in event["configuration"]["metrics"]] == ["m", "ad"]


def test_metrics_insights_finds_metrics_that_came_later(account: Account) -> None:
    """An endpoint that appears after the alarm was put is looked at; when all vanish there is no data."""
    account.call("PutMetricAlarm", **INSIGHTS)
    for name, value, second in (("old", 1.0, 5), ("new", 9.0, 65)):
        overlay.record("N", "M", value, dimensions={"Endpoint": name}, at=T0 + second)
    account.walk(0, 600)
    states = [(at, state) for at, _, state, _ in account.acted]
    assert states[:2] == [(60, "OK"), (120, "ALARM")]
    assert states[-1][1] == "INSUFFICIENT_DATA"
    message, event = told(described(account))
    assert message["Trigger"]["Period"] == 60
    [query] = event["configuration"]["metrics"]
    assert (query["expression"][:6], query["period"]) == ("SELECT", 60)


@pytest.mark.parametrize(("window", "fires"), [({}, 60), ({"EvaluationWindow": {"WallClockWindow": {}}}, 3600)])
def test_a_wall_clock_window_waits_for_its_hour(account: Account, window: dict[str, Any], fires: int) -> None:
    """One sample in the first minute of an hour: a rolling window sees it at once, one of the clock after the hour."""
    account.call("PutMetricAlarm", **WALL_CLOCK | window)
    account.call("SetAlarmState", AlarmName="hours", StateValue="OK", StateReason="test")
    account.acted.clear()
    account.put("M", 1, 5)
    account.walk(0, 3660)
    assert account.acted[0][:3] == (fires, "hours", "ALARM")
