"""Metric math: the documentation's examples, and what is refused. Random expressions are in ../reference."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.queries import as_series, evaluate_queries
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.values import Scalar, Series, Value
from alarmlab.engine.window import Window
from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.metric_math import MathError, parse
from alarmlab.model.metrics import MetricId, MetricQuery

N = np.nan
METRICS = {
    "m": [1, 2, N, 4, N],
    "n": [2, 0, 3, 2, N],
    "none": [N, N, N, N, N],
    # The metrics of the page's tables.
    "left": [30, 20, 0, 0, N],
    "right": [20, N, 20, N, N],
    "metric1": [1, 1, 0, 0, N],
    "metric2": [30, N, 0, 0, 30],
    "metric3": [0, 0, 20, N, 20],
}
WINDOW = Window(np.array([300]), 60, 5)


def value(expression: str, **others: str) -> Value:
    """What `expression` comes to on `METRICS`, beside other expressions by their ids."""
    recording = Recording(
        {MetricId("T", name): SampleSeries.of_values(0, 60, values) for name, values in METRICS.items()}
    )
    queries = [MetricQuery(id=name, metric=MetricId("T", name), stat="Sum") for name in METRICS]
    queries += [MetricQuery(id=name, expression=text) for name, text in {**others, "result": expression}.items()]
    return evaluate_queries(queries, source=recording, window=WINDOW)("result")


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("10 - 2 - 3", 5),
        ("1.5e2 / .3", 500),
        ("1 < 2 AND 2 >= 3 OR 1 == 1", 1),
        ("1 != 1 || 0 && 1", 0),
        ("MAX(m) - MIN(m)", 3),
        ("AVG(m) * 3", 7),
        ("SUM(none)", N),
        ("DATAPOINT_COUNT(none)", 0),
        ("STDDEV(n)", np.std([2, 0, 3, 2])),
        ("PERIOD(m)", 60),
        ("METRIC_COUNT(METRICS())", 8),
        ("METRIC_COUNT(REMOVE_EMPTY(METRICS()))", 7),
        ("METRIC_COUNT(SLICE(METRICS(), 6, 20))", 2),
        ("1 / 0", N),
        ("(-8) ^ 0.5", N),
    ],
)
def test_numbers(expression: str, result: float) -> None:
    """Expressions that come to a number, with the usual precedence."""
    found = value(expression)
    assert isinstance(found, Scalar)
    np.testing.assert_allclose(found.values, [[result]])


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("m + n", [3, 2, 3, 6, N]),
        ("m / n", [0.5, N, 0, 2, N]),
        ("n / m", [2, 0, N, 0.5, N]),
        ("m * 10", [10, 20, N, 40, N]),
        ("left < right", [0, 0, 1, 0, N]),
        ("left >= 30", [1, 0, 0, 0, N]),
        ("left > 15 AND right > 15", [1, 0, 0, 0, N]),
        ("IF(metric1, metric2, metric3)", [30, 0, 20, N, N]),
        ("IF(metric1, 5, metric3)", [5, 5, 20, N, N]),
        ("IF(metric1, metric2, 5)", [30, 0, 5, 5, N]),
        ("IF(metric1, metric2)", [30, 0, N, N, N]),
        ("IF(m < 3, 10, 2)", [10, 10, N, 2, N]),
        ("IF(0, m, n)", [2, 0, 3, 2, N]),
        ("IF(0, m)", [N] * 5),
        ("FILL(m, 0)", [1, 2, 0, 4, 0]),
        ("FILL(m, MIN(n))", [1, 2, 0, 4, 0]),
        ("FILL(m, n)", [1, 2, 3, 4, N]),
        ("FILL(none, 7)", [7] * 5),
        ("FILL(m, REPEAT)", [1, 2, 2, 4, 4]),
        ("FILL(m, LINEAR)", [1, 2, 3, 4, N]),
        ("SUM([m, n])", [3, 2, 3, 6, N]),
        ("AVG([m, n])", [1.5, 1, 1.5, 3, N]),
        ("AVG([none, m])", [0.5, 1, N, 2, N]),
        ("AVG(REMOVE_EMPTY([none, m]))", [1, 2, N, 4, N]),
        ("FIRST(REMOVE_EMPTY([none, m]))", [1, 2, N, 4, N]),
        ("FIRST(REMOVE_EMPTY([none]))", [N] * 5),
        ("DATAPOINT_COUNT([m, n])", [2, 2, 1, 2, N]),
        ('SUM(METRICS("metric"))', [31, 1, 20, 0, 50]),
        ('SUM([METRICS("left"), METRICS("right")])', [50, 20, 20, 0, N]),
        ("FIRST(SORT([m, n], MAX, DESC))", [1, 2, N, 4, N]),
        ("LAST(SLICE(SORT([m, n, none], SUM, ASC), 1))", [N] * 5),
        ("MAX(100 / [m, n])", [100, 50, 100 / 3, 50, N]),
        ("DIFF(m)", [N, 1, N, 2, N]),
        ("DIFF_TIME(m)", [N, 60, N, 120, N]),
        ("RATE(m)", [N, 1 / 60, N, 2 / 120, N]),
        ("RUNNING_SUM(m)", [1, 3, N, 7, N]),
        ("TIME_SERIES(5 * AVG(m))", [35 / 3] * 5),
        ("EPOCH(none)", [0, 60, 120, 180, 240]),
        ("MINUTE(m)", [0, 1, 2, 3, 4]),
        ("IF(DAY(m) == 4, m)", [1, 2, 0, 4, 0]),
        ("SUM(FILL([m, n], 0) * 2)", [6, 4, 6, 12, 0]),
        ("LOG10(m - 1)", [N, 0, N, np.log10(3), N]),
    ],
)
def test_series(expression: str, result: list[float]) -> None:
    """The page's tables, and each function: one missing of two counts as 0, dividing by zero leaves nothing."""
    found = value(expression)
    assert isinstance(found, Series)
    np.testing.assert_allclose(found.values, [result])


def test_expressions_use_each_other() -> None:
    """An expression may refer to another."""
    np.testing.assert_array_equal(value("rate * 100", rate="m / n").values, [[50, N, 0, 200, N]])


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("m +", "it ends early"),
        ("m n", "unexpected 'n'"),
        ("m $ n", r"unexpected '\$ n'"),
        ("m % 2", "unexpected '% 2'"),
        ("EXP(m)", "there is no function EXP: use ABS, ANOMALY_DETECTION_BAND"),
        ("IF(m)", "IF takes 2 to 3 arguments, found 1"),
        ("missing * 2", "no metric or expression with the id 'missing'"),
        ("result + 1", "result -> result"),
        ("DIFF(3)", "DIFF takes a time series"),
        ("HOUR([m, n])", "HOUR takes one time series, not an array"),
        ("IF([m, n], 1, 0)", "IF takes time series and numbers, not arrays"),
        ("[m] + [n]", "takes one array at most"),
        ("MAX([m, 0])", r"an array takes time series, not numbers: use TIME_SERIES\(number\)"),
        ("SUM(3)", "SUM takes a time series"),
        ("FIRST(m)", "FIRST takes an array"),
        ("SLICE(METRICS(), m)", "SLICE takes a number there"),
        ("SORT(METRICS(), AVG, UP)", "SORT takes one of ASC, DESC"),
        ("SORT(METRICS(), STDDEV, ASC)", "SORT takes one of AVG, MIN, MAX, SUM"),
        ("FILL(3, 0)", "FILL takes a time series"),
        ("FILL(m, METRICS())", "not with an array"),
        ("'text'", "only METRICS takes a text"),
        ("METRICS(m)", "METRICS takes a quoted text"),
        ("ANOMALY_DETECTION_BAND(m + n)", "takes the id of a metric or of an expression"),
        ("ANOMALY_DETECTION_BAND(m, n)", "and a number of standard deviations"),
        ("MAX(ANOMALY_DETECTION_BAND(all))", "'all' is not one"),
        ("(" * 80 + "1" + ")" * 80, "nested more than"),
    ],
)
def test_what_is_not_understood_is_named(expression: str, problem: str) -> None:
    """An expression that cannot be evaluated says what in it is wrong."""
    with pytest.raises(MathError, match=problem):
        value(expression, all="METRICS()")


@pytest.mark.parametrize("function", ["SEARCH", "INSIGHT_RULE_METRIC", "SERVICE_QUOTA", "DB_PERF_INSIGHTS", "LAMBDA"])
def test_what_cannot_be_evaluated_is_refused_by_name(function: str) -> None:
    """What needs a live account, or is not allowed in alarms, is refused with the reason."""
    with pytest.raises(UnsupportedError, match=f"{function} is not supported: (it|CloudWatch) "):
        value(f"{function}('x', 'y')")


def test_periods_of_one_expression() -> None:
    """Series of two periods do not mix; alone, each sees the same stretch of time."""
    recording = Recording({MetricId("T", "m"): SampleSeries.of_values(0, 60, np.arange(10))})
    queries = [
        MetricQuery(id="fast", metric=MetricId("T", "m"), stat="Sum", period=60),
        MetricQuery(id="slow", metric=MetricId("T", "m"), stat="Sum", period=300),
        MetricQuery(id="both", expression="fast + slow"),
    ]
    resolve = evaluate_queries(queries, source=recording, window=Window(np.array([600]), 60, 10))
    np.testing.assert_array_equal(resolve("slow").values, [[10, 35]])
    with pytest.raises(MathError, match=r"must have one period, found \[60, 300\]"):
        resolve("both")


def test_a_number_becomes_a_flat_line() -> None:
    """On a graph a number is a line, and an array as many lines as it has series."""
    [line] = as_series(value("2"), WINDOW)
    np.testing.assert_array_equal(line, [[2] * 5])
    assert len(as_series(value("METRICS()"), WINDOW)) == len(METRICS)


def test_a_band_in_an_expression() -> None:
    """FIRST of a band is its upper bound, LAST its lower one; both follow the metric, and a wider band is wider."""
    days = 15
    values = 100 + np.random.default_rng(2).normal(0, 1, days * 288)
    recording = Recording({MetricId("T", "m"): SampleSeries.of_values(0, 300, values)})
    queries = [
        MetricQuery(id="m", metric=MetricId("T", "m"), stat="Average", period=300),
        MetricQuery(id="upper", expression="FIRST(ANOMALY_DETECTION_BAND(m))", period=300),
        MetricQuery(id="lower", expression="LAST(ANOMALY_DETECTION_BAND(m, 4))", period=300),
    ]
    resolve = evaluate_queries(queries, source=recording, window=Window(np.array([days * 86_400]), 300, 3))
    above, below = resolve("upper").values - 100, 100 - resolve("lower").values
    assert ((above > 1) & (above < 4) & (below > above)).all()


@settings(deadline=None)
@given(st.text(alphabet="mn 1.5+-*/^<>=&|()[],'\"SUMIFAND_", max_size=40))
def test_parser_answers_or_refuses(text: str) -> None:
    """Whatever the text, the parser gives a tree or one line of what is wrong, nothing else."""
    with suppress(InputError):
        assert parse(text)
