"""From when on a new alarm is evaluated."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.alarms.evaluate import AlarmSettings, Datapoint
from sandbox.alarms.schedule import is_due
from sandbox.alarms.warm_up import WarmUp, has_ended

MINUTE = 60
TEN = 36_000
"""10:00 of the day that the tests call 0."""


def alarm(period: int, n: int, m: int | None = None) -> AlarmSettings:
    """An alarm of n periods, each of so many minutes."""
    return AlarmSettings(
        comparison="LessThanThreshold",
        threshold=1.0,
        evaluation_periods=n,
        datapoints_to_alarm=m or n,
        period=period * MINUTE,
    )


def published(settings: AlarmSettings, minutes: Iterable[int]) -> Callable[[int], list[Datapoint | None]]:
    """The datapoints of a metric that has a sample in each of these minutes after 10:00, as of a moment."""
    samples = {TEN + MINUTE * minute for minute in minutes}

    def points(at: int) -> list[Datapoint | None]:
        return [
            Datapoint(start, 1.0) if any(start <= sample < start + settings.period for sample in samples) else None
            for start in settings.starts(at)
        ]

    return points


def first_evaluation(
    settings: AlarmSettings, minutes: Iterable[int], *, wait: int = 600, whole: bool = False, created: float = 0
) -> int:
    """How many minutes after 10:00 an alarm is first evaluated, created so many minutes after 10:00."""
    points = published(settings, minutes)
    warm_up = WarmUp(minutes=wait, whole=whole)
    at = TEN + int(created) * MINUTE
    while not (
        is_due(settings, at) and has_ended(warm_up, settings, created=TEN + created * MINUTE, at=at, points=points)
    ):
        at += MINUTE
    return (at - TEN) // MINUTE


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


@given(
    period=st.integers(1, 10),
    n=st.integers(1, 8),
    begins=st.integers(-20, 200),
    wait=st.integers(1, 240),
    created=st.floats(0, 30, allow_nan=False),
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
