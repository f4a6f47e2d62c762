"""Metric math: the expressions that alarms and widgets use, parsed into a tree.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

Everything on that page that an alarm may use; what is on it and cannot be evaluated here is refused by name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from alarmlab.errors import InputError, UnsupportedError

BINARY_LEVELS: tuple[tuple[str, ...], ...] = (
    ("OR", "||"),
    ("AND", "&&"),
    ("==", "!=", "<=", ">=", "<", ">"),
    ("+", "-"),
    ("*", "/"),
)
_ONE = (1, 1)
_ARGUMENTS: Mapping[str, tuple[int, int]] = {
    "ABS": _ONE,
    "ANOMALY_DETECTION_BAND": (1, 2),
    "AVG": _ONE,
    "CEIL": _ONE,
    "DATAPOINT_COUNT": _ONE,
    "DATE": _ONE,
    "DAY": _ONE,
    "DIFF": _ONE,
    "DIFF_TIME": _ONE,
    "EPOCH": _ONE,
    "FILL": (2, 2),
    "FIRST": _ONE,
    "FLOOR": _ONE,
    "HOUR": _ONE,
    "IF": (2, 3),
    "LAST": _ONE,
    "LOG": _ONE,
    "LOG10": _ONE,
    "MAX": _ONE,
    "METRICS": (0, 1),
    "METRIC_COUNT": _ONE,
    "MIN": _ONE,
    "MINUTE": _ONE,
    "MONTH": _ONE,
    "PERIOD": _ONE,
    "RATE": _ONE,
    "REMOVE_EMPTY": _ONE,
    "RUNNING_SUM": _ONE,
    "SLICE": (2, 3),
    "SORT": (3, 4),
    "STDDEV": _ONE,
    "SUM": _ONE,
    "TIME_SERIES": _ONE,
    "YEAR": _ONE,
}
_REFUSED: Mapping[str, str] = {
    "DB_PERF_INSIGHTS": "it reads Performance Insights of a live account",
    "INSIGHT_RULE_METRIC": "it reads a Contributor Insights rule of a live account",
    "LAMBDA": "it calls a data source connector of a live account",
    "SEARCH": "CloudWatch does not allow it in alarms: it returns several time series",
    "SERVICE_QUOTA": "it reads a quota of a live account: compare the usage with a number",
}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')|(?P<mark>\|\||&&|==|!=|<=|>=|[-+*/^<>()\[\],]))"
)
_MAX_DEPTH = 50


class MathError(InputError):
    """An expression that is not understood, or that uses what is not supported."""


@dataclass(frozen=True, slots=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """The id of a metric or of another expression, or a word that a function takes: REPEAT, AVG, DESC..."""

    id: str


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted string, only useful in METRICS("...")."""

    value: str


@dataclass(frozen=True, slots=True)
class Array:
    """`[m1, m2]`."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`; `&&` and `||` read as AND and OR."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Negative:
    """`-operand`."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: "tuple[Node, ...]"


Node = Number | Name | Text | Array | Binary | Negative | Call


def parse(expression: str) -> Node:
    """The tree of `expression`.

    Raises:
        MathError: with the expression and what in it is not understood or not supported.
    """
    return _Parser(expression).parse()


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = self._tokenize()
        self._at = 0
        self._depth = 0

    def parse(self) -> Node:
        node = self._binary(0)
        if self._peek():
            raise self._error(f"unexpected {self._peek()!r}")
        return node

    def _error(self, problem: str) -> MathError:
        return MathError(f"expression {self._expression!r}: {problem}")

    def _tokenize(self) -> list[str]:
        tokens, at = [], 0
        text = self._expression.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._error(f"unexpected {text[at:].strip()[:10]!r}")
            tokens.append(match[0].strip())
            at = match.end()
        return tokens

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, expected: str = "") -> str:
        token = self._peek()
        if not token or (expected and token != expected):
            found = f"found {token!r}" if token else "it ends early"
            raise self._error(f"expected {expected or 'a value'!r}, {found}")
        self._at += 1
        return token

    def _binary(self, level: int) -> Node:
        if level == len(BINARY_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._peek() in BINARY_LEVELS[level]:
            symbol = self._take()
            operator = {"||": "OR", "&&": "AND"}.get(symbol, symbol)
            left = Binary(operator, left, self._binary(level + 1))
        return left

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error(f"nested more than {_MAX_DEPTH} levels deep")
        try:
            if self._peek() == "-":
                self._take()
                return Negative(self._unary())
            base = self._primary()
            if self._peek() == "^":
                self._take()
                return Binary("^", base, self._unary())
            return base
        finally:
            self._depth -= 1

    def _primary(self) -> Node:
        mark = self._take()
        if mark == "(":
            inner = self._binary(0)
            self._take(")")
            return inner
        if mark == "[":
            return Array(self._list("]"))
        if mark[0] in "\"'":
            return Text(mark[1:-1])
        if mark[0].isdigit() or mark[0] == ".":
            return Number(float(mark))
        if not mark[0].isalpha():
            raise self._error(f"unexpected {mark!r}")
        return self._call(mark) if self._peek() == "(" else Name(mark)

    def _call(self, function: str) -> Node:
        if function in _REFUSED:
            raise UnsupportedError(
                f"expression {self._expression!r}: {function} is not supported: {_REFUSED[function]}"
            )
        if function not in _ARGUMENTS:
            raise self._error(f"there is no function {function}: use {', '.join(_ARGUMENTS)}")
        self._take("(")
        arguments = self._list(")")
        fewest, most = _ARGUMENTS[function]
        if not fewest <= len(arguments) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise self._error(f"{function} takes {wanted} arguments, found {len(arguments)}")
        return Call(function, arguments)

    def _list(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while self._peek() != end:
            if items:
                self._take(",")
            items.append(self._binary(0))
        self._take(end)
        return tuple(items)
