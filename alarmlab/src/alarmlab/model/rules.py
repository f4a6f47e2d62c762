"""Rules of composite alarms: `ALARM(a) AND NOT (OK("b c") OR AT_LEAST(2, ALARM, (d, e, f)))`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from alarmlab.errors import InputError
from alarmlab.model.states import State

MAX_RULE_CHARACTERS = 10_240
MAX_RULE_ELEMENTS = 500
MAX_CHILDREN = 100
_MAX_DEPTH = 100
_TOKEN = re.compile(r'\s*(?:([(),])|"((?:[^"\\]|\\.)*)"|([^\s(),"]+))')


class RuleError(InputError):
    """A rule that is not understood or too large."""


@dataclass(frozen=True, slots=True)
class Constant:
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True, slots=True)
class InState:
    """Whether the alarm `name` (a name or an ARN) is in `state`."""

    state: State
    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT operand`."""

    operand: "Rule"


@dataclass(frozen=True, slots=True)
class Both:
    """`left AND right`."""

    left: "Rule"
    right: "Rule"


@dataclass(frozen=True, slots=True)
class Either:
    """`left OR right`."""

    left: "Rule"
    right: "Rule"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Whether at least `number` of the alarms are in `state` (with `negated`: are not)."""

    number: int
    state: State
    names: tuple[str, ...]
    negated: bool = False


Rule = Constant | InState | Not | Both | Either | AtLeast


def parse_rule(text: str) -> Rule:
    """The tree of an AlarmRule.

    Raises:
        RuleError: with the rule and what in it is not understood, or which limit it exceeds.
    """
    if len(text) > MAX_RULE_CHARACTERS:
        raise RuleError(f"AlarmRule: {len(text)} characters, at most {MAX_RULE_CHARACTERS} are allowed")
    rule = _Parser(text).parse()
    elements = sum(1 for _ in _nodes(rule))
    children = len(set(children_of(rule)))
    if elements > MAX_RULE_ELEMENTS:
        raise RuleError(f"AlarmRule: {elements} elements, at most {MAX_RULE_ELEMENTS} are allowed")
    if children > MAX_CHILDREN:
        raise RuleError(f"AlarmRule: {children} alarms, at most {MAX_CHILDREN} are allowed")
    return rule


def children_of(rule: Rule) -> Iterator[str]:
    """The alarms that the rule mentions, as it writes them, from left to right."""
    for node in _nodes(rule):
        if isinstance(node, InState):
            yield node.name
        elif isinstance(node, AtLeast):
            yield from node.names


def renamed(rule: Rule, name_of: Callable[[str], str]) -> Rule:
    """The rule with other names for the alarms that it mentions."""
    match rule:
        case Constant():
            return rule
        case InState(state, name):
            return InState(state, name_of(name))
        case Not(operand):
            return Not(renamed(operand, name_of))
        case Both(left, right):
            return Both(renamed(left, name_of), renamed(right, name_of))
        case Either(left, right):
            return Either(renamed(left, name_of), renamed(right, name_of))
        case AtLeast(number, state, names, negated):
            return AtLeast(number, state, tuple(name_of(name) for name in names), negated)


def _nodes(rule: Rule) -> Iterator[Rule]:
    yield rule
    match rule:
        case Not(operand):
            yield from _nodes(operand)
        case Both(left, right) | Either(left, right):
            yield from _nodes(left)
            yield from _nodes(right)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._tokenize()
        self._at = 0
        self._depth = 0

    def parse(self) -> Rule:
        rule = self._either()
        if self._at < len(self._tokens):
            raise self._error(f"unexpected {self._peek()!r}")
        return rule

    def _error(self, problem: str) -> RuleError:
        return RuleError(f"AlarmRule {self._text!r}: {problem}")

    def _tokenize(self) -> list[tuple[str, bool]]:
        """Tokens, each with whether it was quoted."""
        tokens, at = [], 0
        text = self._text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._error("a quote is not closed")
            if match[2] is not None:
                tokens.append((re.sub(r"\\(.)", r"\1", match[2]), True))
            else:
                tokens.append((match[1] or match[3], False))
            at = match.end()
        return tokens

    def _peek(self) -> str:
        """The next token, empty at the end and for a quoted one, which is never a keyword."""
        if self._at == len(self._tokens) or self._tokens[self._at][1]:
            return ""
        return self._tokens[self._at][0]

    def _take(self, expected: str) -> None:
        if self._peek() != expected:
            found = repr(self._tokens[self._at][0]) if self._at < len(self._tokens) else "the end"
            raise self._error(f"expected {expected!r}, found {found}")
        self._at += 1

    def _value(self, what: str) -> str:
        if self._at == len(self._tokens) or self._peek() in ("(", ")", ","):
            raise self._error(f"expected {what}, found {self._peek() or 'the end'!r}")
        self._at += 1
        return self._tokens[self._at - 1][0]

    def _either(self) -> Rule:
        rule = self._both()
        while self._peek() == "OR":
            self._at += 1
            rule = Either(rule, self._both())
        return rule

    def _both(self) -> Rule:
        rule = self._operand()
        while self._peek() == "AND":
            self._at += 1
            rule = Both(rule, self._operand())
        return rule

    def _operand(self) -> Rule:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error(f"nested more than {_MAX_DEPTH} levels deep")
        try:
            return self._read_operand()
        finally:
            self._depth -= 1

    def _read_operand(self) -> Rule:
        word = self._peek()
        if word == "(":
            self._at += 1
            rule = self._either()
            self._take(")")
            return rule
        if word == "NOT":
            self._at += 1
            return Not(self._operand())
        if word in ("TRUE", "FALSE"):
            self._at += 1
            return Constant(word == "TRUE")
        if word == "AT_LEAST":
            return self._at_least()
        state = self._state()
        self._take("(")
        name = self._value("an alarm")
        self._take(")")
        return InState(state, name)

    def _state(self) -> State:
        word = self._value("ALARM, OK, INSUFFICIENT_DATA, AT_LEAST, NOT, TRUE, FALSE or '('")
        if word not in State.__members__:
            raise self._error(f"expected ALARM, OK or INSUFFICIENT_DATA, found {word!r}")
        return State(word)

    def _at_least(self) -> Rule:
        self._take("AT_LEAST")
        self._take("(")
        number = self._value("a number")
        self._take(",")
        negated = self._peek() == "NOT"
        self._at += negated
        state = self._state()
        self._take(",")
        self._take("(")
        names = [self._value("an alarm")]
        while self._peek() == ",":
            self._at += 1
            names.append(self._value("an alarm"))
        self._take(")")
        self._take(")")
        return AtLeast(self._threshold(number, len(names)), state, tuple(names), negated)

    def _threshold(self, text: str, alarms: int) -> int:
        """`2`, or a share of the alarms such as `50%`."""
        digits = text.removesuffix("%")
        if not digits.isdigit():
            raise self._error(f"AT_LEAST: expected a number or a percentage, found {text!r}")
        number = -(-int(digits) * alarms // 100) if text.endswith("%") else int(digits)
        if not 1 <= number <= alarms:
            raise self._error(f"AT_LEAST: {text} is not between 1 and the number of alarms ({alarms})")
        return number
