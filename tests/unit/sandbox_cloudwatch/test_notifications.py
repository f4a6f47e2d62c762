"""What CloudWatch sends, against recorded payloads where there are some."""

import json
from typing import Any

import pytest

from sandbox.aws.cloudwatch.notifications import Transition, detail, lambda_payload, region_name, sns_message, subject
from tests.conftest import FIXTURES, NO_FIXTURES

AT = 1_795_446_240.123
STATE = {"value": "ALARM", "reason": "why", "timestamp": "2026-11-23T15:04:00.123+0000", "reasonData": "{}"}
PREVIOUS = {"value": "OK", "reason": "all well", "timestamp": "2026-11-23T14:04:00.123+0000"}
COMMON: dict[str, Any] = {
    "AlarmName": "ranker/AllTraffic/errors",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:ranker/AllTraffic/errors",
    "AlarmConfigurationUpdatedTimestamp": AT - 60,
    "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:critical"],
    "StateValue": "ALARM",
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 0.0,
}
DIMENSIONS = [{"Name": "InstanceId", "Value": "TestInstance"}]
SINGLE = COMMON | {
    "MetricName": "NetworkOut",
    "Namespace": "AWS/EC2",
    "Statistic": "Average",
    "Period": 60,
    "Dimensions": DIMENSIONS,
    "AlarmDescription": "Errors",
}
METRIC = {"Namespace": "AWS/EC2", "MetricName": "NetworkOut", "Dimensions": DIMENSIONS}
MATH = COMMON | {
    "Metrics": [
        {"Id": "e1", "Expression": "m1*1", "Label": "Expression1", "ReturnData": True},
        {"Id": "m1", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Average"}, "ReturnData": False},
    ]
}
COMPOSITE = {key: COMMON[key] for key in list(COMMON)[:5]} | {"AlarmRule": "ALARM(a)"}


def transition(alarm: dict[str, Any], **state: Any) -> Transition:
    """OK -> ALARM of `alarm`."""
    return Transition(
        alarm=alarm, account="000000000000", region="us-east-1", state=STATE | state, previous=PREVIOUS, at=AT
    )


def fixture(name: str) -> Any:
    """A recorded payload; skips the test where there is none."""
    path = FIXTURES / name
    if not path.exists():
        pytest.skip(NO_FIXTURES)
    return json.loads(path.read_text())


def trigger_of(name: str) -> Any:
    """Trigger of a recorded SNS event."""
    return json.loads(fixture(name)["Records"][0]["Sns"]["Message"])["Trigger"]


def test_sns_message() -> None:
    """Every member of a metric alarm's message, with the region's long name and times to the millisecond."""
    message = json.loads(sns_message(transition(SINGLE)))
    assert message.pop("Trigger")["ComparisonOperator"] == "GreaterThanThreshold"
    assert message == {
        "AlarmName": "ranker/AllTraffic/errors",
        "AlarmDescription": "Errors",
        "AWSAccountId": "000000000000",
        "AlarmConfigurationUpdatedTimestamp": "2026-11-23T15:03:00.123+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "why",
        "StateChangeTime": "2026-11-23T15:04:00.123+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:ranker/AllTraffic/errors",
        "OldStateValue": "OK",
        "OKActions": [],
        "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:critical"],
        "InsufficientDataActions": [],
    }


@pytest.mark.parametrize(
    ("alarm", "name"),
    [
        (SINGLE, "sns/cloudwatch-alarm-sns-payload-single-metric.json"),
        (MATH, "sns/cloudwatch-alarm-sns-payload-multiple-metrics.json"),
    ],
)
def test_trigger_has_the_members_of_a_recorded_one(alarm: dict[str, Any], name: str) -> None:
    """A Trigger says the same, member by member, as one that CloudWatch sent for such an alarm."""
    # How missing data is written has changed since these were recorded, and so has what has no unit.
    changed = ("TreatMissingData", "Unit")
    recorded = trigger_of(name)
    ours = json.loads(sns_message(transition(alarm)))["Trigger"]
    assert set(ours) == set(recorded)
    assert {k: v for k, v in ours.items() if k not in changed} == {
        k: v for k, v in recorded.items() if k not in changed
    }


def test_message_of_missing_data_has_the_members_of_a_recorded_one() -> None:
    """Today's message, too, has exactly the members that CloudWatch sends."""
    recorded = fixture("sns/recorded-missing-data-alarm.json")["recorded-content"]["alarm-1-sqs-msg"]
    ours = json.loads(sns_message(transition(SINGLE)))
    assert set(ours) == set(recorded)
    assert set(ours["Trigger"]) == set(recorded["Trigger"])


def test_percentiles_and_m_of_n_show_in_the_trigger() -> None:
    """An extended statistic replaces Statistic, and DatapointsToAlarm appears only when it is set."""
    alarm = SINGLE | {"ExtendedStatistic": "p99", "DatapointsToAlarm": 2}
    trigger = json.loads(sns_message(transition(alarm)))["Trigger"]
    assert (trigger["StatisticType"], trigger["ExtendedStatistic"]) == ("ExtendedStatistic", "p99")
    assert "Statistic" not in trigger
    assert trigger["DatapointsToAlarm"] == 2
    assert "DatapointsToAlarm" not in json.loads(sns_message(transition(SINGLE)))["Trigger"]


def test_composite_message_names_its_children_and_has_no_trigger() -> None:
    """A composite alarm sends its rule and the children that triggered it."""
    child = {"arn": "arn:a", "state": {"value": "ALARM", "timestamp": "2026-11-23T15:03:00.000+0000"}}
    message = json.loads(sns_message(transition(COMPOSITE, reasonData=json.dumps({"triggeringAlarms": [child]}))))
    assert "Trigger" not in message
    assert message["AlarmRule"] == "ALARM(a)"
    assert message["TriggeringChildren"] == [
        {"Arn": "arn:a", "State": {"Value": "ALARM", "Timestamp": "2026-11-23T15:03:00.000+0000"}}
    ]


def test_event_detail_has_the_members_of_recorded_ones() -> None:
    """EventBridge events of a single-metric and of a math alarm are shaped as CloudWatch's."""
    for alarm, name in (
        (SINGLE, "01-state-change-for-a-single-metric-alarm.json"),
        (MATH | {"AlarmDescription": "Errors"}, "02-state-change-for-a-metric-math-alarm.json"),
    ):
        recorded = fixture(f"eventbridge/{name}")["detail"]
        ours = detail(transition(alarm))
        assert set(ours) == set(recorded)
        for query, other in zip(ours["configuration"]["metrics"], recorded["configuration"]["metrics"], strict=False):
            assert set(query) == set(other)
        stat = ours["configuration"]["metrics"][-1]["metricStat"]
        assert set(stat) == {"metric", "period", "stat"}
        assert stat["metric"]["dimensions"] == {"InstanceId": "TestInstance"}


def test_lambda_payload_has_the_members_of_a_recorded_one() -> None:
    """A function gets, as a direct action, what CloudWatch would send it."""
    recorded = fixture("lambda-direct/cloudWatchAlarmEventSingleMetric.json")
    ours = lambda_payload(transition(SINGLE))
    assert set(ours) == set(recorded)
    assert set(ours["alarmData"]) == set(recorded["alarmData"])
    assert set(ours["alarmData"]["state"]) == set(recorded["alarmData"]["state"])


def test_subject_is_cut() -> None:
    """A subject has at most 100 characters."""
    assert subject(transition(SINGLE)) == 'ALARM: "ranker/AllTraffic/errors" in US East (N. Virginia)'
    assert len(subject(transition(SINGLE | {"AlarmName": "x" * 200}))) == 100


def test_unknown_region_is_named_as_it_is() -> None:
    """A region without a long name is written as it is."""
    assert region_name("xx-nowhere-1") == "xx-nowhere-1"
