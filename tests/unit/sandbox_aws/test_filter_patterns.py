"""Filter patterns of CloudWatch Logs, by the examples of its user guide and by their laws."""

import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.filter_patterns import compile_unstructured

MESSAGES = (
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[ERROR 420] INVALID ARGUMENTS",
    "[ERROR 500] INTERNAL SERVER ERROR",
    "[INFO] REQUEST FAILED",
    "[INFO] INVALID ARGUMENTS PROVIDED",
    "done",
)

words = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=3)
some_words = st.lists(words, min_size=1, max_size=4)
messages = st.lists(words, max_size=6).map(" ".join)


def matches(pattern: str, message: str) -> bool:
    """Whether a pattern matches a message."""
    return compile_unstructured(pattern)(message)


@pytest.mark.parametrize(
    ("pattern", "indexes"),
    [
        ("ERROR", [0, 1, 2, 3, 4]),
        ("error", []),
        ("ERROR ARGUMENTS", [2, 3]),
        ("?ERROR ?ARGUMENTS", [0, 1, 2, 3, 4, 6]),
        ("ERROR -ARGUMENTS", [0, 1, 4]),
        ("-ERROR", [5, 6, 7]),
        ('"INTERNAL SERVER ERROR"', [4]),
        ('?"BAD REQUEST" ?FAILED', [0, 5]),
        ('ARGUMENTS -"INVALID ARGUMENTS"', [2]),
        ("%4[01][0-9]%", [0, 1, 2]),
        (r"%^\[INFO\]%", [5, 6]),
        ("%FAILED$|PROVIDED$%", [5, 6]),
        ("", [0, 1, 2, 3, 4, 5, 6, 7]),
        ('" "', [0, 1, 2, 3, 4, 5, 6, 7]),
        ("?ERROR ?ARGUMENTS REQUEST", [0, 1, 5]),
        ("?FAILED -INVALID", [0, 1, 2, 4, 5, 7]),
    ],
)
def test_what_the_guide_says(pattern: str, indexes: list[int]) -> None:
    """All plain terms, one of `?`, none of `-`; case counts; `?` beside other terms is ignored; `" "` is everything."""
    assert [index for index, message in enumerate(MESSAGES) if matches(pattern, message)] == indexes


def test_the_enrichers_pattern_finds_what_a_broken_model_says() -> None:
    """The pattern with which functions look for errors finds them, and passes over access lines."""
    from alert_enricher.enrich.logs import PATTERN

    assert matches(PATTERN, "ValueError: input of 5320 bytes is longer than MAX_INPUT_BYTES=2048")
    assert matches(PATTERN, "Traceback (most recent call last):")
    assert not matches(PATTERN, '127.0.0.1 "POST /invocations HTTP/1.1" 200')


@given(terms=some_words, message=messages)
def test_terms_are_substrings_of_which_all_or_one_or_none_must_be_there(terms: list[str], message: str) -> None:
    """A pattern of one sort of terms says the same as Python's `in`."""
    there = [term in message for term in terms]
    assert matches(" ".join(terms), message) == all(there)
    assert matches(" ".join(f"?{term}" for term in terms), message) == any(there)
    assert matches(" ".join(f"-{term}" for term in terms), message) == (not any(there))


@given(phrase=st.text(max_size=20).filter(str.strip), message=st.text(max_size=20))
def test_a_quoted_phrase_is_taken_literally(phrase: str, message: str) -> None:
    """Whatever a phrase holds, quotes and backslashes escaped, it matches the messages that contain it, and no other."""
    quoted = '"' + phrase.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert matches(quoted, f"{message}{phrase}{message}")
    assert matches(quoted, message) == (phrase in message)


@given(pattern=st.text('?-%"\\ aE{[*', max_size=12), message=messages)
def test_any_pattern_is_compiled_or_refused(pattern: str, message: str) -> None:
    """Nothing but a ValueError comes out of a pattern that cannot be read."""
    with suppress(ValueError):
        assert matches(pattern, message) in {True, False}


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("ERROR [FATAL]", r"'\[FATAL\]'"),
        ("error: 5", "'error:'"),
        ('"unclosed', "'\"unclosed'"),
        ("? ERROR", r"'\?'"),
        ("%4(0|1)%", "not supported"),
        ("%4[01%", "'%4.01%'"),
        ("%ERROR", "unclosed"),
        ("%", "unclosed"),
    ],
)
def test_what_the_service_refuses_is_refused(pattern: str, named: str) -> None:
    """A pattern that works here works in AWS: other characters need quotes, and the message names the term."""
    with pytest.raises(ValueError, match=named):
        compile_unstructured(pattern)
