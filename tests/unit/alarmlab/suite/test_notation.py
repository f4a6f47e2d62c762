"""promtool's notation for series."""

import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.errors import InputError
from alarmlab.suite.notation import expand, expand_groups, padded

_NUMBERS = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.floats(-1e6, 1e6, allow_nan=False).map(repr),
    st.sampled_from(["+3", ".5", "2.", "1e3", "-1.5E-2", "1e+2"]),
)
_STEPS = st.one_of(st.just(""), st.tuples(st.sampled_from("+-"), st.sampled_from(["1", "0.25", "1e2"])).map("".join))


@st.composite
def _items(draw: st.DrawFn) -> tuple[str, list[float]]:
    """An item, and its values by the words of the documentation: `a+bxn` is a, a+b, a+2b ... a+nb."""
    kind = draw(st.sampled_from(["value", "series", "gap", "gaps"]))
    more = draw(st.integers(0, 6))
    match kind:
        case "gap":
            return "_", [math.nan]
        case "gaps":
            return f"_x{more}", [math.nan] * more
        case "value":
            number = draw(_NUMBERS)
            return number, [float(number)]
        case _:
            number, step = draw(_NUMBERS), draw(_STEPS)
            return f"{number}{step}x{more}", [float(number) + index * float(step or 0) for index in range(more + 1)]


@settings(max_examples=200)
@given(st.lists(_items(), min_size=1, max_size=6), st.sampled_from([" ", "  ", "\n", "\t "]))
def test_expands_to_what_the_documentation_says(items: list[tuple[str, list[float]]], space: str) -> None:
    """Every mixture of numbers, sequences, repetitions and gaps is the values of its items one after the other."""
    expected = [value for _, values in items for value in values]
    np.testing.assert_allclose(expand(space.join(text for text, _ in items)), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("-2+4x3", [-2, 2, 6, 10]),
        ("1-2x4", [1, -1, -3, -5, -7]),
        ("1x4", [1, 1, 1, 1, 1]),
        ("1 _ _x2 4", [1, None, None, None, 4]),
        ("-1e2x1", [-100, -100]),
        ("1e+1+1e-1x1", [10, 10.1]),
    ],
)
def test_examples_of_promtool(text: str, values: list[float | None]) -> None:
    """The examples of promtool's page come out as it says."""
    assert [None if math.isnan(value) else value for value in expand(text)] == values


def test_a_step_does_not_drift() -> None:
    """The thousandth value of 0+0.1x1000 is 100, not a few units in the last place beside it."""
    assert expand("0+0.1x1000")[-1] == 100.0


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no values"),
        ("1 stale", "'stale': Prometheus's stale marker"),
        ("NaN", "'NaN': not a number: write _"),
        ("-Inf", "'-Inf': not a number: write _"),
        ("1,2", "'1,2': write numbers"),
        ("1 + 2x3", "'+': write numbers"),
        ("1x", "'1x': write numbers"),
        ("1x-3", "'1x-3': write numbers"),
        ("1x2.5", "'1x2.5': write numbers"),
        ("_+1x3", "'_+1x3': write numbers"),
        ("0x10 010", "'010': promtool reads"),
        ("1e999", "'1e999': exceeds"),
        ("1e308+1e308x9", "exceeds"),
        ("1x99999999999999999999", "values: at most"),
        ("_x99999999999999999999", "values: at most"),
        ("1x9999999 1x9999999", "20000000 values: at most"),
        ("{{schema:1}}x3", "'{{schema:1}}x3': write numbers"),
    ],
)
def test_says_what_is_wrong(text: str, part: str) -> None:
    """What is not understood is named, with how to write it; nothing is guessed, and no memory is taken for a slip."""
    with pytest.raises(InputError, match=r".") as caught:
        expand(text)
    assert part in str(caught.value)


@settings(max_examples=200)
@given(st.text(alphabet="0123456789+-x_.eE [],", max_size=8))
def test_any_text_is_values_or_an_input_error(text: str) -> None:
    """No text makes anything but values or an InputError."""
    for read in (expand, expand_groups):
        with suppress(InputError):
            assert len(read(text)) >= 0


def test_groups_are_periods_with_their_samples() -> None:
    """Brackets hold the samples of a period, with xn of n+1 periods; outside of them every value is a period."""
    periods = expand_groups("[1 2x2]x1 _x2 5+1x1 [_] [ 7 ]")
    assert [list(period) for period in periods] == [[1, 2, 2, 2], [1, 2, 2, 2], [], [], [5], [6], [], [7]]
    assert padded(periods).shape == (8, 4)


@pytest.mark.parametrize("text", ["[1 2", "1 2]", "[1][2]", "[1]x", "[1]y3", "[[1]]", "[1] ]"])
def test_broken_groups_are_named(text: str) -> None:
    """A bracket that is not closed, or runs into its neighbour, is an error that shows how to write it."""
    with pytest.raises(InputError, match=r"in brackets|write numbers"):
        expand_groups(text)
