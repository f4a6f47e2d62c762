"""Recordings as a source of metrics."""

import numpy as np
import pytest

from alarmlab.engine.recording import Recording, SampleSeries, StatisticSeries
from alarmlab.engine.window import Window
from alarmlab.errors import InputError
from alarmlab.model.metrics import MetricId

N = np.nan
METRIC = MetricId("Test", "Latency", (("Endpoint", "e"),))


def row(series: SampleSeries | StatisticSeries, stat: str, at: int, period: int, periods: int = 3) -> list[float]:
    """What one evaluation sees."""
    window = Window(np.array([at]), period, periods)
    values: list[float] = Recording({METRIC: series}).values(METRIC, stat, window)[0].tolist()
    return values


def test_a_value_is_seen_from_the_end_of_its_step_on() -> None:
    """Value i belongs to the step that begins at start + i x step, and an evaluation at that step's end sees it."""
    series = SampleSeries.of_values(600, 60, [1, 2])
    np.testing.assert_array_equal(row(series, "Average", 659, 60), [np.nan] * 3)
    np.testing.assert_array_equal(row(series, "Average", 660, 60), [np.nan, np.nan, 1])
    np.testing.assert_array_equal(row(series, "Average", 720, 60), [np.nan, 1, 2])


def test_a_coarse_value_is_one_sample_at_the_beginning_of_its_step() -> None:
    """A five-minute value in a one-minute alarm fills the first minute of its five, from their end on."""
    series = SampleSeries.of_values(0, 300, [7, 8])
    np.testing.assert_array_equal(row(series, "Sum", 299, 60, 5), [np.nan] * 5)
    np.testing.assert_array_equal(row(series, "Sum", 300, 60, 5), [7, np.nan, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(row(series, "Sum", 360, 60, 7), [np.nan, 7, *[np.nan] * 5])


def test_rolling_and_wall_clock() -> None:
    """A rolling period ends at the moment, one of the clock at its last full period; weeks begin on Mondays."""
    series = SampleSeries.of_values(0, 60, np.arange(20))
    at = np.array([660])
    recording = Recording({METRIC: series})
    np.testing.assert_array_equal(recording.values(METRIC, "Maximum", Window(at, 300, 2)), [[5, 10]])
    np.testing.assert_array_equal(recording.values(METRIC, "Maximum", Window(at, 300, 2, wall_clock=True)), [[4, 9]])
    monday = 1_767_571_200
    week = Window(np.array([monday - 1, monday]), 604_800, 1, wall_clock=True)
    np.testing.assert_array_equal(week.ends, [monday - 604_800, monday])


def test_moments_far_apart() -> None:
    """Moments that are years apart cost what they are, not the time between them."""
    window = Window(np.array([120, 1_000_000_010, 2_000_000_000_020]), 60, 2)
    values = Recording({METRIC: SampleSeries.of_values(0, 60, [1, 2, 3])}).values(METRIC, "Sum", window)
    np.testing.assert_array_equal(values, [[1, 2], [N, N], [N, N]])


def test_percentiles_of_longer_periods_are_over_all_samples() -> None:
    """The p90 of five minutes is of all their samples, not of five percentiles."""
    samples = np.arange(50.0).reshape(5, 10)
    [_, value] = row(SampleSeries(0, 60, samples), "p90", 300, 300, 2)
    assert value == np.quantile(samples, 0.9)


def test_what_is_not_there() -> None:
    """What is unknown, empty or in another unit has no datapoints; a unit that is not known fits every unit."""
    window = Window(np.array([120, 180]), 60, 2)
    ms = SampleSeries.of_values(0, 60, [1, 2, 3], unit="Milliseconds")
    assert np.isnan(Recording({}).values(METRIC, "Sum", window)).all()
    assert np.isnan(Recording({METRIC: SampleSeries.of_values(0, 60, [])}).values(METRIC, "Sum", window)).all()
    assert np.isnan(Recording({METRIC: ms}).values(METRIC, "Sum", window, unit="Seconds")).all()
    recording = Recording({METRIC: ms})
    np.testing.assert_array_equal(recording.values(METRIC, "Sum", window, unit="Milliseconds"), [[1, 2], [2, 3]])
    unknown = Recording({METRIC: SampleSeries.of_values(0, 60, [1, 2, 3])})
    np.testing.assert_array_equal(unknown.values(METRIC, "Sum", window, unit="Seconds"), [[1, 2], [2, 3]])
    assert recording.metrics("Test") == [METRIC]
    assert recording.metrics("Other") == []


def test_statistics_of_a_longer_period() -> None:
    """Sums add, extremes combine, the average is that of all samples; a percentile is only that of its own period."""
    known = {
        "Sum": np.array([10.0, 4.0]),
        "SampleCount": np.array([1.0, 3.0]),
        "Maximum": np.array([10.0, 2.0]),
        "p99": np.array([10.0, 2.0]),
    }
    series = StatisticSeries(0, 60, known)
    assert row(series, "Average", 120, 120, 1) == [3.5]
    assert row(series, "Maximum", 120, 120, 1) == [10]
    assert row(series, "p99", 120, 60, 2) == [10, 2]
    np.testing.assert_allclose(row(series, "Average", 120, 60, 2), [10, 4 / 3])
    with pytest.raises(InputError, match=r"Latency \{Endpoint: e\}: p99 of a longer period .* give the raw `samples`"):
        row(series, "p99", 120, 120)
    with pytest.raises(InputError, match=r"Minimum was not recorded \(statistics: Sum, SampleCount, Maximum, p99\)"):
        row(series, "Minimum", 120, 60)
    with pytest.raises(InputError, match="Sum was not recorded"):
        row(StatisticSeries(0, 60, {"Average": np.array([1.0])}), "Average", 120, 120)


def test_no_samples_have_no_average() -> None:
    """A step that says 0 samples has no average."""
    series = StatisticSeries(0, 60, {"Sum": np.array([0.0, 4.0]), "SampleCount": np.array([0.0, 2.0])})
    np.testing.assert_array_equal(row(series, "Average", 120, 60, 2), [np.nan, 2])


def test_what_cannot_be_is_refused() -> None:
    """A step of no length, statistics of different lengths and unknown statistics are named."""
    with pytest.raises(InputError, match="period: 0 is not a positive number"):
        SampleSeries.of_values(0, 0, [1])
    with pytest.raises(InputError, match="Sum, Average need the same number of values"):
        StatisticSeries(0, 60, {"Sum": np.zeros(2), "Average": np.zeros(3)})
    with pytest.raises(InputError, match="'p999' is not known"):
        row(SampleSeries.of_values(0, 60, [1]), "p999", 60, 60)


def test_a_year_of_a_metric_is_not_copied() -> None:
    """Where the period is the step, all rows are a view of the values: reading costs nothing, and nothing can write."""
    values = np.arange(525_600.0)
    window = Window(np.arange(600, 525_600 * 60, 60), 60, 5)
    rows = Recording({METRIC: SampleSeries.of_values(0, 60, values)}).values(METRIC, "Average", window)
    assert np.shares_memory(rows, values)
    assert not rows.flags.writeable
