"""Alarms of all kinds over a stretch of time, from metrics to pages."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from alarmlab.assembly import read_resources
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.run import Run
from alarmlab.engine.simulate import simulate
from alarmlab.errors import InputError
from alarmlab.model.metrics import MetricId
from alarmlab.model.states import State

OK, ALARM, UNKNOWN = State.OK, State.ALARM, State.INSUFFICIENT_DATA
MINUTE = 60


def metric_alarm(metric: str, **properties: Any) -> dict[str, Any]:
    """An alarm on values over 1, one period of a minute."""
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": "Test",
            "MetricName": metric,
            "Statistic": "Maximum",
            "Period": MINUTE,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "AlarmActions": ["page"],
            **properties,
        },
    }


def composite(rule: str, **properties: Any) -> dict[str, Any]:
    """A composite alarm that pages."""
    return {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Properties": {"AlarmRule": rule, "AlarmActions": ["page"], **properties},
    }


def run(resources: Mapping[str, Any], minutes: int = 30, initial: State = OK, **values: list[float]) -> Run:
    """The alarms over metrics by their names, one value a minute."""
    assembly = read_resources(resources)
    assert not assembly.refused
    series = {
        MetricId("Test", name): SampleSeries.of_values(0, MINUTE, np.array(found, dtype=float))
        for name, found in values.items()
    }
    return simulate(
        assembly.alarms,
        Recording(series),
        start=0,
        end=minutes * MINUTE,
        initial=initial,
        mute_rules=assembly.mute_rules,
    )


def changes(found: Run, id: str) -> list[tuple[int, State]]:
    """The minutes of an alarm's changes, and where they lead."""
    return [(at // MINUTE, to) for at, to in zip(found.timelines[id].at, found.timelines[id].to, strict=True)]


def pages(found: Run) -> list[tuple[float, str]]:
    """The minute and the alarm of each page."""
    return [(item.at / MINUTE, item.alarm) for item in found.told if item.state is ALARM and not item.held_back_by]


def test_value_is_judged_when_its_period_ends() -> None:
    """The value of the minute that begins at 3 min is seen at 4 min, that of the next one at 5 min."""
    found = run({"A": metric_alarm("x")}, x=[0, 0, 0, 5, 0, 0, *[0] * 30])
    assert changes(found, "A") == [(4, ALARM), (5, OK)]
    assert pages(found) == [(4, "A")]
    assert found.timelines["A"].state(4 * MINUTE - 1) is OK
    assert found.timelines["A"].state(4 * MINUTE) is ALARM


def test_actions_of_every_state() -> None:
    """Transitions into OK and INSUFFICIENT_DATA run their own actions."""
    alarm = metric_alarm("x", OKActions=["relief"], InsufficientDataActions=["silence"])
    found = run({"A": alarm}, x=[0, 5, 0])
    assert [(item.at // MINUTE, item.state, item.targets) for item in found.told] == [
        (2, ALARM, ("page",)),
        (3, OK, ("relief",)),
        (6, UNKNOWN, ("silence",)),
    ]


def test_disabled_actions_do_not_run() -> None:
    """With ActionsEnabled false the state changes, and what would have run is told as disabled."""
    found = run({"A": metric_alarm("x", ActionsEnabled="false")}, x=[0, 5, *[0] * 30])
    assert changes(found, "A") == [(2, ALARM), (3, OK)]
    assert [(item.at, item.held_back_by) for item in found.told] == [(120, "disabled")]


def test_a_new_alarm_knows_nothing() -> None:
    """By default alarms are new at the start: INSUFFICIENT_DATA until the first evaluation."""
    found = run({"A": metric_alarm("x")}, initial=UNKNOWN, x=[0] * 30)
    assert found.timelines["A"].state(0) is UNKNOWN
    assert changes(found, "A") == [(1, OK)]


def test_composites_of_composites() -> None:
    """A diamond: two composite alarms over one child and a third over them, all changing in the second of the child."""
    found = run(
        {
            "Top": composite("ALARM(Left) AND ALARM(Right)"),
            "Left": composite("ALARM(A) OR ALARM(B)"),
            "Right": composite("ALARM(A) AND NOT ALARM(B)"),
            "A": metric_alarm("x"),
            "B": metric_alarm("y"),
        },
        x=[0, 5, 5, 5, 5, *[0] * 30],
        y=[0, 0, 0, 5, 5, *[0] * 30],
    )
    assert changes(found, "Left") == [(2, ALARM), (6, OK)]
    assert changes(found, "Right") == [(2, ALARM), (4, OK)]
    assert changes(found, "Top") == [(2, ALARM), (4, OK)]


SUPPRESSED = {
    "C": composite(
        "ALARM(A)",
        OKActions=["relief"],
        ActionsSuppressor="S",
        ActionsSuppressorWaitPeriod=120,
        ActionsSuppressorExtensionPeriod=180,
    ),
    "A": metric_alarm("x", AlarmActions=[]),
    "S": metric_alarm("s", AlarmActions=[]),
}


@pytest.mark.parametrize(
    ("x", "s", "told"),
    [
        ([0, 5, 5, 5, 5, 5, 5, 5, 5, 5], [0] * 10, [(4, ALARM)]),
        ([0, 5, 5, 5, 5, 5, 5, 5, 5, 5], [0, 0, 5, 5, 5, 5, 5, 5, 5, 5], []),
        ([0, 5, 0, 0, 0, 0, 0, 0, 0, 0], [0] * 10, [(5, OK)]),
        ([0, 5, 5, 5, 5, 5, 5, 5, 5, 5], [5] * 10, []),
        ([0, 5, 5, 5, 5, 5, 5, 5, 5, 5], [0, 0, 5, 5, 5, 0, 0, 0, 0, 0], [(9, ALARM)]),
        ([0, 5, 5, 5, 5, 5, 0, 0, 0, 0], [0, 0, 5, 5, 5, 0, 0, 0, 0, 0], [(9, OK)]),
    ],
)
def test_suppressor_vectors(x: list[float], s: list[float], told: list[tuple[int, State]]) -> None:
    """CloudWatch's six examples with minutes for their units, from the metrics on."""
    found = run(SUPPRESSED, minutes=10, x=x, s=s)
    assert [(item.at / MINUTE, item.state) for item in found.told if not item.held_back_by] == told


def test_a_child_that_is_also_the_suppressor() -> None:
    """While the suppressing child is in ALARM nothing is told; of the other child it is."""
    resources = SUPPRESSED | {
        "C": composite(
            "ALARM(A) OR ALARM(S)",
            ActionsSuppressor="S",
            ActionsSuppressorWaitPeriod=0,
            ActionsSuppressorExtensionPeriod=0,
        )
    }
    assert pages(run(resources, x=[0] * 40, s=[0, 5, 5, *[0] * 40])) == []
    assert pages(run(resources, x=[0, 0, 5, 5, *[0] * 40], s=[0] * 40)) == [(3, "C")]


def test_one_initial_state_for_all_leaves_rules_true() -> None:
    """Composite alarms begin with what their rules make of the children's initial state, and tell nobody of it."""
    found = run({"A": metric_alarm("x"), "C": composite("OK(A)")}, x=[0] * 30)
    assert found.timelines["C"].initial is ALARM
    assert found.told == ()


def test_new_composite_acts_at_once() -> None:
    """A composite alarm that is new leaves INSUFFICIENT_DATA at the start and runs that state's actions."""
    found = run({"A": metric_alarm("x"), "C": composite("NOT ALARM(A)")}, initial=UNKNOWN, x=[0] * 30)
    assert pages(found) == [(0, "C")]


def test_mute_rule_on_a_composite() -> None:
    """A rule mutes the alarm that it names and no other."""
    rule = {
        "Type": "AWS::CloudWatch::AlarmMuteRule",
        "Properties": {
            "Rule": {"Schedule": {"Expression": "at(1970-01-01T00:00)", "Duration": "PT10M"}},
            "MuteTargets": {"AlarmNames": ["C"]},
        },
    }
    resources = {"A": metric_alarm("x"), "C": composite("ALARM(A)"), "R": rule}
    assert pages(run(resources, x=[0, *[5] * 40])) == [(2, "A"), (10, "C")]


@pytest.mark.parametrize(("period", "n", "first"), [(10, 1, 10), (60, 1, 60), (300, 2, 60), (3600, 25, 3600)])
def test_when_alarms_are_evaluated(period: int, n: int, first: int) -> None:
    """Every 10 s below a minute, every minute else whatever the period, every hour when the alarm spans over a day."""
    alarm = metric_alarm("x", Period=period, EvaluationPeriods=n, TreatMissingData="breaching")
    assert run({"A": alarm}, minutes=120, x=[]).timelines["A"].at == (first,)


def test_evaluation_range_is_a_parameter() -> None:
    """With a longer range an old datapoint still decides where CloudWatch's default no longer sees it."""
    assembly = read_resources({"A": metric_alarm("x")})
    series = {MetricId("Test", "x"): SampleSeries.of_values(0, MINUTE, np.array([0.0]))}

    def ends(evaluation_range: int | None) -> tuple[int, ...]:
        found = simulate(
            assembly.alarms, Recording(series), start=0, end=1800, initial=OK, evaluation_range=evaluation_range
        )
        return found.timelines["A"].at

    assert ends(None) == (4 * MINUTE,)
    assert ends(1) == (2 * MINUTE,)
    assert ends(10) == (11 * MINUTE,)


def test_promql_alarms_begin_ok() -> None:
    """A new alarm on PromQL is OK, not INSUFFICIENT_DATA."""
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "EvaluationCriteria": {"PromQLCriteria": {"Query": "up == 0", "PendingPeriod": 120}},
            "EvaluationInterval": 60,
            "AlarmActions": ["page"],
        },
    }
    assembly = read_resources({"P": alarm})
    series = {MetricId("", "up"): SampleSeries.of_values(0, MINUTE, np.array([1.0, 0, 0, 0, 0, 1, 1]))}
    found = simulate(assembly.alarms, Recording(series), start=0, end=600)
    assert found.timelines["P"].initial is OK
    assert found.timelines["P"].to == (ALARM, OK)


def test_promql_alarms_recover_from_the_state_they_begin_in() -> None:
    """One that begins in ALARM leaves it when nothing was returned for its recovery period."""
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "EvaluationCriteria": {"PromQLCriteria": {"Query": "up == 0", "RecoveryPeriod": 180}},
            "EvaluationInterval": 60,
        },
    }
    assembly = read_resources({"P": alarm})
    series = {MetricId("", "up"): SampleSeries.of_values(0, MINUTE, np.ones(20))}
    found = simulate(assembly.alarms, Recording(series), start=0, end=600, initial=ALARM)
    assert changes(found, "P") == [(4, OK)]


def test_children_must_be_there() -> None:
    """Composite alarms are simulated with all that they look at."""
    assembly = read_resources({"A": metric_alarm("x"), "C": composite("ALARM(A)")})
    with pytest.raises(InputError, match="alarm 'C': it looks at 'A', which is not there"):
        simulate([assembly.find("C")], Recording({}), start=0, end=60)
