"""Statistics, metric math and the queries they serve."""

from contextlib import suppress
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import settings as relaxed
from hypothesis import strategies as st

from sandbox.alarms.metric_math import MathError, parse
from sandbox.alarms.queries import MetricQuery, as_series, evaluate_queries
from sandbox.alarms.series import Series, Value
from sandbox.alarms.statistics import Samples, UnknownStatisticError, merged, statistic

STARTS = range(0, 300, 60)
METRICS = {
    "m": {0: 1.0, 60: 2.0, 180: 4.0},
    "n": {0: 2.0, 60: 0.0, 120: 3.0, 180: 2.0},
    "none": {},
}


def value(expression: str, **others: str) -> Value:
    """What `expression` comes to on `METRICS`, beside other expressions by their ids."""
    queries = [MetricQuery(id=name, name=name, namespace="N", stat="Sum") for name in METRICS]
    queries += [MetricQuery(id=name, expression=text) for name, text in {**others, "result": expression}.items()]
    return evaluate_queries(
        queries, fetch=lambda query: Series(METRICS[query.id], 60), grid=lambda period: range(0, 300, period)
    )("result")


def values(expression: str, **others: str) -> dict[int, float]:
    """The same, of an expression that comes to one time series."""
    result = value(expression, **others)
    assert isinstance(result, Series)
    return result.values


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("-2 ^ 2", -4.0),
        ("10 - 2 - 3", 5.0),
        ("1.5e2 / 3", 50.0),
        ("1 < 2 AND 2 >= 3 OR 1 == 1", 1.0),
        ("1 != 1 || 0 && 1", 0.0),
        ("SUM(m)", 7.0),
        ("MAX(m) - MIN(m)", 3.0),
        ("AVG(m) * 3", 7.0),
        ("PERIOD(m)", 60.0),
        ("MAX([3, 5, 4])", 5.0),
        ("ABS(-3)", 3.0),
        ("CEIL(1.2) + FLOOR(1.8)", 3.0),
        ("IF(0, 5, 6)", 6.0),
    ],
)
def test_numbers(expression: str, result: float) -> None:
    """Expressions that come to one number, with the usual precedence."""
    assert value(expression) == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("m * 10", {0: 10.0, 60: 20.0, 180: 40.0}),
        ("10 - m", {0: 9.0, 60: 8.0, 180: 6.0}),
        ("m + n", {0: 3.0, 60: 2.0, 180: 6.0}),
        ("m / n", {0: 0.5, 180: 2.0}),
        ("m > 1", {0: 0.0, 60: 1.0, 180: 1.0}),
        ("IF(n > 1, m / n, 0)", {0: 0.5, 60: 0.0, 180: 2.0}),
        ("IF(n > 1, n)", {0: 2.0, 120: 3.0, 180: 2.0}),
        ("FILL(m, 0)", {0: 1.0, 60: 2.0, 120: 0.0, 180: 4.0, 240: 0.0}),
        ("FILL(none, 7)", dict.fromkeys(STARTS, 7.0)),
        ("FILL(m, REPEAT)", {0: 1.0, 60: 2.0, 120: 2.0, 180: 4.0, 240: 4.0}),
        ("FILL(m, LINEAR)", {0: 1.0, 60: 2.0, 120: 3.0, 180: 4.0}),
        ("SUM([m, n])", {0: 3.0, 60: 2.0, 120: 3.0, 180: 6.0}),
        ("SUM(METRICS())", {0: 3.0, 60: 2.0, 120: 3.0, 180: 6.0}),
        ('SUM(METRICS("m"))', {0: 1.0, 60: 2.0, 180: 4.0}),
        ("AVG([m, n, 3])", {0: 2.0, 60: 5 / 3, 120: 3.0, 180: 3.0}),
        ("DIFF(m)", {60: 1.0, 180: 2.0}),
        ("RATE(m)", {60: 1 / 60, 180: 2 / 120}),
        ("RUNNING_SUM(m)", {0: 1.0, 60: 3.0, 180: 7.0}),
        ("SUM(FILL([m, n], 0) * 2)", {0: 6.0, 60: 4.0, 120: 6.0, 180: 12.0, 240: 0.0}),
    ],
)
def test_series(expression: str, result: dict[int, float]) -> None:
    """Expressions on series: what is missing stays missing unless filled, and dividing by zero leaves nothing."""
    assert values(expression) == pytest.approx(result)


def test_expressions_use_each_other() -> None:
    """An expression may refer to another, each computed once."""
    assert values("rate * 100", rate="m / n") == {0: 50.0, 180: 200.0}


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("m +", "it ends early"),
        ("m n", "unexpected 'n'"),
        ("m $ n", r"unexpected '\$ n'"),
        ("SEARCH('x', 'Sum')", "function SEARCH is not supported: use METRICS, IF"),
        ("IF(m)", "IF takes 2 or 3 arguments, found 1"),
        ("missing * 2", "no metric or expression with the id 'missing'"),
        ("result + 1", "result -> result"),
        ("DIFF(3)", "DIFF takes a time series"),
        ("IF([m, n], 1, 0)", "IF takes one time series or number"),
        ("[m] + [n]", "takes one array at most"),
        ("'text'", "only METRICS takes a text"),
        ("METRICS(m)", "METRICS takes a quoted text"),
        ("m + slow", "must have one period"),
        ("(" * 80 + "1" + ")" * 80, "nested more than"),
    ],
)
def test_what_is_not_understood_is_named(expression: str, problem: str) -> None:
    """An expression that cannot be evaluated says what in it is wrong."""
    queries = [MetricQuery(id=name, name=name) for name in (*METRICS, "slow")]
    queries.append(MetricQuery(id="result", expression=expression))

    def fetch(query: MetricQuery) -> Series:
        return Series({0: 1.0}, 300 if query.id == "slow" else 60)

    with pytest.raises(MathError, match=problem):
        evaluate_queries(queries, fetch=fetch, grid=lambda period: range(0, 300, period))("result")


@relaxed(deadline=None)
@given(st.text(alphabet="mn 1.5+-*/^<>=&|()[],'\"SUMIFAND_", max_size=40))
def test_parser_answers_or_refuses(text: str) -> None:
    """Whatever the text, the parser gives a tree or a MathError, nothing else."""
    with suppress(MathError):
        assert parse(text)


def test_number_becomes_a_flat_line() -> None:
    """A number on a graph is a line over all periods."""
    assert as_series(2.0, starts=STARTS) == (Series(dict.fromkeys(STARTS, 2.0), 60),)


def samples(*numbers: float) -> Samples:
    """These numbers, one sample each."""
    held = Samples()
    for number in numbers:
        held.add(number)
    return held


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("Average", 4.0),
        ("Sum", 20.0),
        ("Minimum", 1.0),
        ("Maximum", 10.0),
        ("SampleCount", 5.0),
        ("p0", 1.0),
        ("p50", 3.0),
        ("p90", 7.6),
        ("p100", 10.0),
        ("p12.5", 1.5),
        ("tm80", 2.5),
        ("ts80", 10.0),
        ("tc80", 4.0),
        ("wm80", 2.8),
    ],
)
def test_statistics(name: str, result: float) -> None:
    """Each statistic of 1, 2, 3, 4 and 10."""
    assert statistic(samples(1, 2, 3, 4, 10), name) == pytest.approx(result)


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
    assert statistic(whole, "Average") == pytest.approx(mean(numbers))
    median = statistic(whole, "p50")
    ordered = sorted(numbers)
    assert median is not None
    assert percentile_of_list(ordered, 0.4) - 1e-6 <= median <= percentile_of_list(ordered, 0.6) + 1e-6


def test_statistic_sets_have_no_percentiles_unless_all_samples_are_equal() -> None:
    """A set with a spread says nothing about percentiles; one whose samples are all equal does."""
    held = samples(5)
    held.add_set(count=2, total=10, minimum=5, maximum=5)
    assert statistic(held, "p50") == 5.0
    held.add_set(count=2, total=10, minimum=1, maximum=9)
    assert statistic(held, "p50") is None
    assert (statistic(held, "SampleCount"), statistic(held, "Minimum"), statistic(held, "Average")) == (5, 1, 5)


def test_no_samples_and_negative_values() -> None:
    """No samples have no statistics; negative values have no percentiles."""
    assert statistic(Samples(), "Sum") is None
    assert statistic(samples(-1, 1), "p50") is None
    assert statistic(samples(-1, 1), "Sum") == 0


def test_merged_is_what_adding_would_have_been() -> None:
    """Joining periods loses nothing, with the distribution or without."""
    parts = [samples(1, 2), samples(2, 9)]
    assert merged(parts) == samples(1, 2, 2, 9)
    assert statistic(merged(parts, distribution=False), "Sum") == 14
    assert statistic(merged(parts, distribution=False), "p50") is None


def test_unknown_statistic_is_named() -> None:
    """A statistic beyond those known is refused by its name."""
    with pytest.raises(UnknownStatisticError, match="'IQM' is not supported"):
        statistic(samples(1), "IQM")
