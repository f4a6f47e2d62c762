"""The sandbox's live alarms and alarmlab's simulation, on the same metrics."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ministack.services import cloudwatch as ministack_cloudwatch

from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.run import Run
from alarmlab.engine.simulate import simulate
from alarmlab.model.metrics import MetricId
from alarmlab.model.mute import MUTE_RULE, read_mute_rule
from alarmlab.model.read import ALARM, COMPOSITE_ALARM, read_alarm
from tests.unit.sandbox_cloudwatch.conftest import T0, Account

TOPIC = "arn:aws:sns:us-east-1:000000000000:topic"
ACTIONS = {"AlarmActions": [TOPIC], "OKActions": [TOPIC]}
SINGLE = ("Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Period")
Samples = Sequence[Sequence[int]]
"""Of each step."""

relaxed = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def steps(length: int) -> st.SearchStrategy[Samples]:
    """A few samples in most steps, none in others."""
    return st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=length, max_size=length)


@st.composite
def metric_alarms(draw: st.DrawFn) -> tuple[int, dict[str, Any]]:
    """The seconds of a step, and metric alarms of many kinds on the metrics `a` and `b`."""
    periods = draw(st.integers(1, 4))
    period = draw(st.sampled_from([10, 30, 60, 120, 300]))
    step = 10 if period < 60 else 60
    low_samples = {}
    alarm: dict[str, Any] = {
        "AlarmName": "metric",
        "Namespace": "N",
        "MetricName": "a",
        "Period": period,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": draw(st.integers(1, periods)),
        "Threshold": float(draw(st.integers(0, 9))),
        "ComparisonOperator": draw(st.sampled_from(["GreaterThanThreshold", "LessThanOrEqualToThreshold"])),
        "TreatMissingData": draw(st.sampled_from(["missing", "ignore", "breaching", "notBreaching"])),
        **ACTIONS,
    }
    if draw(st.booleans()):
        minutes = draw(st.integers(1, 20))
        alarm["WarmUpConfiguration"] = {
            "WarmUpPeriodDurationInMinutes": minutes,
            "OnlyStartEvaluatingAfterWarmUpPeriodEnds": draw(st.booleans()),
        }
    kind = draw(st.sampled_from(["Sum", "Average", "SampleCount", "p50", "tm80", "math", "wall clock"]))
    if kind == "math":
        alarm = {name: value for name, value in alarm.items() if name not in SINGLE}
        queries = [
            {
                "Id": name,
                "MetricStat": {"Metric": {"Namespace": "N", "MetricName": name}, "Period": period, "Stat": "Sum"},
                "ReturnData": False,
            }
            for name in ("a", "b")
        ]
        text = draw(st.sampled_from(["a / b", "IF(b > 2, a, 0)", "FILL(a, 0) + b", "RUNNING_SUM(b) / 2", "DIFF(a)"]))
        return step, alarm | {"Metrics": [*queries, {"Id": "e", "Expression": text}]}
    if kind == "wall clock":
        return step, alarm | {"Period": 300, "Statistic": "Sum", "EvaluationWindow": {"WallClockWindow": {}}}
    if kind in ("p50", "tm80"):
        low_samples = {"EvaluateLowSampleCountPercentile": draw(st.sampled_from(["evaluate", "ignore"]))}
    return step, alarm | low_samples | {"ExtendedStatistic" if low_samples else "Statistic": kind}


def fresh(account: Account, published: Mapping[str, Samples], step: int) -> Recording:
    """An account at T0 in which only these metrics were published, and the same as a recording."""
    account.overlay.store.clear()
    account.overlay.book.clear()
    ministack_cloudwatch.reset()
    account.acted.clear()
    account.at(0)
    series = {}
    for name, samples in published.items():
        for index, values in enumerate(samples):
            for place, value in enumerate(values):
                account.put(name, value, index * step + 3 * place)
        padded = np.full((len(samples), 3), np.nan)
        for index, values in enumerate(samples):
            padded[index, : len(values)] = values
        series[MetricId("N", name)] = SampleSeries(T0, step, padded)
    return Recording(series)


def changes(run: Run, name: str) -> list[tuple[int, str]]:
    """When an alarm went into which state, in seconds after T0."""
    line = run.timelines[name]
    return [(at - T0, str(state)) for at, state in zip(line.at, line.to, strict=True)]


@relaxed
@given(metric_alarms(), steps(40), steps(40))
def test_metric_alarms_change_at_the_same_moments(
    account: Account, stepped: tuple[int, dict[str, Any]], a: Samples, b: Samples
) -> None:
    """Whatever the alarm and its metrics, with their gaps: the same states at the same seconds."""
    step, alarm = stepped
    end = 45 * step
    recording = fresh(account, {"a": a, "b": b}, step)
    account.call("PutMetricAlarm", **alarm)
    account.walk(0, end)
    run = simulate([read_alarm(ALARM, alarm, id="metric")], recording, start=T0, end=T0 + end)
    assert [(at, state) for at, _, state, _ in account.acted] == changes(run, "metric")


def on(name: str, **members: Any) -> dict[str, Any]:
    """A plain alarm on the metric of its name."""
    return {
        "AlarmName": name,
        "Namespace": "N",
        "MetricName": name,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 4.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    } | members


@relaxed
@given(steps(25), steps(25), st.integers(1, 200), st.integers(1, 200))
def test_suppressed_actions_run_at_the_same_moments(
    account: Account, a: Samples, b: Samples, wait: int, extension: int
) -> None:
    """A composite alarm with a suppressor: the same states, and actions that run at the same seconds."""
    composite = {
        "AlarmName": "service",
        "AlarmRule": "ALARM(a)",
        "ActionsSuppressor": "b",
        "ActionsSuppressorWaitPeriod": wait,
        "ActionsSuppressorExtensionPeriod": extension,
        **ACTIONS,
    }
    end = 30 * 60
    recording = fresh(account, {"a": a, "b": b}, 60)
    alarms = [read_alarm(ALARM, on(name), id=name) for name in ("a", "b")]
    alarms.append(read_alarm(COMPOSITE_ALARM, composite, id="service"))
    for name in ("a", "b"):
        account.call("PutMetricAlarm", **on(name))
    account.call("PutCompositeAlarm", **composite)
    account.walk(0, end)
    run = simulate(alarms, recording, start=T0, end=T0 + end)
    ran = [(item.at - T0, str(item.state)) for item in run.told if not item.held_back_by]
    assert [(at, state) for at, _, state, actions in account.acted if actions] == ran


@relaxed
@given(steps(25), st.integers(0, 15), st.integers(1, 15))
def test_muted_actions_run_for_the_same_changes(account: Account, a: Samples, begin: int, minutes: int) -> None:
    """A mute rule holds back the same actions, and lets the same ones run when it ends."""
    alarm = on("a", **ACTIONS)
    at = datetime.fromtimestamp(T0 + 60 * begin, UTC)
    schedule = {"Expression": f"at({at:%Y-%m-%dT%H:%M})", "Duration": f"PT{minutes}M"}
    rule = {"Name": MUTE_RULE, "Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["a"]}}
    end = 35 * 60
    recording = fresh(account, {"a": a}, 60)
    account.call("PutMetricAlarm", **alarm)
    account.call("PutAlarmMuteRule", **rule)
    account.walk(0, end)
    run = simulate(
        [read_alarm(ALARM, alarm, id="a")],
        recording,
        start=T0,
        end=T0 + end,
        mute_rules=[read_mute_rule(rule, id="rule")],
    )
    ran = [(item.changed_at - T0, str(item.state)) for item in run.told if not item.held_back_by]
    assert [(changed, state) for changed, _, state, actions in account.acted if actions] == ran
