"""Samples of one period, kept small."""

import math
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import settings as relaxed
from hypothesis import strategies as st

from alarmlab.errors import InputError
from sandbox.aws.cloudwatch.samples import Samples, merged, statistics


def statistic(period: Samples, stat: str) -> float:
    """The statistic of one period."""
    return float(statistics([period], stat)[0])


def samples(*numbers: float) -> Samples:
    """These numbers, one sample each."""
    held = Samples()
    for number in numbers:
        held.add(number)
    return held


@pytest.mark.parametrize(
    ("stat", "result"),
    [
        ("Average", 4.0),
        ("Sum", 20.0),
        ("Minimum", 1.0),
        ("Maximum", 10.0),
        ("SampleCount", 5.0),
        ("p90", 7.6),
        ("tm80", 2.5),
    ],
)
def test_statistics(stat: str, result: float) -> None:
    """Each statistic of 1, 2, 3, 4 and 10, whether it needs the distribution or not."""
    assert statistic(samples(1, 2, 3, 4, 10), stat) == pytest.approx(result)


def percentile_of_list(numbers: list[float], share: float) -> float:
    """The percentile of a sorted list, interpolated linearly between ranks."""
    ordered = sorted(numbers)
    rank = share * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (rank - low) * (ordered[high] - ordered[low])


@relaxed(deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=50), st.integers(0, 100))
def test_percentiles_agree_with_a_sorted_list(numbers: list[int], percentile: int) -> None:
    """Counting equal values together changes no percentile."""
    expected = percentile_of_list([float(number) for number in numbers], percentile / 100)
    assert statistic(samples(*numbers), f"p{percentile}") == pytest.approx(expected)


@relaxed(deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=200, max_size=400))
def test_thinning_keeps_the_simple_statistics_and_nearly_the_percentiles(numbers: list[float]) -> None:
    """Fewer values stand for all: the mean stays exact, the median stays between its neighbours."""
    whole = samples(*numbers)
    whole.thin(50)
    assert len(whole.values) <= 52
    assert statistic(whole, "Average") == pytest.approx(fmean(numbers))
    ordered = sorted(numbers)
    below, above = percentile_of_list(ordered, 0.4), percentile_of_list(ordered, 0.6)
    assert below - 1e-6 <= statistic(whole, "p50") <= above + 1e-6


def test_statistic_sets_have_no_percentiles_unless_all_samples_are_equal() -> None:
    """A set with a spread says nothing about percentiles; one whose samples are all equal does."""
    held = samples(5)
    held.add_set(count=2, total=10, minimum=5, maximum=5)
    assert statistic(held, "p50") == 5.0
    held.add_set(count=2, total=10, minimum=1, maximum=9)
    assert math.isnan(statistic(held, "p50"))
    assert (statistic(held, "SampleCount"), statistic(held, "Minimum"), statistic(held, "Average")) == (5, 1, 5)


def test_no_samples_and_negative_values() -> None:
    """No samples have no statistics; negative values have no percentiles."""
    assert math.isnan(statistic(Samples(), "Sum"))
    assert math.isnan(statistic(samples(-1, 1), "p50"))
    assert statistic(samples(-1, 1), "Sum") == 0


def test_merged_is_what_adding_would_have_been() -> None:
    """Joining periods loses nothing, with the distribution or without."""
    parts = [samples(1, 2), samples(2, 9)]
    assert merged(parts) == samples(1, 2, 2, 9)
    assert statistic(merged(parts, distribution=False), "Sum") == 14
    assert math.isnan(statistic(merged(parts, distribution=False), "p50"))


def test_unknown_statistic_is_named() -> None:
    """A statistic beyond those known is refused by its name, also where there are no samples."""
    with pytest.raises(InputError, match="'Median'"):
        statistic(Samples(), "Median")
