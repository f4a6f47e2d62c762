"""Recordings read in whole matrices say what the reference says period by period."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.recording import Recording, SampleSeries, StatisticSeries
from alarmlab.engine.statistics import statistic
from alarmlab.engine.window import Floats, Moments, Window
from alarmlab.model.metrics import MetricId
from tests.unit.alarmlab.reference import cloudwatch
from tests.unit.alarmlab.reference.cloudwatch import Recorded

METRIC = MetricId("Test", "Latency")
STATISTICS = [
    *("Average", "Sum", "Minimum", "Maximum", "SampleCount", "IQM", "PR(:3)", "PR(2:5)", "TC(2:5)", "TS(1:4)"),
    *("TM(2:5)", "WM(2:5)", "p0", "p50", "p90", "p99.9", "p100", "tm90", "wm90", "tc90", "ts90", "TM(10%:90%)"),
    *("WM(10%:90%)", "TC(25%:)", "TS(80%:)", "WM(:50%)"),
]
SAMPLES = st.lists(st.lists(st.integers(0, 8).map(float), max_size=4), min_size=1, max_size=12)
SIGNED = st.lists(st.lists(st.integers(-3, 8).map(float), max_size=3), min_size=1, max_size=12)


def padded(rows: list[list[float]]) -> Floats:
    """Rows of unequal length as a matrix."""
    width = max((len(row) for row in rows), default=0)
    return np.array([row + [np.nan] * (width - len(row)) for row in rows], dtype=np.float64).reshape(len(rows), width)


def expected(recorded: Recorded, stat: str, window: Window) -> Floats:
    """The matrix, cell by cell."""
    rows = [
        cloudwatch.read(recorded, stat, int(moment), window.period, window.periods, wall_clock=window.wall_clock)
        for moment in window.moments
    ]
    return np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float64)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Regular and irregular moments, periods shorter and longer than the steps."""
    period = draw(st.sampled_from([10, 60, 120, 180, 300, 420]))
    first = draw(st.integers(0, 1200))
    gaps = draw(
        st.one_of(
            st.tuples(st.integers(1, 8), st.sampled_from([10, 30, 60, 90, 300])).map(lambda pair: [pair[1]] * pair[0]),
            st.lists(st.sampled_from([10, 60, 70, 300]), max_size=6),
        )
    )
    moments: Moments = first + np.cumsum([0, *gaps], dtype=np.int64)
    return Window(moments, period, draw(st.integers(1, 5)), draw(st.booleans()))


@settings(max_examples=300, deadline=None)
@given(rows=SIGNED, stat=st.sampled_from(STATISTICS))
def test_statistics(rows: list[list[float]], stat: str) -> None:
    """Every statistic of every row, also with samples of weight two, which count as two."""
    single = np.array([cloudwatch.statistic(row, stat) for row in rows], dtype=np.float64)
    double = np.array([cloudwatch.statistic(row * 2, stat) for row in rows], dtype=np.float64)
    samples = padded(rows)
    np.testing.assert_allclose(statistic(samples, None, stat), single, rtol=1e-12)
    np.testing.assert_allclose(statistic(samples, np.ones_like(samples), stat), single, rtol=1e-12)
    np.testing.assert_allclose(statistic(samples, np.full_like(samples, 2.0), stat), double, rtol=1e-12)


@settings(max_examples=400, deadline=None)
@given(
    rows=SAMPLES,
    stat=st.sampled_from(STATISTICS),
    window=windows(),
    start=st.sampled_from([0, 30, 300, 605]),
    step=st.sampled_from([10, 60, 90, 300]),
)
def test_samples(rows: list[list[float]], stat: str, window: Window, start: int, step: int) -> None:
    """Raw samples at any step, read at any period, at moments that fit the steps and at moments that do not."""
    recording = Recording({METRIC: SampleSeries(start, step, padded(rows))})
    found = recording.values(METRIC, stat, window)
    np.testing.assert_allclose(found, expected(Recorded(start, step, rows), stat, window), rtol=1e-12)


@settings(max_examples=200, deadline=None)
@given(
    rows=SAMPLES,
    stat=st.sampled_from(["Average", "Sum", "Minimum", "Maximum", "SampleCount"]),
    window=windows(),
    step=st.sampled_from([60, 300]),
)
def test_statistics_of_steps(rows: list[list[float]], stat: str, window: Window, step: int) -> None:
    """What was recorded as statistics combines to the same as the samples would have."""
    samples = padded(rows)
    known = {name: statistic(samples, None, name) for name in ("Sum", "SampleCount", "Minimum", "Maximum")}
    recording = Recording({METRIC: StatisticSeries(0, step, known)})
    found = recording.values(METRIC, stat, window)
    np.testing.assert_allclose(found, expected(Recorded(0, step, rows), stat, window), rtol=1e-12)


@pytest.mark.parametrize("period", [60, 300, 3600, 86_400])
def test_long_periods(period: int) -> None:
    """Windows that are rolled up in steps of two hold exactly the values of the period, tenths included."""
    values = (np.arange(3000) % 7) / 10
    recording = Recording({METRIC: SampleSeries.of_values(0, 60, values)})
    moments = np.arange(90_000, 180_000, 4980, dtype=np.int64)
    found = recording.values(METRIC, "Sum", Window(moments, period, 2))
    for row, moment in zip(found, moments.tolist(), strict=True):
        edges = [max(moment - age * period, 0) // 60 for age in (2, 1, 0)]
        exact = [values[begin:end].sum() if end > begin else np.nan for begin, end in pairwise(edges)]
        np.testing.assert_allclose(row, exact, rtol=1e-13)
