"""What is suspicious about alarms."""

from typing import Any

import pytest

from alarmlab.assembly import read_assembly
from alarmlab.explain.findings import findings
from tests.conftest import assembly
from tests.unit.alarmlab.explain.alarms import alarm_of, metric_alarm, query

ERRORS = {"metric": "AWS/SageMaker Invocation5XXErrors", "Statistic": "Sum", "Threshold": 5}
GPU = {"metric": "/aws/sagemaker/Endpoints GPUUtilization", "Statistic": "Average", "Threshold": 90}
REQUESTS = {"metric": "AWS/SageMaker Invocations", "Statistic": "Sum", "Threshold": 1}
MEMORY = {"metric": "/aws/sagemaker/Endpoints MemoryUtilization", "Statistic": "Maximum"}
DOWN = {"ComparisonOperator": "LessThanThreshold"}


def rules(**properties: Any) -> list[str]:
    """The names of what is found in an alarm."""
    alarm = metric_alarm(**properties)
    return [finding.rule for finding in findings(alarm, {alarm.about.id: alarm})]


@pytest.mark.parametrize(
    ("rule", "wrong", "right"),
    [
        ("no-actions", {"AlarmActions": []}, {}),
        ("no-actions", {"ActionsEnabled": False}, {}),
        ("missing-breaches", {**ERRORS, "TreatMissingData": "breaching"}, ERRORS),
        ("silence-unseen", {**REQUESTS, **DOWN}, {**REQUESTS, **DOWN, "TreatMissingData": "breaching"}),
        ("silence-unseen", {**REQUESTS, **DOWN}, {**REQUESTS, **DOWN, "InsufficientDataActions": ["a"]}),
        (
            "ok-after-silence",
            {**ERRORS, "TreatMissingData": "missing", "OKActions": ["a"], "DatapointsToAlarm": 1},
            {**ERRORS, "OKActions": ["a"]},
        ),
        ("one-then-silence", {**ERRORS, "TreatMissingData": "missing"}, ERRORS),
        ("few-samples", {"DatapointsToAlarm": 1}, {}),
        (
            "few-samples",
            {"DatapointsToAlarm": 2},
            {"DatapointsToAlarm": 2, "EvaluateLowSampleCountPercentile": "ignore"},
        ),
        ("one-datapoint", {**MEMORY, "Threshold": 90, "EvaluationPeriods": 1}, {**MEMORY, "Threshold": 90}),
        ("microseconds", {"Threshold": 500}, {"Threshold": 500_000}),
        ("adds-up", GPU, {**GPU, **DOWN}),
        ("gaps", {"Period": 10, "DatapointsToAlarm": 5}, {}),
        ("never", {**MEMORY, "Threshold": 100}, {**MEMORY, "Threshold": 95}),
        ("never", {**REQUESTS, **DOWN, "Threshold": 0, "TreatMissingData": "breaching"}, REQUESTS),
        (
            "never",
            {**ERRORS, "Statistic": "Average", "Threshold": 1},
            {**ERRORS, "Statistic": "Average", "Threshold": 0.05},
        ),
        ("always", {**ERRORS, "Threshold": 0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}, ERRORS),
    ],
)
def test_each_rule_finds_the_mistake_and_not_its_fix(rule: str, wrong: dict[str, Any], right: dict[str, Any]) -> None:
    """The wrong alarm has that finding alone; mended, it has none."""
    assert rules(**wrong) == [rule]
    assert rules(**right) == []


def test_the_fix_of_a_sum_over_devices_is_clean() -> None:
    """Divided by the number of GPUs, the percentage is one."""
    metric = query("raw", "/aws/sagemaker/Endpoints GPUUtilization", "Average")
    assert rules(Metrics=[{"Id": "e", "Expression": "raw / 4"}, metric], Threshold=90) == []


def test_a_query_with_groups_needs_an_order() -> None:
    """AWS asks for both clauses in alarms on several series."""
    sql = "SELECT MAX(Busy) FROM App GROUP BY Host"
    assert rules(Metrics=[{"Id": "q", "Expression": sql, "Period": 60}]) == ["unordered"]
    assert rules(Metrics=[{"Id": "q", "Expression": f"{sql} ORDER BY MAX() DESC", "Period": 60}]) == []


def test_what_another_alarm_looks_at_needs_no_actions() -> None:
    """A child of a composite alarm, and a suppressor, tell nobody themselves."""
    child = alarm_of(
        {"Namespace": "A", "MetricName": "B", "Statistic": "Sum", "Period": 60, "AlarmActions": []}, id="A"
    )
    parent = alarm_of({"AlarmRule": "ALARM(A)"}, id="P")
    assert findings(child, {"A": child, "P": parent}) == ()


def test_a_rule_of_no_alarm_is_found() -> None:
    """A constant never changes its state."""
    alarm = alarm_of({"AlarmRule": "FALSE"})
    assert [finding.rule for finding in findings(alarm, {})] == ["constant-rule"]


def test_our_own_alarms_are_clean() -> None:
    """No alarm of this app has a finding."""
    ours = read_assembly(assembly("prod"))
    found = {alarm.about.name: findings(alarm, ours.by_id) for alarm in ours.alarms}
    assert len(found) > 10
    assert not {name: rules for name, rules in found.items() if rules}
