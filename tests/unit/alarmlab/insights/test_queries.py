"""Metrics Insights queries as text."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.insights import Condition, InsightsQuery, is_insights, parse_insights


def test_every_clause_is_read() -> None:
    """The documentation's longest example, with keywords in either case."""
    assert parse_insights(
        """select SUM(RequestCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer, AvailabilityZone)
        WHERE LoadBalancer = 'app/load-balancer-1' and AvailabilityZone != 'us-east-1a'
        Group By AvailabilityZone ORDER BY MAX() DESC LIMIT 5;"""
    ) == InsightsQuery(
        function="SUM",
        metric="RequestCount",
        namespace="AWS/ApplicationELB",
        schema=frozenset({"LoadBalancer", "AvailabilityZone"}),
        where=(
            Condition("LoadBalancer", "app/load-balancer-1"),
            Condition("AvailabilityZone", "us-east-1a", negated=True),
        ),
        group_by=("AvailabilityZone",),
        order_by="MAX",
        descending=True,
        limit=5,
    )


def test_a_namespace_alone_takes_any_dimensions_and_a_bare_schema_none() -> None:
    """FROM "ns" has no schema, SCHEMA("ns") the empty one."""
    assert parse_insights('SELECT AVG(CPUUtilization) FROM "AWS/EC2"').schema is None
    assert parse_insights('SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2")').schema == frozenset()


def test_quoted_names_may_be_keywords_and_hold_quotes() -> None:
    """`"LIMIT"` is a metric, and a quotation mark is escaped with a backslash."""
    query = parse_insights(
        r'SELECT AVG("LIMIT") FROM MyApp WHERE "Bytes\"In\"" = \'a b\' ORDER BY AVG()'.replace("\\'", "'")
    )
    assert query.metric == "LIMIT"
    assert query.where == (Condition('Bytes"In"', "a b"),)
    assert (query.order_by, query.descending) == ("AVG", False)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SELECT P99(x) FROM a", "expected AVG, COUNT, MAX, MIN, SUM, found 'P99'"),
        ("SELECT AVG(x)", "expected FROM, found 'the end'"),
        ("SELECT AVG(x) FROM AWS/EC2", "unexpected '/'"),
        ('SELECT AVG(x) FROM a WHERE b = "c"', "expected a value in single quotes, found 'c'"),
        ("SELECT AVG(x) FROM a WHERE b > 'c'", "unexpected '>'"),
        ("SELECT AVG(x) FROM a WHERE b = 'c' OR d = 'e'", "OR is not an operator of WHERE"),
        ("SELECT AVG(x) FROM a LIMIT 501", "LIMIT: '501' is not between 1 and 500"),
        ("SELECT AVG(x) FROM a GROUP BY", "expected a dimension, found 'the end'"),
        ("SELECT AVG(x) FROM a HAVING y", "expected WHERE, GROUP, ORDER, LIMIT or the end, found 'HAVING'"),
    ],
)
def test_an_error_names_the_query_and_what_is_wrong(text: str, problem: str) -> None:
    """The message quotes the query, and what was found where something else belongs."""
    with pytest.raises(InputError) as error:
        parse_insights(text)
    assert problem in str(error.value)
    assert text in str(error.value)


def test_filters_by_tags_are_refused_by_name() -> None:
    """A metric has no tags here, so a filter by them would be a guess."""
    with pytest.raises(UnsupportedError, match=r"tag\.env is not supported"):
        parse_insights("SELECT AVG(x) FROM a WHERE tag.env = 'prod'")


def test_metric_math_is_no_query() -> None:
    """An id that begins with the keyword is metric math."""
    assert is_insights("  select AVG(a) FROM b")
    assert not is_insights("selected / 2")


@given(st.text(alphabet="SELECTAVG(x)FROMWHERE\"'=! ,.\\", max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_the_parser(text: str) -> None:
    """Whatever is written is read, or refused with an error of ours."""
    with suppress(InputError):
        parse_insights("SELECT " + text)
