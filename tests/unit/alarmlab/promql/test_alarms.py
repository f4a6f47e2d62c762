"""PromQL alarms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.judge import ALARM, OK
from alarmlab.engine.promql import codes, evaluate
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.window import moments_between
from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.alarms import About, PromQLAlarm
from alarmlab.model.metrics import MetricId, dimensions_of
from alarmlab.model.promql_parser import parse_promql


def series(name: str, values: list[float], *, step: int = 60, **labels: str) -> tuple[MetricId, SampleSeries]:
    """A series from second 0."""
    return MetricId("", name, dimensions_of(labels)), SampleSeries.of_values(0, step, values)


def alarm(query: str, *, pending: int = 0, recovery: int = 0) -> PromQLAlarm:
    """An alarm that is evaluated every minute."""
    about = About(id="Busy", name="busy")
    return PromQLAlarm(about=about, query=query, pending=pending, recovery=recovery, interval=60)


def test_a_value_is_seen_from_the_end_of_its_minute_for_five_minutes() -> None:
    """The sample of a period has the time of its end; the lookback is five minutes."""
    source = Recording(dict([series("up", [1.0])]))
    found = evaluate(parse_promql("up"), source, np.array([59, 60, 359, 360], dtype=np.int64))
    assert found.present.tolist() == [[False, True, True, False]]


def test_a_range_does_not_hold_its_own_beginning() -> None:
    """As in Prometheus 3, whose language CloudWatch speaks: of five minutes there are five samples a minute apart."""
    source = Recording(dict([series("up", [1.0] * 20)]))
    found = evaluate(parse_promql("count_over_time(up[5m])"), source, np.array([600], dtype=np.int64))
    assert found.values.tolist() == [[5.0]]


def test_a_counter_is_not_extrapolated_below_zero() -> None:
    """The increase before the first sample is at most what the counter had then."""
    source = Recording(dict([series("hits", [1.0, 61.0, 121.0])]))
    found = evaluate(parse_promql("increase(hits[5m])"), source, np.array([180], dtype=np.int64))
    # 120 seen in 120 s, and one second before them at this pace the counter was zero.
    assert found.values.tolist() == [[pytest.approx(121.0)]]


def test_a_quantile_of_a_histogram_with_buckets_that_come_and_go() -> None:
    """At each moment the buckets that are there decide; without +Inf there is no answer."""
    nan = float("nan")
    source = Recording(
        dict(
            [
                series("d_bucket", [10.0, nan, 10.0], le="1", step=600),
                series("d_bucket", [20.0, 20.0, 20.0], le="3", step=600),
                series("d_bucket", [20.0, 20.0, nan], le="+Inf", step=600),
            ]
        )
    )
    moments = np.array([600, 1200, 1800], dtype=np.int64)
    found = evaluate(parse_promql("histogram_quantile(0.75, d_bucket)"), source, moments)
    np.testing.assert_allclose(found.values, [[2.0, 2.25, nan]])
    assert found.present.all()


def test_an_alarm_waits_for_the_pending_and_then_for_the_recovery_period() -> None:
    """Two minutes of breaches make an alarm, one minute without ends it; a shorter gap changes nothing."""
    source = Recording(dict([series("load", [0, 9, 9, 9, 0, 9, 0, 0, 0, 9, 9, 0])]))
    found = codes(alarm("load > 5", pending=120, recovery=60), source, moments_between(0, 720, 60))
    assert found.tolist() == [OK, OK, OK, ALARM, ALARM, ALARM, ALARM, OK, OK, OK, OK, OK]


def test_each_series_waits_for_itself() -> None:
    """Two series that breach in turn are no alarm when neither does for long enough."""
    source = Recording(dict([series("load", [9.0, 0.0] * 4, pod="a"), series("load", [0.0, 9.0] * 4, pod="b")]))
    moments = moments_between(0, 480, 60)
    assert (codes(alarm("load > 5", pending=60), source, moments) == OK).all()
    assert (codes(alarm("max(load) > 5", pending=60), source, moments) == ALARM)[1:].all()


def test_nothing_known_is_ok() -> None:
    """A PromQL alarm has no INSUFFICIENT_DATA."""
    assert codes(alarm("load > 5"), Recording({}), moments_between(0, 120, 60)).tolist() == [OK, OK]


def test_several_matches_are_refused() -> None:
    """Which of two series on the right would be meant is not guessed."""
    source = Recording(dict([series("a", [1.0]), series("b", [1.0], pod="x"), series("b", [1.0], pod="y")]))
    with pytest.raises(InputError, match="several series on the right of /"):
        codes(alarm("a / ignoring(pod) b"), source, moments_between(0, 60, 60))


def test_statistics_are_no_samples() -> None:
    """A series given as several samples a step is not one of Prometheus."""
    source = Recording({MetricId("", "up", ()): SampleSeries(0, 60, np.ones((1, 2)))})
    with pytest.raises(InputError, match="one value a step"):
        codes(alarm("up > 0"), source, moments_between(0, 60, 60))


class _Statistics:
    """A source like the sandbox's, which keeps no samples."""

    values = None
    metrics = None


def test_a_source_without_samples_is_refused() -> None:
    """Where only statistics are kept, PromQL is refused, not approximated."""
    with pytest.raises(UnsupportedError, match="needs the samples themselves"):
        codes(alarm("up > 0"), _Statistics(), moments_between(0, 60, 60))  # type: ignore[arg-type]


@given(
    breaching=st.lists(st.booleans(), min_size=1, max_size=30),
    pending=st.sampled_from([0, 30, 60, 120, 300]),
    recovery=st.sampled_from([0, 30, 60, 120, 300]),
)
@settings(max_examples=80, deadline=None)
def test_pending_and_recovery_are_those_of_a_plain_state_machine(
    breaching: list[bool], pending: int, recovery: int
) -> None:
    """At every evaluation the state is that of a machine that counts seconds, as the documentation tells it."""
    source = Recording(dict([series("load", [9.0 if breach else 0.0 for breach in breaching])]))
    found = codes(
        alarm("load > 5", pending=pending, recovery=recovery), source, moments_between(0, 60 * len(breaching), 60)
    )
    state, since, before = OK, 0, None
    for minute, breach in enumerate(breaching):
        now = 60 * minute
        since = now if breach is not before else since
        before = breach
        if breach and now - since >= pending:
            state = ALARM
        if not breach and now - since >= recovery:
            state = OK
        assert found[minute] == state
