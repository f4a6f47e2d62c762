"""From when on a new alarm is evaluated."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.simulate import simulate
from alarmlab.engine.warm_up import has_ended
from alarmlab.engine.window import moments_between
from alarmlab.model.alarms import About, AlarmSettings, MetricAlarm, WarmUp
from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.model.states import State

MINUTE = 60
TEN = 36_000
"""10:00 of the day that the tests call 0."""
METRIC = MetricId("Test", "Requests")
FIRST, LAST = -60, 4000
"""Minutes around 10:00 for which there may be samples."""


def alarm(period: int, n: int, m: int | None = None, *, warm_up: WarmUp | None = None) -> MetricAlarm:
    """An alarm of n periods, each of so many minutes."""
    return MetricAlarm(
        about=About(id="alarm", name="alarm"),
        settings=AlarmSettings(
            comparison="LessThanThreshold",
            threshold=1.0,
            evaluation_periods=n,
            datapoints_to_alarm=m or n,
            period=period * MINUTE,
        ),
        queries=(MetricQuery(id="m", metric=METRIC, stat="Sum", period=period * MINUTE),),
        returned="m",
        warm_up=warm_up,
    )


def published(minutes: Iterable[int]) -> Recording:
    """A metric that has a sample in each of these minutes after 10:00."""
    values = np.full(LAST - FIRST, np.nan)
    for minute in minutes:
        values[minute - FIRST] = 1.0
    return Recording({METRIC: SampleSeries.of_values(TEN + FIRST * MINUTE, MINUTE, values)})


def first_evaluation(
    waiting: MetricAlarm, minutes: Iterable[int], *, wait: int = 600, whole: bool = False, created: float = 0
) -> int:
    """How many minutes after 10:00 an alarm is first evaluated, created so many minutes after 10:00."""
    new = alarm(
        waiting.settings.period // MINUTE,
        waiting.settings.evaluation_periods,
        waiting.settings.datapoints_to_alarm,
        warm_up=WarmUp(minutes=wait, whole=whole),
    )
    moments = moments_between(TEN + int(created) * MINUTE - 1, TEN + LAST * MINUTE, new.settings.interval)
    ended = has_ended(new, published(minutes), moments, created=TEN + created * MINUTE)
    assert ended[ended.argmax() :].all()
    return (int(moments[ended.argmax()]) - TEN) // MINUTE


def test_example_of_the_documentation() -> None:
    """Three periods of 5 minutes, created at 10:00, first sample at 10:04: evaluated from 10:19."""
    assert first_evaluation(alarm(5, 3), range(4, 60)) == 19


@pytest.mark.parametrize("m", [1, 2, 3])
def test_datapoints_to_alarm_do_not_matter(m: int) -> None:
    """M changes nothing about when warm-up ends."""
    assert first_evaluation(alarm(5, 3, m), range(4, 60)) == 19


def test_silence_ends_with_the_period() -> None:
    """Without any data the alarm is evaluated at the first due moment after the whole period."""
    assert first_evaluation(alarm(1, 15), (), wait=60) == 60
    assert first_evaluation(alarm(1, 15), (), wait=60, created=0.5) == 61


def test_early_data_can_be_waited_out() -> None:
    """With `whole` the alarm waits however early data comes."""
    assert first_evaluation(alarm(1, 15), range(-60, 120), wait=60, whole=True) == 60


def test_metric_older_than_the_alarm_does_not_wait() -> None:
    """An alarm on a metric that is published already is evaluated at once."""
    assert first_evaluation(alarm(1, 15), range(-60, 120)) == 0


def test_most_recent_period_must_have_data() -> None:
    """A metric that began long enough ago, but has nothing now, does not end the warm-up until it is back."""
    assert first_evaluation(alarm(1, 15), [4, *range(30, 60)]) == 31


@settings(deadline=None, max_examples=60)
@given(
    period=st.integers(1, 10),
    n=st.integers(1, 8),
    begins=st.integers(-20, 200),
    wait=st.integers(1, 240),
    created=st.integers(0, 120).map(lambda quarters: quarters / 4),
)
def test_waits_for_one_window_of_data_or_for_its_end(
    period: int, n: int, begins: int, wait: int, created: float
) -> None:
    """A steadily published metric is judged one window after it began, never before, never after the period's end."""
    found = first_evaluation(alarm(period, n), range(begins, 400), wait=wait, created=created)
    end = -int(-(created + wait) // 1)
    assert found == max(int(created), min(begins + period * n, end))


def test_long_windows_are_looked_at_hourly() -> None:
    """A window of more than a day that began at 10:04 is full at the next full hour a day and an hour later."""
    assert first_evaluation(alarm(60, 25), range(4, 3000), wait=2880) == 26 * 60


@pytest.mark.parametrize("minutes", [0, -1, 2881])
def test_length_is_limited(minutes: int) -> None:
    """One minute to two days, or the value is refused by name."""
    with pytest.raises(ValueError, match=rf"WarmUpPeriodDurationInMinutes: {minutes} is not between 1 and 2880"):
        WarmUp(minutes=minutes)


@pytest.mark.parametrize(("initial", "changes"), [(State.INSUFFICIENT_DATA, 7), (State.OK, 1)])
def test_only_new_alarms_warm_up(initial: State, changes: int) -> None:
    """An alarm that is new at the start waits for its data and is told of nothing before; one that is older does not."""
    quiet = alarm(1, 3, warm_up=WarmUp(minutes=60))
    run = simulate([quiet], published(range(4, 60)), start=TEN, end=TEN + 600, initial=initial)
    timeline = run.timelines["alarm"]
    assert (timeline.at[0] - TEN) // MINUTE == changes
