"""The band that is like CloudWatch's."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.anomaly import band
from alarmlab.engine.window import Floats, Moments

DAY = 86_400
PERIOD = 600
START = 1_700_000_000 // DAY * DAY


def times(days: float, period: int = PERIOD) -> Moments:
    """The beginnings of the periods of some days."""
    return START + period * np.arange(int(days * DAY // period), dtype=np.int64)


def daily(starts: Moments, noise: float = 1.0, seed: int = 0) -> Floats:
    """A day's wave of height 50, with normal noise."""
    wave: Floats = 100 + 50 * np.sin(2 * np.pi * starts / DAY)
    return wave + np.random.default_rng(seed).normal(0, noise, len(starts))


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(min_value=0, max_value=20 * 144 - 1), seed=st.integers(min_value=0, max_value=99))
def test_the_future_changes_nothing(cut: int, seed: int) -> None:
    """The band of a value and of all before it stays the same whatever that value and those after it are."""
    starts = times(20)
    values = daily(starts, seed=seed)
    other = values.copy()
    other[cut:] = np.random.default_rng(seed).normal(1e6, 1e5, len(values) - cut)
    other[cut::3] = np.nan
    for before, after in zip(band(values, starts, PERIOD, 2), band(other, starts, PERIOD, 2), strict=True):
        np.testing.assert_array_equal(before[: cut + 1], after[: cut + 1])


def test_what_is_older_than_two_weeks_changes_nothing() -> None:
    """A series that begins two weeks before a value gives that value the same band."""
    starts = times(40)
    values = daily(starts)
    fortnight = 14 * 144
    whole = band(values, starts, PERIOD, 2)
    for row in (fortnight, fortnight + 37, len(values) - 1):
        part = slice(row - fortnight, row + 1)
        for all_of_it, end in zip(whole, band(values[part], starts[part], PERIOD, 2), strict=True):
            assert end[-1] == all_of_it[row]


def test_overlapping_periods_do_not_see_each_other() -> None:
    """Of rolling periods, nothing is learnt from those that have not ended where a value's own begins."""
    starts = START + 60 * np.arange(3 * 1440, dtype=np.int64)
    values = daily(starts)
    other = values.copy()
    cut = 2 * 1440 + 360
    other[cut - 9 :] += 1e6
    np.testing.assert_array_equal(band(values, starts, PERIOD, 2)[0][cut], band(other, starts, PERIOD, 2)[0][cut])


def test_a_daily_pattern_is_learnt() -> None:
    """After some days the band follows the wave: as wide as the noise, not as the wave."""
    starts = times(14)
    values = daily(starts)
    lower, upper = band(values, starts, PERIOD, 3)
    late = slice(7 * 144, None)
    assert float(np.mean((values < lower)[late] | (values > upper)[late])) < 0.02
    assert float(np.median((upper - lower)[late])) < 12


def test_a_weekly_pattern_is_learnt() -> None:
    """A metric that halves on weekends stays within its band from the third week on, and the band is narrow."""
    starts = times(28)
    weekend = (starts // DAY + 3) % 7 >= 5
    values = np.where(weekend, 0.5, 1.0) * daily(starts)
    lower, upper = band(values, starts, PERIOD, 4)
    late = slice(21 * 144, None)
    assert float(np.mean((values < lower)[late] | (values > upper)[late])) < 0.02
    assert float(np.median((upper - lower)[late])) < 30


def test_a_trend_is_followed() -> None:
    """A metric that grows by the day does not leave its band by growing."""
    starts = times(14)
    values = daily(starts) + 5 * (starts - START) / DAY
    lower, upper = band(values, starts, PERIOD, 4)
    late = slice(7 * 144, None)
    assert float(np.mean((values < lower)[late] | (values > upper)[late])) < 0.03


def test_what_never_happened_leaves_the_band() -> None:
    """A burst is outside on both sides, and the same value at its usual time is not."""
    starts = times(14)
    values = daily(starts)
    noon, night = 12 * 144 + 36, 12 * 144 + 108
    assert values[noon] - values[night] > 80
    values[noon], values[night] = values[night], values[noon]
    lower, upper = band(values, starts, PERIOD, 3)
    assert values[noon] < lower[noon]
    assert values[night] > upper[night]


def test_outliers_do_not_widen_the_band() -> None:
    """One value in fifty being a thousand times too large changes the width by less than a half."""
    starts = times(14)
    values = daily(starts)
    spoilt = values.copy()
    spoilt[::50] *= 1000
    widths = [
        np.median((upper - lower)[7 * 144 :]) for lower, upper in (band(v, starts, PERIOD, 2) for v in (values, spoilt))
    ]
    assert widths[1] < 1.5 * widths[0]


def test_the_width_is_in_standard_deviations() -> None:
    """Of normal noise a band of two holds about 95 %, and the width grows with what is asked for."""
    starts = times(14)
    values = np.random.default_rng(1).normal(10, 2, len(starts))
    lower, upper = band(values, starts, PERIOD, 2)
    late = slice(4 * 144, None)
    assert 0.92 < float(np.mean((values >= lower)[late] & (values <= upper)[late])) < 0.98
    wide = band(values, starts, PERIOD, 4)
    np.testing.assert_allclose((wide[1] - wide[0])[late], 2 * (upper - lower)[late])


def test_there_is_no_band_without_history() -> None:
    """On the first day there is none; of a metric that never comes there never is one."""
    starts = times(5)
    lower, upper = band(daily(starts), starts, PERIOD, 2)
    assert np.isnan(lower[:144]).all()
    assert np.isfinite(upper[144 + 36 :]).all()
    assert np.isnan(band(np.full(len(starts), np.nan), starts, PERIOD, 2)[0]).all()
    assert band(np.empty(0), starts[:0], PERIOD, 2)[0].shape == (0,)


def test_gaps_are_left_out() -> None:
    """Missing values are not zeros: with every second one missing, the band is where it was."""
    starts = times(14)
    values = daily(starts)
    sparse = np.where(np.arange(len(values)) % 2, values, np.nan)
    lower, upper = band(sparse, starts, PERIOD, 4)
    late = slice(7 * 144, None)
    assert float(np.mean((values < lower)[late] | (values > upper)[late])) < 0.03


def test_a_gap_leaves_no_hole() -> None:
    """After two days without data the band is there at once, from the days before."""
    starts = times(14)
    values = daily(starts)
    values[8 * 144 : 10 * 144] = np.nan
    lower, upper = band(values, starts, PERIOD, 4)
    after = slice(10 * 144, 11 * 144)
    assert float(np.mean((values >= lower)[after] & (values <= upper)[after])) > 0.97


def test_a_year_of_minutes_takes_little_memory() -> None:
    """Some times what the values themselves take, not the fortnight before each of them."""
    starts = START + 60 * np.arange(366 * 1440, dtype=np.int64)
    values = np.random.default_rng(6).normal(10, 1, len(starts))
    tracemalloc.start()
    band(values, starts, 60, 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 * values.nbytes


@pytest.mark.parametrize("period", [60, 300, 420, 3600, DAY])
def test_any_period_has_a_band(period: int) -> None:
    """Also one that does not divide a day, and a whole day."""
    starts = times(40, period) if period >= 3600 else times(6, period)
    lower, upper = band(np.random.default_rng(4).normal(10, 1, len(starts)), starts, period, 3)
    assert np.isfinite(lower[-1])
    assert lower[-1] < 10 < upper[-1]
