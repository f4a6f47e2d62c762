"""Composite alarms, alarms on PromQL, what is not supported, and what alarms are about."""

from typing import Any

import pytest

from alarmlab.engine.dry_run import checked
from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.alarms import CompositeAlarm, PromQLAlarm
from alarmlab.model.labels import resource_of, severity_of, urgency
from alarmlab.model.read import ALARM, COMPOSITE_ALARM, LOG_ALARM, read_alarm
from alarmlab.model.rules import parse_rule

PROMQL = {"Query": "up == 0", "PendingPeriod": 300, "RecoveryPeriod": "600"}
LATENCY = {
    "Namespace": "AWS/SageMaker",
    "MetricName": "ModelLatency",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}


def test_composite() -> None:
    """Rule, suppressor and its periods."""
    members = {
        "AlarmRule": "ALARM(a)",
        "ActionsSuppressor": "s",
        "ActionsSuppressorWaitPeriod": "120",
        "ActionsSuppressorExtensionPeriod": 180,
        "AlarmActions": ["page"],
    }
    found = read_alarm(COMPOSITE_ALARM, members, id="c")
    assert isinstance(found, CompositeAlarm)
    assert found.rule == parse_rule("ALARM(a)")
    assert (found.suppressor, found.wait, found.extension) == ("s", 120, 180)
    assert found.about.alarm_actions == ("page",)


def test_promql() -> None:
    """Query, periods and interval, all in seconds; the periods are nothing where they are not given."""
    members: dict[str, Any] = {"EvaluationCriteria": {"PromQLCriteria": PROMQL}, "EvaluationInterval": 60}
    found = read_alarm(ALARM, members, id="p")
    assert isinstance(found, PromQLAlarm)
    assert (found.query, found.pending, found.recovery, found.interval) == ("up == 0", 300, 600, 60)
    bare = read_alarm(ALARM, members | {"EvaluationCriteria": {"PromQLCriteria": {"Query": "up == 0"}}}, id="p")
    assert isinstance(bare, PromQLAlarm)
    assert (bare.pending, bare.recovery) == (0, 0)


@pytest.mark.parametrize(
    ("type_", "members", "problem"),
    [
        (COMPOSITE_ALARM, {}, "AlarmRule is required"),
        (COMPOSITE_ALARM, {"AlarmRule": "ALARM("}, "AlarmRule 'ALARM\\('"),
        (COMPOSITE_ALARM, {"AlarmRule": "TRUE", "ActionsSuppressor": "s"}, "ActionsSuppressorWaitPeriod is required"),
        (
            COMPOSITE_ALARM,
            {"AlarmRule": "TRUE", "ActionsSuppressor": "s", "ActionsSuppressorWaitPeriod": 60},
            "ActionsSuppressorExtensionPeriod is required",
        ),
        (
            COMPOSITE_ALARM,
            {"AlarmRule": "TRUE", "ActionsSuppressorWaitPeriod": 60},
            "ActionsSuppressorWaitPeriod: 60 has no effect without an ActionsSuppressor",
        ),
        (
            COMPOSITE_ALARM,
            {"AlarmRule": "TRUE", "Threshold": 1},
            "Threshold is not a member of AWS::CloudWatch::Composite",
        ),
        (ALARM, {"EvaluationCriteria": {"PromQLCriteria": PROMQL}}, "EvaluationInterval is required"),
        (
            ALARM,
            {"EvaluationCriteria": {"PromQLCriteria": PROMQL}, "EvaluationInterval": 45},
            "EvaluationInterval: 45 is not supported: use 10, 20, 30 or a multiple of 60",
        ),
        (
            ALARM,
            {"EvaluationCriteria": {"PromQLCriteria": PROMQL}, "EvaluationInterval": 7200},
            "EvaluationInterval: 7200 is not between 10 and 3600",
        ),
        (
            ALARM,
            {"EvaluationCriteria": {"PromQLCriteria": PROMQL}, "EvaluationInterval": 60, "Threshold": 1},
            "Threshold: not together with EvaluationCriteria",
        ),
        (ALARM, {"EvaluationCriteria": {}, "EvaluationInterval": 60}, "PromQLCriteria is required"),
        (ALARM, {"EvaluationCriteria": {"PromQLCriteria": {}}, "EvaluationInterval": 60}, "Query is required"),
        (
            ALARM,
            {"EvaluationCriteria": {"PromQLCriteria": PROMQL | {"PendingPeriod": 86_401}}, "EvaluationInterval": 60},
            "PendingPeriod: 86401 is not between 0 and 86400",
        ),
        (
            ALARM,
            {"EvaluationCriteria": {"PromQLCriteria": {"Query": "sum(x"}}, "EvaluationInterval": 60},
            "sum\\(x",
        ),
    ],
)
def test_bad_members(type_: str, members: dict[str, Any], problem: str) -> None:
    """One line with the alarm, the member, its value and the fix."""
    with pytest.raises(InputError, match=problem) as caught:
        checked(read_alarm(type_, members, id="x"))
    assert str(caught.value).startswith("alarm 'x': ")


@pytest.mark.parametrize(
    ("type_", "members", "problem"),
    [
        (LOG_ALARM, {}, "an AWS::CloudWatch::LogAlarm judges the results of log queries"),
        ("AWS::SQS::Queue", {}, "Type: 'AWS::SQS::Queue' is no alarm"),
        (ALARM, {"EvaluationCriteria": {"LogCriteria": {}}}, "EvaluationCriteria.LogCriteria is not evaluated"),
        (
            ALARM,
            {
                "EvaluationCriteria": {"PromQLCriteria": {"Query": "label_replace(up, 'a', 'b', 'c', 'd')"}},
                "EvaluationInterval": 60,
            },
            "label_replace",
        ),
    ],
)
def test_not_supported(type_: str, members: dict[str, Any], problem: str) -> None:
    """What CloudWatch takes and what is not evaluated here is refused by name."""
    with pytest.raises(UnsupportedError, match=problem):
        checked(read_alarm(type_, members, id="x"))


@pytest.mark.parametrize(
    ("tags", "dimensions", "severity", "resource"),
    [
        ({"endpointwatch:severity": "critical", "endpointwatch:endpoint": "ranker"}, {}, "critical", "ranker"),
        ({"Severity": "High", "Service": "shop"}, {"FunctionName": "f"}, "high", "f"),
        ({"PRIORITY": "P2", "Service": "shop"}, {"Colour": "red"}, "p2", "shop"),
        ({"Application": "everything"}, {}, "", "latency"),
        ({"endpointwatch:severity": "info", "severity": "critical"}, {}, "info", "latency"),
        ({}, {"VariantName": "v", "EndpointName": "ranker"}, "", "ranker"),
        ({}, {"Colour": "red"}, "", "latency"),
    ],
)
def test_labels(tags: dict[str, str], dimensions: dict[str, str], severity: str, resource: str) -> None:
    """Severity and resource come from tags, ours first, then common ones; the resource also from dimensions, else the name."""
    members = LATENCY | {
        "AlarmName": "latency",
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }
    found = read_alarm(ALARM, members, id="x")
    assert (severity_of(found), resource_of(found)) == (severity, resource)


@pytest.mark.parametrize(
    ("actions", "severity"),
    [
        (["arn:aws:sns:us-east-1:123456789012:pages-critical"], "critical"),
        (["${RoutingWarning}", "${AlertsInfo}"], "warning"),
        (["arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:TeamINFOTopic"], "info"),
        (["arn:aws:sns:us-east-1:123456789012:non-critical"], ""),
        (["arn:aws:sns:us-east-1:123456789012:information"], ""),
        (["arn:aws:lambda:us-east-1:123456789012:function:critical"], ""),
    ],
)
def test_severity_of_topics(actions: list[str], severity: str) -> None:
    """An alarm without a tag is as urgent as the most urgent of the topics that say so by a word in their names."""
    assert severity_of(read_alarm(ALARM, LATENCY | {"AlarmActions": actions}, id="x")) == severity
    tagged = LATENCY | {"AlarmActions": actions, "Tags": [{"Key": "severity", "Value": "low"}]}
    assert severity_of(read_alarm(ALARM, tagged, id="x")) == "low"


def test_severities_have_an_order_whatever_they_are_called() -> None:
    """Words and numbers of other houses stand beside ours; one that nobody knows, and none, come last."""
    spoken = ("critical", "P1", "SEV-1", "high", "sev 2", "warning", "P3", "info", "Low", "purple", "")
    assert [urgency(severity) for severity in spoken] == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
