"""Statistics of the samples of a period."""

import numpy as np
import pytest

from alarmlab.engine.statistics import statistic
from alarmlab.errors import InputError
from alarmlab.model.statistics import is_statistic, percentile_of

TEN = np.arange(1.0, 11.0)[np.newaxis]


@pytest.mark.parametrize(
    ("stat", "result"),
    [
        ("Average", 5.5),
        ("Sum", 55.0),
        ("Minimum", 1.0),
        ("Maximum", 10.0),
        ("SampleCount", 10.0),
        ("p0", 1.0),
        ("p50", 5.5),
        ("p90", 9.1),
        ("p100", 10.0),
        ("tm90", 5.0),
        ("TM(10%:90%)", 5.5),
        ("TM(:90%)", 5.0),
        ("TM(10%:)", 6.0),
        ("TM(3:7)", 5.5),
        ("TM(20:30)", np.nan),
        ("IQM", 5.5),
        ("wm90", 5.4),
        ("WM(10%:90%)", 5.5),
        ("WM(3:8)", 5.5),
        ("tc90", 9.0),
        ("TC(3:7)", 4.0),
        ("TC(20:30)", 0.0),
        ("TC(:5)", 5.0),
        ("ts90", 45.0),
        ("TS(80%:)", 19.0),
        ("TS(3:7)", 22.0),
        ("PR(:3)", 30.0),
        ("PR(3:7)", 40.0),
        ("PR(7:)", 30.0),
    ],
)
def test_of_one_to_ten(stat: str, result: float) -> None:
    """What each statistic says of 1 to 10: a sample on a fixed lower boundary is outside, on an upper one inside."""
    np.testing.assert_allclose(statistic(TEN, None, stat), [result])


def test_tm99_is_tm_to_99_percent_and_iqm_the_middle_half() -> None:
    """The short spelling and the long one are one statistic, as the documentation says."""
    samples = np.random.default_rng(1).gamma(2, 100, (5, 40))
    for short, long in [("tm99", "TM(:99%)"), ("wm98", "WM(:98%)"), ("tc90", "TC(:90%)"), ("IQM", "TM(25%:75%)")]:
        np.testing.assert_array_equal(statistic(samples, None, short), statistic(samples, None, long))
    product = statistic(samples, None, "tm73") * statistic(samples, None, "tc73")
    np.testing.assert_allclose(statistic(samples, None, "ts73"), product)


def test_rows_without_samples_and_negative_ones() -> None:
    """No samples have no statistic, not even a count; a negative one leaves its row without percentiles."""
    samples = np.array([[np.nan, np.nan], [-1.0, 3.0], [1.0, np.nan]])
    np.testing.assert_array_equal(statistic(samples, None, "SampleCount"), [np.nan, 2, 1])
    np.testing.assert_array_equal(statistic(samples, None, "Sum"), [np.nan, 2, 1])
    for stat in ("p50", "tm50", "PR(:3)", "TM(0:3)"):
        np.testing.assert_array_equal(statistic(samples, None, stat)[:2], [np.nan, np.nan], stat)
    np.testing.assert_array_equal(statistic(samples, None, "p50"), [np.nan, np.nan, 1])


def test_weights() -> None:
    """A sample of weight 0 was not seen; parts of a sample are as good as whole ones."""
    samples, weights = np.array([[5.0, 1.0, 9.0]]), np.array([[1.0, 3.0, 0.0]])
    assert statistic(samples, weights, "Maximum") == 5
    assert statistic(samples, weights, "Average") == 2
    assert statistic(samples, weights, "SampleCount") == 4
    assert statistic(samples, weights / 2, "tc50") == 1
    assert statistic(samples, weights, "p100") == 5


@pytest.mark.parametrize("stat", ["p99.9", "p0.1234567891", "tm99", "TC(0.005:0.030)", "TS(80%:)", "WM(1:)", "iqm"])
def test_known(stat: str) -> None:
    """Spellings that CloudWatch takes."""
    assert is_statistic(stat)


@pytest.mark.parametrize(
    "stat",
    ["", "p", "P99", "p101", "pr90", "average", "tm99%", "TM99", "TM(:)", "TM(10%:90)", "TM(%:90%)", "TM(90%:10%)",
     "TM(0%:101%)", "PR(10%:90%)", "TM(1:2", "p99 "],
)  # fmt: skip
def test_unknown(stat: str) -> None:
    """Spellings that it does not take are named, with those that it takes."""
    assert not is_statistic(stat)
    with pytest.raises(InputError, match="is not known: use Average"):
        statistic(TEN, None, stat)


def test_percentile_of() -> None:
    """Only percentiles have one."""
    assert percentile_of("p99.9") == 99.9
    assert percentile_of("tm99") is None
    assert percentile_of("Average") is None
