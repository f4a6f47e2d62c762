"""Metrics Insights queries: `SELECT MAX(GPUUtilization) FROM SCHEMA("AWS/SageMaker", EndpointName) GROUP BY EndpointName`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from alarmlab.errors import InputError, UnsupportedError

FUNCTIONS = ("AVG", "COUNT", "MAX", "MIN", "SUM")
MAX_SERIES = 500
"""How many series a query returns at most; also the largest LIMIT."""
_CLAUSES = ("WHERE", "GROUP", "ORDER", "LIMIT")
_TOKEN = re.compile(
    r"""\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|'(?P<text>(?:[^'\\]|\\.)*)'|(?P<symbol>!=|[(),=.])|(?P<word>\w+)|(?P<bad>\S))"""
)
_STARTS = re.compile(r"\s*SELECT\b", re.IGNORECASE)


class InsightsError(InputError):
    """A query that is not understood."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`label = 'value'`, or with `negated`, `label != 'value'`."""

    label: str
    value: str
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class InsightsQuery:
    """A query.

    Args:
        function: one of `FUNCTIONS`, over all samples of all metrics of a group.
        metric: the name of the metrics.
        namespace: of the metrics.
        schema: exactly these dimensions are what a metric has; None for any.
        where: all of them hold.
        group_by: dimensions, one series for each combination of their values; empty for one series in all.
        order_by: one of `FUNCTIONS`, over the datapoints of a series; empty for the order of the labels.
        descending: the largest first.
        limit: how many series are returned.
    """

    function: str
    metric: str
    namespace: str
    schema: frozenset[str] | None = None
    where: tuple[Condition, ...] = ()
    group_by: tuple[str, ...] = ()
    order_by: str = ""
    descending: bool = False
    limit: int = MAX_SERIES


def is_insights(expression: str) -> bool:
    """Whether an expression is a Metrics Insights query, not metric math."""
    return _STARTS.match(expression) is not None


def parse_insights(text: str) -> InsightsQuery:
    """The query that `text` writes.

    Raises:
        InsightsError: with the query and what in it is not understood.
        UnsupportedError: a filter or a group by tags or accounts: a metric here has neither.
    """
    return _Parser(text).parse()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str

    @property
    def keyword(self) -> str:
        """The word in capitals; empty for what is quoted, which is never a keyword."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def is_symbol(self) -> bool:
        return self.kind == "symbol"


_END = _Token("end", "the end")


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text.strip().removesuffix(";")
        self._tokens = list(self._tokenize())
        self._at = 0

    def parse(self) -> InsightsQuery:
        self._keyword("SELECT")
        function = self._function()
        self._symbol("(")
        metric = self._identifier("the name of a metric")
        self._symbol(")")
        self._keyword("FROM")
        namespace, schema = self._source()
        where = tuple(self._conditions()) if self._take("WHERE") else ()
        group_by = tuple(self._labels()) if self._take("GROUP") else ()
        order_by, descending = self._order() if self._take("ORDER") else ("", False)
        limit = self._limit() if self._take("LIMIT") else MAX_SERIES
        if self._peek() is not _END:
            raise self._error(f"expected {', '.join(_CLAUSES)} or the end, found {self._peek().text!r}")
        return InsightsQuery(
            function=function,
            metric=metric,
            namespace=namespace,
            schema=schema,
            where=where,
            group_by=group_by,
            order_by=order_by,
            descending=descending,
            limit=limit,
        )

    def _tokenize(self) -> Iterator[_Token]:
        for match in _TOKEN.finditer(self._text):
            kind = match.lastgroup or ""
            text = match[kind]
            if kind == "bad":
                raise self._error(f"unexpected {text!r}")
            yield _Token(kind, re.sub(r"\\(.)", r"\1", text) if kind in ("quoted", "text") else text)

    def _error(self, problem: str) -> InsightsError:
        return InsightsError(f"Metrics Insights query {self._text!r}: {problem}")

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _next(self) -> _Token:
        token = self._peek()
        self._at += 1
        return token

    def _take(self, keyword: str) -> bool:
        found = self._peek().keyword == keyword
        self._at += found
        return found

    def _keyword(self, keyword: str) -> None:
        if not self._take(keyword):
            raise self._error(f"expected {keyword}, found {self._peek().text!r}")

    def _symbol(self, symbol: str) -> None:
        token = self._next()
        if not token.is_symbol or token.text != symbol:
            raise self._error(f"expected {symbol!r}, found {token.text!r}")

    def _comma(self) -> bool:
        found = self._peek().is_symbol and self._peek().text == ","
        self._at += found
        return found

    def _function(self) -> str:
        token = self._next()
        if token.keyword not in FUNCTIONS:
            raise self._error(f"expected {', '.join(FUNCTIONS)}, found {token.text!r}")
        return token.keyword

    def _identifier(self, what: str) -> str:
        token = self._next()
        if token.kind not in ("quoted", "word"):
            raise self._error(f"expected {what}, found {token.text!r}: values alone are written in single quotes")
        return token.text

    def _label(self) -> str:
        label = self._identifier("a dimension")
        if self._peek().is_symbol and self._peek().text == ".":
            self._next()
            raise UnsupportedError(
                f"Metrics Insights query {self._text!r}: {label}.{self._next().text} is not supported: "
                "metrics have no tags or accounts here, filter by a dimension"
            )
        return label

    def _source(self) -> tuple[str, frozenset[str] | None]:
        if not self._take("SCHEMA"):
            return self._identifier("a namespace"), None
        self._symbol("(")
        namespace = self._identifier("a namespace")
        labels = []
        while self._comma():
            labels.append(self._identifier("a dimension"))
        self._symbol(")")
        return namespace, frozenset(labels)

    def _conditions(self) -> Iterator[Condition]:
        yield self._condition()
        while self._take("AND"):
            yield self._condition()
        if self._peek().keyword == "OR":
            raise self._error("OR is not an operator of WHERE: CloudWatch takes =, != and AND")

    def _condition(self) -> Condition:
        label = self._label()
        operator, value = self._next(), self._next()
        if not operator.is_symbol or operator.text not in ("=", "!="):
            raise self._error(f"expected = or !=, found {operator.text!r}")
        if value.kind != "text":
            raise self._error(f"expected a value in single quotes, found {value.text!r}")
        return Condition(label, value.text, negated=operator.text == "!=")

    def _labels(self) -> Iterator[str]:
        self._keyword("BY")
        yield self._label()
        while self._comma():
            yield self._label()

    def _order(self) -> tuple[str, bool]:
        self._keyword("BY")
        function = self._function()
        self._symbol("(")
        self._symbol(")")
        descending = self._take("DESC")
        if not descending:
            self._take("ASC")
        return function, descending

    def _limit(self) -> int:
        token = self._next()
        if not token.text.isdigit() or not 1 <= int(token.text) <= MAX_SERIES:
            raise self._error(f"LIMIT: {token.text!r} is not between 1 and {MAX_SERIES}")
        return int(token.text)
