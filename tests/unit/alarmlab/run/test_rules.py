"""Rules of composite alarms."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.judge import STATES as CODES
from alarmlab.engine.rules import holds, is_true
from alarmlab.engine.window import Codes
from alarmlab.model.rules import RuleError, children_of, parse_rule, renamed
from alarmlab.model.states import State

STATES = {"a": State.ALARM, "b": State.OK, "c d": State.ALARM, "e": State.INSUFFICIENT_DATA}


def many(name: str) -> Codes:
    """The codes of an alarm's state at three moments."""
    return np.full(3, CODES.index(STATES[name]), dtype=np.int8)


ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ranker/AllTraffic/errors"


@pytest.mark.parametrize(
    ("rule", "true"),
    [
        ("ALARM(a)", True),
        ('ALARM("c d")', True),
        ("OK(a)", False),
        ("INSUFFICIENT_DATA(e)", True),
        ("ALARM(b) OR ALARM(a) AND OK(b)", True),
        ("(ALARM(a) OR ALARM(b)) AND ALARM(b)", False),
        ("ALARM(a) OR ALARM(a) AND FALSE", True),
        ("NOT ALARM(b) AND ALARM(a)", True),
        ("NOT (ALARM(a) OR TRUE)", False),
        ("NOT NOT TRUE", True),
        ('AT_LEAST(2, ALARM, (a, b, "c d"))', True),
        ('AT_LEAST(3, ALARM, (a, b, "c d"))', False),
        ("AT_LEAST(50%, OK, (a, b))", True),
        ('AT_LEAST(2, NOT ALARM, (a, b, "c d", e))', True),
    ],
)
def test_rule(rule: str, true: bool) -> None:
    """Every form of the grammar, with AND binding tighter than OR and NOT tightest; for one moment and for many."""
    assert is_true(parse_rule(rule), STATES.__getitem__) is true
    assert holds(parse_rule(rule), many, 3).tolist() == [true] * 3


def test_children_are_named_as_written() -> None:
    """Names, quoted names and ARNs come back as the rule has them, from left to right."""
    rule = parse_rule(f'ALARM("{ARN}") AND AT_LEAST(1, OK, (a, "c d")) OR NOT ALARM({ARN})')
    assert list(children_of(rule)) == [ARN, "a", "c d", ARN]


def test_renamed_changes_names_and_nothing_else() -> None:
    """Every mention is renamed, in every form of the grammar."""
    rule = parse_rule("NOT ALARM(a) AND (OK(b) OR AT_LEAST(1, NOT OK, (a, e))) OR TRUE")
    assert renamed(rule, str.upper) == parse_rule("NOT ALARM(A) AND (OK(B) OR AT_LEAST(1, NOT OK, (A, E))) OR TRUE")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("", "expected ALARM, OK"),
        ("ALARM(a", "expected '\\)'"),
        ("ALARM(a) ALARM(b)", "unexpected 'ALARM'"),
        ("BROKEN(a)", "found 'BROKEN'"),
        ("ALARM()", "expected an alarm"),
        ('ALARM("a)', "a quote is not closed"),
        ("AT_LEAST(3, ALARM, (a, b))", "3 is not between 1 and the number of alarms \\(2\\)"),
        ("AT_LEAST(x, ALARM, (a, b))", "expected a number or a percentage"),
        ("(" * 200 + "TRUE" + ")" * 200, "nested more than"),
        ("TRUE OR " * 300 + "TRUE", "elements, at most 500"),
        (" OR ".join(f"ALARM(a{n})" for n in range(101)), "101 alarms, at most 100"),
        ("TRUE" + " " * 11_000, "characters, at most 10240"),
    ],
)
def test_bad_rules_say_what_is_wrong(rule: str, problem: str) -> None:
    """A rule that is not understood, or is larger than CloudWatch allows, is refused with the reason."""
    with pytest.raises(RuleError, match=problem):
        parse_rule(rule)


def rules() -> st.SearchStrategy[tuple[str, bool]]:
    """Rules with what they come to, built from the inside out."""
    leaf = st.sampled_from([("TRUE", True), ("FALSE", False), ("ALARM(a)", True), ("OK(a)", False)])
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            inner.map(lambda rule: (f"NOT ({rule[0]})", not rule[1])),
            st.tuples(inner, inner).map(lambda two: (f"({two[0][0]}) AND ({two[1][0]})", two[0][1] and two[1][1])),
            st.tuples(inner, inner).map(lambda two: (f"({two[0][0]})OR({two[1][0]})", two[0][1] or two[1][1])),
        ),
        max_leaves=20,
    )


@settings(deadline=None, max_examples=50)
@given(rules())
def test_nested_rules(rule: tuple[str, bool]) -> None:
    """However rules are nested, they come to what their parts come to, for one moment and for many at once."""
    assert is_true(parse_rule(rule[0]), STATES.__getitem__) is rule[1]
    assert holds(parse_rule(rule[0]), many, 3).tolist() == [rule[1]] * 3


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from([*'(),"', "ALARM", "OK", "AT_LEAST", "AND", "OR", "NOT", "TRUE", "a", "2", " "])))
def test_parser_answers_or_refuses(pieces: list[str]) -> None:
    """Whatever the text, the parser gives a rule or a RuleError, nothing else."""
    with suppress(RuleError):
        assert parse_rule("".join(pieces))
