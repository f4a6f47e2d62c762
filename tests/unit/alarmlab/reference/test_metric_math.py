"""Metric math on whole matrices comes to what the reference finds row by row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.queries import evaluate_queries
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.values import Scalar, Series, SeriesArray, Value
from alarmlab.engine.window import Window
from alarmlab.model.metric_math import parse
from alarmlab.model.metrics import MetricId, MetricQuery
from tests.unit.alarmlab.reference.metric_math import Result, Row, evaluate

IDS = ("a", "b", "c")
# A Tuesday evening before the end of a year, so that every part of the calendar changes within the rows.
START = 1_767_139_200
PERIOD = 3600
VALUES = st.lists(st.one_of(st.just(np.nan), st.just(np.nan), st.integers(-4, 9).map(float)), min_size=9, max_size=9)

numbers = st.sampled_from(["0", "1", "2", "0.5", "10", "-3"])
names = st.sampled_from(IDS)


def _series(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    scalars = st.one_of(numbers, _format("{}({})", st.sampled_from(REDUCTIONS), inner), _format("PERIOD({})", names))
    several = st.one_of(
        st.just("METRICS()"),
        _format("[{}, {}]", inner, inner),
        _format("SORT(METRICS(), {}, {})", st.sampled_from(["AVG", "MIN", "MAX", "SUM"]), ORDER),
        _format("SORT([{}, {}], SUM, {}, 1)", inner, inner, ORDER),
        _format("SLICE(METRICS(), {}, {})", st.sampled_from("01"), st.sampled_from("123")),
        _format("REMOVE_EMPTY([{}, {}])", inner, inner),
        _format("FILL(METRICS(), {})", inner),
        _format("METRICS() {} {}", OPERATOR, inner),
    )
    arrays = st.one_of(
        several,
        _format("SORT({}, {}, {})", several, st.sampled_from(["AVG", "SUM"]), ORDER),
        _format("SLICE({}, 1)", several),
        _format("REMOVE_EMPTY({})", several),
    )
    return st.one_of(
        _format("({} {} {})", inner, OPERATOR, inner),
        _format("({} {} {})", inner, OPERATOR, scalars),
        _format("({} {} {})", scalars, OPERATOR, inner),
        _format("(-{})", inner),
        _format("{}({})", st.sampled_from(["ABS", "CEIL", "FLOOR", "LOG", "LOG10", *ALONG]), inner),
        _format("FILL({}, {})", inner, st.one_of(numbers, st.sampled_from(["REPEAT", "LINEAR"]), inner)),
        _format("IF({}, {}, {})", inner, st.one_of(inner, numbers), st.one_of(inner, numbers)),
        _format("IF({}, {})", inner, st.one_of(inner, numbers)),
        _format("IF({}, {}, {})", scalars, inner, inner),
        _format("{}({})", st.sampled_from(REDUCTIONS), arrays),
        _format("{}({})", st.sampled_from(["FIRST", "LAST"]), arrays),
        _format("{}({})", st.sampled_from(["MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH"]), inner),
        _format("TIME_SERIES({})", scalars),
        _format("({} / METRIC_COUNT({}))", inner, arrays),
    )


def _format(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda texts: template.format(*texts))


OPERATOR = st.sampled_from(["+", "-", "*", "/", "^", "==", "!=", "<", ">", "<=", ">=", "AND", "OR", "&&", "||"])
ORDER = st.sampled_from(["ASC", "DESC"])
REDUCTIONS = ["SUM", "AVG", "MIN", "MAX", "STDDEV", "DATAPOINT_COUNT"]
ALONG = ["RATE", "DIFF", "DIFF_TIME", "RUNNING_SUM"]
EXPRESSIONS = st.recursive(names, _series, max_leaves=8)


def vectorised(expression: str, columns: dict[str, list[float]], window: Window) -> Value:
    """The engine's value."""
    recording = Recording(
        {MetricId("T", name): SampleSeries.of_values(START, PERIOD, values) for name, values in columns.items()}
    )
    queries = [MetricQuery(id=name, metric=MetricId("T", name), stat="Average", period=PERIOD) for name in columns]
    queries.append(MetricQuery(id="result", expression=expression, period=PERIOD))
    return evaluate_queries(queries, source=recording, window=window)("result")


def of_row(value: Value, index: int) -> Result:
    """One row of the engine's value, as the reference writes it."""
    match value:
        case Scalar(values):
            return None if np.isnan(values[index, 0]) else float(values[index, 0])
        case Series(values):
            return {at: float(number) for at, number in enumerate(values[index]) if not np.isnan(number)}
        case SeriesArray():
            return [
                {at: float(number) for at, number in enumerate(series[index]) if not np.isnan(number)}
                for series, there in zip(value.values, value.there, strict=True)
                if there[index]
            ]


@settings(max_examples=500, deadline=None)
@given(expression=EXPRESSIONS, values=st.tuples(VALUES, VALUES, VALUES))
def test_expressions(expression: str, values: tuple[list[float], ...]) -> None:
    """Any expression over three sparse metrics, in each of five rows that see four periods each."""
    columns = dict(zip(IDS, values, strict=True))
    window = Window(START + PERIOD * np.arange(4, 9), PERIOD, 4)
    found = vectorised(expression, columns, window)
    for index in range(5):
        seen = {
            name: {at: value for at, value in enumerate(column[index : index + 4]) if not np.isnan(value)}
            for name, column in columns.items()
        }
        starts = [START + PERIOD * (index + at) for at in range(4)]
        wanted = evaluate(parse(expression), Row(seen, starts, PERIOD))
        assert _close(of_row(found, index), wanted), f"{expression} in row {index}: {of_row(found, index)} {wanted}"


def _close(found: Result, wanted: Result) -> bool:
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(found[at] == pytest.approx(wanted[at], 1e-9) for at in found)
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_close, found, wanted))
    return found == (wanted if wanted is None else pytest.approx(wanted, 1e-9))
