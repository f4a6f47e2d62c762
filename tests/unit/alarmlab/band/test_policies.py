"""Policies are alarms that CloudWatch takes, and they tell what is unusual and nothing else."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from alarmlab import policies
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.simulate import simulate
from alarmlab.engine.window import Floats
from alarmlab.model.metrics import MetricId
from alarmlab.model.read import read_alarm
from alarmlab.model.states import State

METRIC = MetricId("AWS/SageMaker", "ModelLatency", (("EndpointName", "ranker"),))
WATCHED = policies.Watched(metric=METRIC, actions=("arn:aws:sns:eu-west-1:111122223333:pages",), tags={"team": "ml"})
DAY = 86_400
START = 1_767_225_600
DAYS = 12
STEP = 900
A_DAY = DAY // STEP
SPLIT = 9 * A_DAY
"""From here on something happens."""


def wave(noise: float = 2.0) -> Floats:
    """Quiet nights, busy noons, and a little noise."""
    rows = np.arange(DAYS * A_DAY)
    return 100 - 50 * np.cos(2 * np.pi * rows / A_DAY) + np.random.default_rng(7).normal(0, noise, len(rows))


def fired(values: Floats, resources: Mapping[str, Any], *, extra: int | None = None) -> dict[str, list[float]]:
    """By alarm, the rows after whose end it went into ALARM."""
    alarms = [read_alarm(each["Type"], each["Properties"], id=id) for id, each in resources.items()]
    source = Recording({METRIC: SampleSeries.of_values(START, STEP, values)})
    ranges = None if extra is None else A_DAY + extra
    run = simulate(alarms, source, start=START, end=START + DAYS * DAY, evaluation_range=ranges)
    return {
        id: [(at - START) / STEP for at, to in zip(line.at, line.to, strict=True) if to is State.ALARM]
        for id, line in run.timelines.items()
    }


def unlike(values: Floats, *, side: policies.Side = "either", extra: int | None = None) -> dict[str, list[float]]:
    """The same of the policy for unknown metrics."""
    return fired(values, policies.unlike_before("X", WATCHED, step=STEP, side=side), extra=extra)


def test_a_pattern_tells_nothing() -> None:
    """Days that are alike, with noise, never fire, nor does a metric that never changes."""
    assert unlike(wave()) == {"XUnlikeTheWeek": [], "XUnlikeTheDay": []}
    assert unlike(np.full(DAYS * A_DAY, 3.0)) == {"XUnlikeTheWeek": [], "XUnlikeTheDay": []}


def test_a_burst_is_told_within_minutes() -> None:
    """One value far beyond the day before fires at the end of its period, and the alarm ends with it."""
    values = wave()
    values[SPLIT + 50] = 400
    assert unlike(values)["XUnlikeTheDay"] == [SPLIT + 51]


def test_a_value_at_the_wrong_time_of_day_is_told_within_two_hours() -> None:
    """A night as busy as noon lies inside of what the day has seen: only the week's alarm knows better."""
    values = wave()
    values[SPLIT : SPLIT + 12] = 145
    found = unlike(values)
    assert found["XUnlikeTheDay"] == []
    assert SPLIT < found["XUnlikeTheWeek"][0] <= SPLIT + 8


def test_a_fall_is_told_as_a_rise_is() -> None:
    """A noon as quiet as the night."""
    values = wave()
    values[SPLIT + 43 : SPLIT + 55] = 55
    assert SPLIT + 43 < unlike(values)["XUnlikeTheWeek"][0] <= SPLIT + 51


@pytest.mark.parametrize(
    ("side", "rises", "falls"), [("either", True, True), ("above", True, False), ("below", False, True)]
)
def test_only_the_bad_side_is_told(side: policies.Side, rises: bool, falls: bool) -> None:
    """A latency that falls, or a success rate that rises, wakes nobody."""
    up, down = wave(), wave()
    up[SPLIT + 50], down[SPLIT + 50] = 400, -300
    assert bool(unlike(up, side=side)["XUnlikeTheDay"]) is rises
    assert bool(unlike(down, side=side)["XUnlikeTheDay"]) is falls


def test_missing_values_are_not_zeros() -> None:
    """A metric that pauses tells nothing, at its pause and after it."""
    values = wave()
    values[SPLIT : SPLIT + 20] = np.nan
    values[::7] = np.nan
    assert unlike(values) == {"XUnlikeTheWeek": [], "XUnlikeTheDay": []}


def test_a_flat_day_is_no_measure() -> None:
    """The first error after a day without any does not fire the day's alarm; the week's knows it as new."""
    values = np.zeros(DAYS * A_DAY)
    values[SPLIT + 5] = 1
    found = unlike(values)
    assert found["XUnlikeTheDay"] == []
    assert len(found["XUnlikeTheWeek"]) == 1


def test_the_unknown_evaluation_range_does_not_matter() -> None:
    """CloudWatch looks at more than N periods and does not say at how many: ten more change nothing that is told."""
    values = wave()
    values[SPLIT + 50] = 400
    assert unlike(values, extra=0)["XUnlikeTheDay"] == unlike(values, extra=10)["XUnlikeTheDay"] == [SPLIT + 51]


@pytest.mark.parametrize("step", [60, 300, 1800, 3600, 7200])
def test_alarms_stay_within_the_limits(step: int) -> None:
    """At most 10 expressions of 2048 characters; a day in all for periods under an hour, a week for others."""
    resources = policies.unlike_before("X", WATCHED, step=step)
    assert len(resources) == (2 if step < 3600 else 1)
    for resource in resources.values():
        properties = resource["Properties"]
        expressions = [query["Expression"] for query in properties["Metrics"] if "Expression" in query]
        period = properties["Metrics"][0]["MetricStat"]["Period"]
        assert len(expressions) <= 10
        assert max(map(len, expressions)) <= 2048
        assert period % 60 == 0
        assert period * properties["EvaluationPeriods"] <= (DAY if period < 3600 else 7 * DAY)
        assert sum(query["ReturnData"] for query in properties["Metrics"]) == 1
        assert (properties["AlarmActions"], properties["Tags"]) == (
            list(WATCHED.actions),
            [{"Key": "team", "Value": "ml"}],
        )


def test_a_threshold_and_a_band_are_alarms() -> None:
    """Both are read as what they say; a percentile is an ExtendedStatistic."""
    watched = policies.Watched(metric=METRIC, stat="p99")
    limit = policies.threshold(watched, comparison="GreaterThanThreshold", limit=250, period=STEP)
    band = policies.band(watched, width=3, period=STEP, side="above", datapoints=2, periods=3)
    assert limit["ExtendedStatistic"] == "p99"
    resources = {id: {"Type": "AWS::CloudWatch::Alarm", "Properties": each} for id, each in (("L", limit), ("B", band))}
    values = np.random.default_rng(3).normal(100, 2, DAYS * A_DAY)
    values[SPLIT : SPLIT + 5] = 300
    found = fired(values, resources)
    assert found["L"] == [SPLIT + 3]
    assert found["B"] == [SPLIT + 2]
