"""The series that Metrics Insights queries find."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.insights import contributors
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.window import Window
from alarmlab.errors import UnsupportedError
from alarmlab.model.insights import parse_insights
from alarmlab.model.metrics import MetricId, dimensions_of

NAN = float("nan")


def metric(name: str = "Busy", **dimensions: str) -> MetricId:
    """A metric of one's own."""
    return MetricId("App", name, dimensions_of(dimensions))


def recording(series: dict[MetricId, list[list[float]]]) -> Recording:
    """Samples from second 0, a row a minute."""
    return Recording({id: SampleSeries(0, 60, np.array(rows, dtype=np.float64)) for id, rows in series.items()})


def found(query: str, source: Recording, *, moment: int = 180, periods: int = 3) -> dict[str, list[float]]:
    """The answer at one moment."""
    window = Window(np.array([moment], dtype=np.int64), 60, periods)
    return {label: values[0].tolist() for label, values in contributors(parse_insights(query), source, window).items()}


SOURCE = recording(
    {
        metric(Host="a", Zone="x"): [[1.0, 3.0], [5.0, NAN], [NAN, NAN]],
        metric(Host="b", Zone="x"): [[10.0, NAN], [7.0, NAN], [NAN, NAN]],
        metric(Host="c", Zone="y"): [[2.0, NAN], [NAN, NAN], [8.0, NAN]],
        metric(Zone="y"): [[100.0, NAN], [100.0, NAN], [100.0, NAN]],
        metric("Other", Host="a"): [[1000.0, NAN], [1000.0, NAN], [1000.0, NAN]],
    }
)
ALL = 'FROM SCHEMA("App", Host, Zone)'


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("AVG", [4.0, 6.0, 8.0]),
        ("SUM", [16.0, 12.0, 8.0]),
        ("MIN", [1.0, 5.0, 8.0]),
        ("MAX", [10.0, 7.0, 8.0]),
        ("COUNT", [4.0, 2.0, 1.0]),
    ],
)
def test_functions_are_over_all_samples_of_all_metrics(function: str, expected: list[float]) -> None:
    """An average weighs every sample alike, not every metric."""
    assert found(f"SELECT {function}(Busy) {ALL}", SOURCE) == {"": expected}


def test_a_schema_is_the_exact_set_of_dimensions() -> None:
    """FROM takes any dimensions, SCHEMA exactly those named."""
    assert found("SELECT SUM(Busy) FROM App", SOURCE) == {"": [116.0, 112.0, 108.0]}
    assert found("SELECT SUM(Busy) FROM SCHEMA(App, Zone)", SOURCE) == {"": [100.0, 100.0, 100.0]}
    assert found("SELECT SUM(Busy) FROM SCHEMA(App)", SOURCE) == {}


def test_groups_are_the_values_of_dimensions_and_other_where_there_is_none() -> None:
    """A metric without the dimension is in the group that the documentation calls Other."""
    answer = found("SELECT MAX(Busy) FROM App GROUP BY Zone, Host", SOURCE)
    assert list(answer) == ["x a", "x b", "y Other", "y c"]
    assert answer["y Other"] == [100.0, 100.0, 100.0]


def test_conditions_hold_together_and_only_on_metrics_with_the_dimension() -> None:
    """`!=` finds no metric that lacks the dimension."""
    assert list(found("SELECT MAX(Busy) FROM App WHERE Host != 'a' AND Zone = 'x' GROUP BY Host", SOURCE)) == ["b"]
    assert list(found("SELECT MAX(Busy) FROM App WHERE Host != 'a' GROUP BY Host", SOURCE)) == ["b", "c"]


def test_a_limit_keeps_the_first_series_of_each_row() -> None:
    """The order is by all datapoints of the row, so it changes from one evaluation to the next."""
    query = f"SELECT MAX(Busy) {ALL} GROUP BY Host ORDER BY MAX() DESC LIMIT 1"
    assert found(query, SOURCE, moment=120, periods=2)["b"] == [10.0, 7.0]
    assert np.isnan(found(query, SOURCE, moment=120, periods=2)["a"]).all()
    assert found(query, SOURCE, moment=180, periods=1)["c"] == [8.0]
    assert np.isnan(found(query, SOURCE, moment=180, periods=1)["b"]).all()


def test_without_an_order_a_limit_is_by_label() -> None:
    """GROUP BY alone orders by labels."""
    answer = found(f"SELECT MAX(Busy) {ALL} GROUP BY Host LIMIT 2", SOURCE)
    assert np.isnan(answer["c"]).all()
    assert answer["a"][:2] == [3.0, 5.0]


def test_more_than_three_hours_ago_is_not_seen() -> None:
    """An alarm's query reads the latest three hours only."""
    source = recording({metric(Host="a"): [[1.0]] * 300})
    window = Window(np.array([18_000], dtype=np.int64), 3600, 5)
    values = contributors(parse_insights("SELECT SUM(Busy) FROM App"), source, window)[""]
    np.testing.assert_array_equal(values, [[NAN, NAN, 60.0, 60.0, 60.0]])


def test_more_metrics_than_cloudwatch_looks_at_are_refused() -> None:
    """Which 10,000 of them it would take is not documented."""
    empty = SampleSeries(0, 60, np.empty((0, 1)))
    source = Recording({metric(Host=str(host)): empty for host in range(10_001)})
    with pytest.raises(UnsupportedError, match="10001 metrics match"):
        found("SELECT MAX(Busy) FROM App", source)


SCALARS: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "COUNT": len,
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}
VALUES = st.one_of(st.just(NAN), st.integers(-5, 5).map(float))


@given(
    rows=st.lists(st.lists(VALUES, min_size=6, max_size=6), min_size=1, max_size=6),
    order=st.sampled_from(["AVG", "COUNT", "MAX", "MIN", "SUM"]),
    descending=st.booleans(),
    limit=st.integers(1, 4),
)
@settings(max_examples=60, deadline=None)
def test_top_n_is_that_of_a_plain_sort(rows: list[list[float]], order: str, descending: bool, limit: int) -> None:
    """At each moment the series returned are the first of a sort, written down plainly, of those with datapoints."""
    source = recording({metric(Host=str(host)): [[value] for value in row] for host, row in enumerate(rows)})
    direction = "DESC" if descending else "ASC"
    query = parse_insights(f"SELECT MAX(Busy) FROM App GROUP BY Host ORDER BY {order}() {direction} LIMIT {limit}")
    moments = np.array([180, 240, 300, 360], dtype=np.int64)
    answer = contributors(query, source, Window(moments, 60, 3))
    for at in range(len(moments)):
        points = {str(host): [v for v in row[at : at + 3] if not math.isnan(v)] for host, row in enumerate(rows)}
        sign = -1 if descending else 1
        there = [host for host in points if points[host]]
        order_of = SCALARS[order]
        there.sort(key=lambda host: sign * order_of(points[host]))
        returned = {host for host, values in answer.items() if not np.isnan(values[at]).all()}
        assert returned == set(there[:limit])
