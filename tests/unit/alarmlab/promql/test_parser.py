"""PromQL as text."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.promql import NAME, Aggregation, Binary, Call, Matcher, Matching, Negation, Number, Selector
from alarmlab.model.promql_parser import MAX_OPERATORS, parse_promql

UP = Selector((Matcher(NAME, "=", "up"),))


def test_names_and_labels_may_be_quoted() -> None:
    """OpenTelemetry's names have dots: CloudWatch takes the quoted form of Prometheus 3."""
    assert parse_promql('{"http.server.active_requests", "@resource.service.name"=~"rank.*"}') == Selector(
        (
            Matcher(NAME, "=", "http.server.active_requests"),
            Matcher("@resource.service.name", "=~", "rank.*"),
        )
    )
    assert parse_promql('{__name__="up"}') == UP == parse_promql("up{}")


def test_operators_bind_as_in_prometheus() -> None:
    """A power binds tighter than a sign and to the right, `or` loosest."""
    power = Binary("^", UP, Binary("^", Number(2.0), Number(3.0)))
    assert parse_promql("-up ^ 2 ^ 3") == Negation(power)
    assert parse_promql("up or up and up > 1 + 2 * 3") == Binary(
        "or",
        UP,
        Binary("and", UP, Binary(">", UP, Binary("+", Number(1.0), Binary("*", Number(2.0), Number(3.0))))),
    )
    assert parse_promql("up - 1 - 2") == Binary("-", Binary("-", UP, Number(1.0)), Number(2.0))


def test_modifiers_ranges_and_offsets_are_read() -> None:
    """What stands after an operator, a selector and an aggregation."""
    assert parse_promql("up / on(a) group_left(b) up") == Binary(
        "/", UP, UP, matching=Matching(labels=("a",), ignoring=False, many="left", include=("b",))
    )
    assert parse_promql("rate(up[1h30m] offset -5m)") == Call("rate", (Selector(UP.matchers, 5400.0, -300.0),))
    grouped = Aggregation("sum", UP, None, ("a", "b"))
    assert parse_promql("sum by (a, b) (up)") == grouped == parse_promql("SUM(up) BY (a, b,)")
    assert parse_promql("quantile(0.9, up) # ninth decile") == Aggregation("quantile", UP, Number(0.9))


@pytest.mark.parametrize(
    ("query", "thing"),
    [
        ("max_over_time(rate(up[1m])[5m:1m])", "a subquery"),
        ("up[5m:1m]", "a subquery"),
        ("up @ 1609746000", "the modifier @"),
        ("predict_linear(up[5m], 60)", "predict_linear()"),
        ('label_replace(up, "a", "$1", "b", "(.*)")', "label_replace()"),
        ('count_values("a", up)', "count_values"),
        ("up atan2 up", "atan2"),
    ],
)
def test_what_is_not_evaluated_is_refused_by_name(query: str, thing: str) -> None:
    """The message names the query and the thing in it."""
    with pytest.raises(UnsupportedError) as error:
        parse_promql(query)
    assert str(error.value) == f"Query {query!r}: {thing} is not evaluated here"


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "0 characters"),
        ("1 + 1", "gives a scalar, an alarm needs a vector"),
        ("up[5m]", "gives a range, an alarm needs a vector"),
        ('{pod="a"}', "by the name of a metric"),
        ("rate(up)", "rate() takes (range), found (vector)"),
        ("sum(up, up)", "sum() takes (vector), found (vector, vector)"),
        ("up > bool", "expected an expression, found 'the end'"),
        ("1 > 2", "> between numbers needs bool"),
        ("up + bool 1", "bool is for comparisons"),
        ("up and 1", "and takes two vectors"),
        ("up + on(a) 1", "on and ignoring are for two vectors"),
        ("up and on(a) group_left() up", "group_left is not for and"),
        ('up{a=~"("}', "is not a regular expression"),
        ("up)", "unexpected ')'"),
        ("up $", "unexpected '$' at character 4"),
        ("up[0s]", "the duration 0s is not positive"),
        ("(" * 200 + "up" + ")" * 200, "nested more than"),
        ("+".join(["up"] * (MAX_OPERATORS + 2)), "more than 200 operators"),
    ],
)
def test_an_error_says_what_is_wrong(query: str, problem: str) -> None:
    """One line, with what was found."""
    with pytest.raises(InputError) as error:
        parse_promql(query)
    assert problem in str(error.value)


@given(st.text(alphabet='up sumrate(){}[]=~!"5m:<>+-^ onby,@#\\', max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_parser(text: str) -> None:
    """Whatever is written is read, or refused with an error of ours."""
    with suppress(InputError):
        parse_promql(text)
