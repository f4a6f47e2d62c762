"""How soon alarms fire, and end."""

from typing import Any

import numpy as np
import pytest

from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.simulate import simulate
from alarmlab.explain.dead_time import DeadTime, dead_time
from alarmlab.model.alarms import Alarm, MetricAlarm
from alarmlab.model.states import State
from tests.unit.alarmlab.explain.alarms import alarm_of, metric_alarm


def soonest(alarm: Alarm, *others: Alarm) -> DeadTime:
    """The dead time of an alarm beside others."""
    return dead_time(alarm, {one.about.id: one for one in (alarm, *others)})


@pytest.mark.parametrize(
    ("properties", "fires", "mild", "clears"),
    [
        ({}, 5, 5, 1),
        ({"DatapointsToAlarm": 3}, 3, 3, 3),
        ({"EvaluationPeriods": 1}, 1, 1, 1),
        # A window rolls: the first bad minute spoils a period of five, and leaves the oldest one five minutes later.
        ({"Period": 300, "EvaluationPeriods": 3}, 11, 15, 5),
        ({"Period": 300, "EvaluationPeriods": 3, "DatapointsToAlarm": 2}, 6, 10, 10),
        # Whole periods of the clock only: trouble in the last minute of one is seen when that is over.
        ({"Period": 300, "EvaluationPeriods": 1, "EvaluationWindow": {"WallClockWindow": {}}}, 1, 5, 5),
        # A sum below the threshold is bad only when the whole period is.
        (
            {"Period": 300, "EvaluationPeriods": 1, "Statistic": "Sum", "ComparisonOperator": "LessThanThreshold"},
            5,
            5,
            1,
        ),
        # Evaluated once an hour: over a day in all.
        ({"Period": 3600, "EvaluationPeriods": 30, "DatapointsToAlarm": 1}, 1, 60, 1800),
    ],
)
def test_minutes_at_best(properties: dict[str, Any], fires: int, mild: int, clears: int) -> None:
    """Worked out by hand, for trouble that begins at the best moment."""
    found = soonest(metric_alarm(**properties))
    assert (found.fires, found.fires_mild) == (60 * fires, 60 * mild)
    assert found.clears is not None
    assert found.clears <= 60 * clears
    if properties.get("EvaluationPeriods") != 30:
        assert found.clears == 60 * clears


def test_high_resolution_counts_in_periods() -> None:
    """A period of ten seconds is evaluated every ten seconds."""
    alarm = metric_alarm("App Latency", Period=10, EvaluationPeriods=3)
    assert soonest(alarm) == DeadTime(fires=30, fires_mild=30, clears=10)


def test_silence_is_only_seen_when_nothing_real_is_left() -> None:
    """Datapoints beyond the evaluation periods still count, so that a silence takes two minutes more."""
    alarm = metric_alarm(TreatMissingData="breaching", ComparisonOperator="LessThanThreshold")
    assert soonest(alarm).silent == 60 * 7


@pytest.mark.parametrize("needed", [1, 3, 5])
@pytest.mark.parametrize("period", [60, 300])
def test_it_is_what_a_simulation_of_the_alarm_itself_shows(needed: int, period: int) -> None:
    """A step of the alarm's own metric, at every minute it may come: no page sooner, and one that soon."""
    alarm = metric_alarm("App Busy", Statistic="Maximum", Period=period, DatapointsToAlarm=needed, Threshold=5)
    fires, clears = [], []
    for begin in range(120 * 60, 130 * 60, 60):
        minutes = np.arange(0, 400)
        bad = (minutes * 60 >= begin) & (minutes * 60 < begin + 7200)
        source = Recording({metric_of(alarm): SampleSeries.of_values(0, 60, np.where(bad, 9.0, 1.0))})
        timeline = simulate([alarm], source, start=0, end=24_000, initial=State.OK).timelines["Alarm"]
        assert timeline.to == (State.ALARM, State.OK)
        fires.append(timeline.at[0] - begin)
        clears.append(timeline.at[1] - begin - 7200)
    found = soonest(alarm)
    assert (found.fires, found.clears) == (min(fires), min(clears))


def metric_of(alarm: MetricAlarm) -> Any:
    """The one metric of an alarm."""
    return alarm.queries[0].metric


def test_composite_alarms_wait_for_their_slowest_part() -> None:
    """AND waits for the slower, OR for the faster, AT_LEAST for the second of three; their ends the other way round."""
    slow, fast, middle = (
        alarm_of(
            {"Namespace": "A", "MetricName": "B", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": count}, id=id
        )
        for id, count in (("Slow", 10), ("Fast", 2), ("Middle", 5))
    )

    def fires(rule: str) -> int | None:
        return soonest(alarm_of({"AlarmRule": rule}), slow, fast, middle).fires

    assert fires("ALARM(Slow) AND ALARM(Fast)") == 600
    assert fires("ALARM(Slow) OR ALARM(Fast)") == 120
    assert fires("AT_LEAST(2, ALARM, (Slow, Fast, Middle))") == 300
    assert fires("ALARM(Fast) AND NOT ALARM(Slow)") == 120
    assert fires("FALSE") is None
    both = alarm_of({"AlarmRule": "ALARM(Fast) AND FALSE"})
    assert soonest(both, fast).fires is None
