"""Alarms in sentences."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmlab.explain.dead_time import dead_time
from alarmlab.explain.quantities import compared
from alarmlab.explain.units import duration, quantity
from alarmlab.explain.words import Words, words
from alarmlab.model.alarms import Alarm
from tests.unit.alarmlab.explain.alarms import alarm_of, dimensions, metric_alarm, query


def said(alarm: Alarm, *others: Alarm) -> Words:
    """What is said about an alarm beside others."""
    alarms = {one.about.id: one for one in (alarm, *others)}
    return words(alarm, alarms, dead_time(alarm, alarms))


def test_a_latency_alarm_in_words() -> None:
    """Microseconds are shown as milliseconds, and dimensions by what they are."""
    alarm = metric_alarm(
        Dimensions=dimensions(EndpointName="ranker", VariantName="AllTraffic"),
        Tags=[{"Key": "endpointwatch:severity", "Value": "critical"}],
    )
    assert said(alarm) == Words(
        when="Pages (critical) when the p99 of ModelLatency of endpoint ranker, variant AllTraffic, is above 200 ms in "
        "5 minutes in a row. No data counts as fine.",
        timing="Fires at the earliest 5 min after the value turns bad; ends at the earliest 1 min after it is good again.",
        tells="Tells ops of ALARM.",
    )


@pytest.mark.parametrize(
    ("properties", "part"),
    [
        ({"DatapointsToAlarm": 3}, "in 3 of the last 5 minutes."),
        ({"EvaluationPeriods": 1}, "in any one minute."),
        ({"Period": 300, "EvaluationPeriods": 1}, "in any 5 min."),
        ({"Period": 300}, "in 5 periods of 5 min in a row."),
        ({"ComparisonOperator": "LessThanOrEqualToThreshold"}, "is at most 200 ms"),
        ({"TreatMissingData": "breaching"}, "No data counts as a breach."),
        ({"TreatMissingData": "ignore"}, "Without data the state stays as it is."),
        ({"TreatMissingData": "missing"}, "Minutes without data do not count; without any, the state is INSUFF"),
        ({"EvaluateLowSampleCountPercentile": "ignore"}, "A percentile of too few samples changes nothing."),
        (
            {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 60}},
            "A new one waits for its first data, 60 min at",
        ),
        (
            {
                "WarmUpConfiguration": {
                    "WarmUpPeriodDurationInMinutes": 90,
                    "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True,
                }
            },
            "A new one is silent for 1 h 30 min.",
        ),
        ({"EvaluationWindow": {"WallClockWindow": {}}}, "Periods are those of the clock (UTC)"),
        ({"AlarmActions": []}, "Tells nobody when"),
        ({"ActionsEnabled": False}, "Tells nobody when"),
    ],
)
def test_each_setting_has_its_words(properties: dict[str, Any], part: str) -> None:
    """Whatever decides the state is said."""
    assert part in said(metric_alarm(**properties)).when


def test_actions_are_told_by_target_and_state() -> None:
    """Topics by their names, made-up ones too; an alarm without any says so."""
    alarm = metric_alarm(OKActions=["arn:aws:sns:us-east-1:111122223333:ops"], InsufficientDataActions=["${Ops}"])
    assert said(alarm).tells == "Tells ops of ALARM and OK, Ops of INSUFFICIENT_DATA."
    assert said(metric_alarm(AlarmActions=[])).tells == "Has no actions."
    assert said(metric_alarm(ActionsEnabled=False)).tells == "Its actions are disabled."


FAILED = query("failed", "AWS/SageMaker InvocationModelErrors", EndpointName="ranker")
ALL = query("requests", "AWS/SageMaker Invocations", EndpointName="ranker")
GPU = query("gpu", "/aws/sagemaker/Endpoints GPUUtilization", "Average", EndpointName="ranker")
LATENCY = query("latency", "AWS/SageMaker ModelLatency", "Average", EndpointName="ranker")


@pytest.mark.parametrize(
    ("expression", "metrics", "explained", "unit"),
    [
        (
            "failed / requests",
            [FAILED, ALL],
            "the number of InvocationModelErrors, as a share of the number of Invocations",
            "share",
        ),
        (
            "IF(failed >= 5, failed / requests, 0)",
            [FAILED, ALL],
            "the number of InvocationModelErrors, as a share of the number of Invocations (0 % while the former is below 5)",
            "share",
        ),
        (
            "100 * (failed / requests)",
            [FAILED, ALL],
            "100 x the number of InvocationModelErrors, as a share of the number of Invocations",
            "",
        ),
        ("gpu / 4", [GPU], "the average GPUUtilization / 4", "percent"),
        ("latency / 1000", [LATENCY], "the average ModelLatency / 1,000", "milliseconds"),
        (
            "IF(requests > 0, gpu, 100)",
            [GPU, ALL],
            "the average GPUUtilization while the number of Invocations is above 0 (otherwise 100 %)",
            "percent",
        ),
        (
            "IF(failed > requests, failed, requests)",
            [FAILED, ALL],
            "the larger of the number of InvocationModelErrors and the number of Invocations",
            "count",
        ),
        ("FILL(requests, 0)", [ALL], "the number of Invocations (0 where there is none)", "count"),
        (
            "SUM([failed, requests])",
            [FAILED, ALL],
            "the sum of the number of InvocationModelErrors and the number of Invocations",
            "count",
        ),
        ("RUNNING_SUM(failed)", [FAILED], "`RUNNING_SUM(failed)` with failed: the number of InvocationModelErrors", ""),
    ],
)
def test_expressions_are_explained_where_the_form_is_known(
    expression: str, metrics: list[dict[str, Any]], explained: str, unit: str
) -> None:
    """The unit follows from the tree; an unknown form is quoted with its metrics."""
    found = compared(metric_alarm(Metrics=[{"Id": "value", "Expression": expression, "Label": "it"}, *metrics]))
    assert found.words == f'"it" of endpoint ranker, that is {explained},'
    assert found.unit == unit


def test_the_same_metric_of_many_is_counted_not_listed() -> None:
    """Six queues are six queues."""
    metrics = [query(f"q{n}", "AWS/SQS ApproximateAgeOfOldestMessage", "Maximum", QueueName=f"n{n}") for n in range(6)]
    alarm = metric_alarm(Metrics=[{"Id": "e", "Expression": "MAX([q0, q1, q2, q3, q4, q5])"}, *metrics], Threshold=900)
    assert said(alarm).when.startswith(
        "Pages when an expression, that is the largest of the highest ApproximateAgeOfOldestMessage of 6 queues, is above 15 min"
    )


def test_a_band_a_query_and_promql_in_words() -> None:
    """The other kinds of alarms say what they compare with, too."""
    band = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(latency, 3)"}
    alarm = metric_alarm(
        Metrics=[band, {**LATENCY, "ReturnData": True}],
        ThresholdMetricId="band",
        ComparisonOperator="GreaterThanUpperThreshold",
    )
    assert "is above the band that CloudWatch learns from the past (3 standard deviations" in said(alarm).when
    sql = "SELECT AVG(GPUUtilization) FROM \"/aws/sagemaker/Endpoints\" WHERE VariantName = 'a' GROUP BY EndpointName"
    alarm = metric_alarm(Metrics=[{"Id": "q", "Expression": sql, "Period": 60}], Threshold=90)
    assert (
        "when the average GPUUtilization in /aws/sagemaker/Endpoints of any one EndpointName where VariantName is a is "
        "above 90 in 5 minutes in a row." in said(alarm).when
    )
    criteria = {"PromQLCriteria": {"Query": "up == 0", "PendingPeriod": 120, "RecoveryPeriod": 300}}
    promql = alarm_of({"EvaluationCriteria": criteria, "EvaluationInterval": 60})
    assert "when `up == 0` returns a series for 2 min, until it has been gone for 5 min." in said(promql).when
    # The first sample after a minute, the pending period from then on.
    assert said(promql).timing.startswith("Fires at the earliest 3 min after")


def test_a_composite_alarm_in_words() -> None:
    """The rule with the names of alarms, and what holds its actions back."""
    rule = "ALARM(A) AND (NOT ALARM(B) OR AT_LEAST(2, OK, (A, B, C)))"
    alarm = alarm_of(
        {
            "AlarmRule": rule,
            "ActionsSuppressor": "C",
            "ActionsSuppressorWaitPeriod": 120,
            "ActionsSuppressorExtensionPeriod": 180,
        }
    )
    children = [alarm_of({"AlarmName": f"the {id}", **SINGLE}, id=id) for id in "ABC"]
    spoken = said(alarm, *children)
    assert spoken.when == (
        "Pages when the A is in ALARM and (the B is not in ALARM or at least 2 of the A, the B, the C are in OK). Held back "
        "while the C is in ALARM: it waits 2 min for that, and stays silent for 3 min after it."
    )
    assert spoken.timing.endswith("; its actions wait 2 min longer for the suppressor.")


SINGLE = {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Statistic": "Maximum", "Period": 60}


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (200_000, "microseconds", "200 ms"),
        (500, "microseconds", "0.5 ms"),
        (2_500_000, "microseconds", "2.5 s"),
        (900, "seconds", "15 min"),
        (0.0144, "share", "1.44 %"),
        (90, "percent", "90 %"),
        (1_500_000_000, "bytes", "1.5 GB"),
        (1000, "count", "1,000"),
        (0.25, "", "0.25"),
        (0, "microseconds", "0 s"),
    ],
)
def test_numbers_as_people_read_them(value: float, unit: str, shown: str) -> None:
    """The unit is the largest that leaves a number one can say."""
    assert quantity(value, unit) == shown


SIZES = {"s": 1, "min": 60, "h": 3600, "days": 86_400}


@given(st.integers(0, 3_000_000))
def test_durations_say_how_long_to_the_second(seconds: int) -> None:
    """Read back, a duration is what it was."""
    numbers = duration(seconds).replace(",", "").split()
    assert sum(int(count) * SIZES[unit] for count, unit in zip(numbers[::2], numbers[1::2], strict=True)) == seconds
