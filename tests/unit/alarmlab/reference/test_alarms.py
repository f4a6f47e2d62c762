"""Alarms judged in whole matrices are in the states that the reference finds evaluation by evaluation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.judge import STATES, judge, states_after
from alarmlab.engine.metric_alarm import codes, datapoints
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.window import moments_between
from alarmlab.model.alarms import THRESHOLD_COMPARISONS, About, AlarmSettings, MetricAlarm
from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.model.states import Missing, State
from tests.unit.alarmlab.reference import cloudwatch
from tests.unit.alarmlab.reference.cloudwatch import Recorded
from tests.unit.alarmlab.reference.test_recording import SAMPLES, padded

METRIC = MetricId("Test", "Latency")
MODES = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)
OK, ALARM, INS = State.OK, State.ALARM, State.INSUFFICIENT_DATA

# The tables of "Configuring how CloudWatch alarms treat missing data", N = 3 and an evaluation range of 5: M, points
# from the oldest to the newest (X breaches), and the state in each mode; None keeps the state.
TABLE = [
    (3, "0-X-X", (OK, OK, OK, OK)),
    (3, "0----", (OK, OK, OK, OK)),
    (3, "-----", (INS, None, ALARM, OK)),
    (3, "0XX-X", (ALARM, ALARM, ALARM, ALARM)),
    (3, "--X--", (ALARM, None, ALARM, OK)),
    (2, "0-X-X", (ALARM, ALARM, ALARM, ALARM)),
    (2, "00X0X", (ALARM, ALARM, ALARM, ALARM)),
    (2, "0-X--", (OK, OK, ALARM, OK)),
    (2, "----0", (OK, OK, ALARM, OK)),
    (2, "---X-", (ALARM, None, ALARM, OK)),
]


def alarm(alarm_settings: AlarmSettings) -> MetricAlarm:
    """An alarm on the one metric."""
    query = MetricQuery(id="m", metric=METRIC, stat=alarm_settings.stat, period=alarm_settings.period)
    return MetricAlarm(about=About(id="A", name="A"), settings=alarm_settings, queries=(query,), returned="m")


@pytest.mark.parametrize(("m", "picture", "states"), TABLE)
@pytest.mark.parametrize("before", list(State))
def test_cloudwatch_examples(m: int, picture: str, states: tuple[State | None, ...], before: State) -> None:
    """Every row of CloudWatch's tables, in each mode, from each state: through a recording, and by the reference."""
    values = [{"0": 0.0, "X": 2.0, "-": np.nan}[mark] for mark in picture]
    recording = Recording({METRIC: SampleSeries.of_values(0, 60, values)})
    row = [None if mark == "-" else mark == "X" for mark in picture]
    for mode, state in zip(MODES, states, strict=True):
        on = alarm(
            AlarmSettings(
                comparison="GreaterThanThreshold",
                threshold=1.0,
                evaluation_periods=3,
                datapoints_to_alarm=m,
                period=60,
                missing=mode,
                stat="Average",
            )
        )
        found = states_after(codes(on, recording, np.array([300])), before)
        assert STATES[found[0]] is (state or before), mode
        assert cloudwatch.state_after(row, 3, m, mode, before) == (state or before), mode


@settings(max_examples=300, deadline=None)
@given(
    row=st.lists(st.sampled_from([None, False, True]), min_size=1, max_size=7),
    n=st.integers(1, 5),
    m=st.integers(1, 5),
    mode=st.sampled_from(MODES),
    before=st.sampled_from(list(State)),
)
def test_judge(row: list[bool | None], n: int, m: int, mode: Missing, before: State) -> None:
    """M of N with whatever is missing, for any evaluation range."""
    row = [*[None] * (n - len(row)), *row]
    on = AlarmSettings(
        comparison="GreaterThanThreshold",
        threshold=0.0,
        evaluation_periods=n,
        datapoints_to_alarm=min(m, n),
        period=60,
        missing=mode,
    )
    real = np.array([[point is not None for point in row]])
    found = judge(on, real, np.array([[bool(point) for point in row]]))
    assert STATES[states_after(found, before)[0]] == cloudwatch.state_after(row, n, min(m, n), mode, before)


@st.composite
def alarm_settings(draw: st.DrawFn) -> AlarmSettings:
    """Alarms on one metric."""
    n = draw(st.integers(1, 4))
    return AlarmSettings(
        comparison=draw(st.sampled_from(THRESHOLD_COMPARISONS)),
        threshold=draw(st.integers(0, 6).map(float)),
        evaluation_periods=n,
        datapoints_to_alarm=draw(st.integers(1, n)),
        period=draw(st.sampled_from([60, 120, 300])),
        missing=draw(st.sampled_from(MODES)),
        stat=draw(st.sampled_from(["Average", "Sum", "Maximum", "p50", "p90"])),
        low_sample_ignore=draw(st.booleans()),
        wall_clock=draw(st.booleans()),
        evaluation_range=draw(st.sampled_from([None, 1, 5, 8])),
    )


@settings(max_examples=300, deadline=None)
@given(
    rows=SAMPLES,
    on=alarm_settings(),
    start=st.sampled_from([0, 30, 600]),
    step=st.sampled_from([60, 90, 300]),
    before=st.sampled_from(list(State)),
)
def test_timelines(rows: list[list[float]], on: AlarmSettings, start: int, step: int, before: State) -> None:
    """The state after every evaluation of half an hour: any state before, gaps, low samples, evaluation range."""
    recording = Recording({METRIC: SampleSeries(start, step, padded(rows))})
    moments = moments_between(start, start + 1800, on.interval)
    found = states_after(codes(alarm(on), recording, moments), before)
    state: str = before
    for index, moment in enumerate(moments.tolist()):
        state = _evaluated(Recorded(start, step, rows), on, moment, state)
        assert STATES[found[index]] == state, moment


def _evaluated(recorded: Recorded, on: AlarmSettings, moment: int, before: str) -> str:
    """The reference's state after one evaluation."""
    periods = on.periods_looked_at
    values = cloudwatch.read(recorded, on.stat, moment, on.period, periods, wall_clock=on.wall_clock)
    if on.low_sample_ignore and on.stat.startswith("p"):
        counts = cloudwatch.read(recorded, "SampleCount", moment, on.period, periods, wall_clock=on.wall_clock)
        real = [count for value, count in zip(values, counts, strict=True) if value is not None]
        if any(
            count is not None and count < cloudwatch.low_samples(on.stat) for count in real[-on.evaluation_periods :]
        ):
            return before
    threshold = on.threshold or 0.0
    row = [None if value is None else cloudwatch.breaches(value, on.comparison, threshold) for value in values]
    return cloudwatch.state_after(row, on.evaluation_periods, on.datapoints_to_alarm, on.missing, before)


def test_one_evaluation_is_a_row_of_many() -> None:
    """A live evaluation, one moment at a time, comes to what all moments together come to."""
    rng = np.random.default_rng(4)
    values = np.where(rng.random(200) < 0.3, np.nan, rng.integers(0, 5, 200) / 10)
    recording = Recording({METRIC: SampleSeries.of_values(0, 60, values)})
    on = alarm(
        AlarmSettings(
            comparison="GreaterThanThreshold",
            threshold=0.2,
            evaluation_periods=3,
            datapoints_to_alarm=2,
            period=300,
            stat="Average",
        )
    )
    moments = moments_between(0, 12_000, 60)
    together = datapoints(on, recording, moments)
    alone = np.concatenate([datapoints(on, recording, moments[at : at + 1]) for at in range(len(moments))])
    np.testing.assert_array_equal(together, alone)
