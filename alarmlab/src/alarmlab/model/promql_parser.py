"""PromQL, read into the tree of `alarmlab.model.promql`."""

import math
import re
from dataclasses import replace

from alarmlab.model.promql import (
    AGGREGATIONS,
    COMPARISONS,
    FUNCTIONS,
    NAME,
    PARAMETER_AGGREGATIONS,
    SETS,
    Aggregation,
    Binary,
    Call,
    Expression,
    Kind,
    Matcher,
    Matching,
    Negation,
    Number,
    Selector,
    kind_of,
    selectors,
)
from alarmlab.model.promql_tokens import END, Cursor, PromQLError, seconds_of, unquoted

MAX_QUERY_CHARACTERS = 10_000
MAX_DEPTH = 50
MAX_OPERATORS = 200
_LEVELS: tuple[tuple[str, ...], ...] = (("or",), ("and", "unless"), COMPARISONS, ("+", "-"), ("*", "/", "%"))
_UNSUPPORTED_OPERATORS = ("atan2",)
_UNSUPPORTED_AGGREGATIONS = ("count_values", "limitk", "limit_ratio")


def parse_promql(text: str) -> Expression:
    """The tree of an alarm's query, which gives a vector.

    Raises:
        PromQLError: with the query and what in it is not understood.
        UnsupportedError: a function, an operator or a modifier that is not evaluated here.
    """
    if not 1 <= len(text) <= MAX_QUERY_CHARACTERS:
        raise PromQLError(f"Query: {len(text)} characters, between 1 and {MAX_QUERY_CHARACTERS} are allowed")
    tree = _Parser(text).parse()
    if kind_of(tree) != "vector":
        raise PromQLError(f"Query {text!r}: gives a {kind_of(tree)}, an alarm needs a vector")
    if not all(_is_named(selector) for selector in selectors(tree)):
        raise PromQLError(
            f"Query {text!r}: CloudWatch selects series by the name of a metric, and by labels only beside it"
        )
    return tree


def _is_named(selector: Selector) -> bool:
    return any(matcher.label == NAME and matcher.operator == "=" and matcher.value for matcher in selector.matchers)


class _Parser(Cursor):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._operators = 0

    def parse(self) -> Expression:
        tree = self._binary(0)
        if self.peek() is not END:
            raise self.error(f"unexpected {self.peek().text!r}")
        return tree

    def _operator(self, level: int) -> str:
        """The operator of this level that comes next; empty for none."""
        keyword = self.keyword()
        if keyword in _UNSUPPORTED_OPERATORS:
            raise self.unsupported(keyword)
        text = keyword if keyword in SETS else self.peek().text
        return text if self.peek().kind in ("symbol", "word") and text in _LEVELS[level] else ""

    def _binary(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while operator := self._operator(level):
            self.next()
            as_bool, matching = self._modifiers(operator)
            left = self._checked(operator, left, self._binary(level + 1), as_bool=as_bool, matching=matching)
        return left

    def _unary(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} levels deep")
        try:
            if self.take("-"):
                operand = self._unary()
                if kind_of(operand) == "range":
                    raise self.error("- takes a number or a vector, not a range")
                return Number(-operand.value) if isinstance(operand, Number) else Negation(operand)
            if self.take("+"):
                return self._unary()
            return self._power()
        finally:
            self._depth -= 1

    def _power(self) -> Expression:
        """`a ^ b`: binds tighter than a sign before it, and to the right."""
        base = self._postfix(self._atom())
        if not self.take("^"):
            return base
        as_bool, matching = self._modifiers("^")
        return self._checked("^", base, self._unary(), as_bool=as_bool, matching=matching)

    def _modifiers(self, operator: str) -> tuple[bool, Matching]:
        as_bool = self.keyword() == "bool"
        if as_bool:
            self.next()
            if operator not in COMPARISONS:
                raise self.error(f"bool is for comparisons, not for {operator}")
        matching = Matching()
        if self.keyword() in ("on", "ignoring"):
            ignoring = self.next().text.lower() == "ignoring"
            matching = Matching(labels=self._labels(), ignoring=ignoring)
            if self.keyword() in ("group_left", "group_right"):
                many = self.next().text.lower().removeprefix("group_")
                if operator in SETS:
                    raise self.error(f"group_{many} is not for {operator}")
                include = self._labels() if self.is_symbol("(") else ()
                matching = replace(matching, many=many, include=include)
        return as_bool, matching

    def _checked(
        self, operator: str, left: Expression, right: Expression, *, as_bool: bool, matching: Matching
    ) -> Binary:
        self._operators += 1
        if self._operators > MAX_OPERATORS:
            raise self.error(f"more than {MAX_OPERATORS} operators")
        kinds = {kind_of(left), kind_of(right)}
        if "range" in kinds:
            raise self.error(f"{operator} takes numbers and vectors, not ranges")
        if operator in SETS and kinds != {"vector"}:
            raise self.error(f"{operator} takes two vectors")
        if operator in COMPARISONS and kinds == {"scalar"} and not as_bool:
            raise self.error(f"{operator} between numbers needs bool")
        if matching != Matching() and kinds != {"vector"}:
            raise self.error(f"on and ignoring are for two vectors, not for {operator} with a number")
        return Binary(operator, left, right, as_bool, matching)

    def _atom(self) -> Expression:
        token = self.peek()
        if self.is_symbol("{"):
            return self._selector("")
        self.next()
        match token.kind:
            case "number":
                return Number(float(int(token.text, 16)) if token.text[:2].lower() == "0x" else float(token.text))
            case "duration":
                return Number(seconds_of(token.text))
            case "symbol" if token.text == "(":
                inside = self._binary(0)
                self.expect(")")
                return inside
            case "word":
                return self._word(token.text)
            case "string":
                raise self.unsupported(f"the string {token.text}")
            case _:
                raise self.error(f"expected an expression, found {token.text!r}")

    def _word(self, word: str) -> Expression:
        small = word.lower()
        if small in ("inf", "nan"):
            return Number(math.inf if small == "inf" else math.nan)
        aggregates = self.is_symbol("(") or self.keyword() in ("by", "without")
        if small in _UNSUPPORTED_AGGREGATIONS and aggregates:
            raise self.unsupported(small)
        if small in AGGREGATIONS and aggregates:
            return self._aggregation(small)
        if not self.is_symbol("("):
            return self._selector(word)
        if word not in FUNCTIONS:
            raise self.unsupported(f"{word}()")
        return self._call(word)

    def _labels(self) -> tuple[str, ...]:
        self.expect("(")
        labels = []
        while not self.is_symbol(")"):
            token = self.next()
            if token.kind not in ("word", "string"):
                raise self.error(f"expected a label, found {token.text!r}")
            labels.append(unquoted(token.text) if token.kind == "string" else token.text)
            if not self.take(","):
                break
        self.expect(")")
        return tuple(labels)

    def _grouping(self) -> tuple[tuple[str, ...], bool] | None:
        if self.keyword() not in ("by", "without"):
            return None
        without = self.next().text.lower() == "without"
        return self._labels(), without

    def _aggregation(self, operator: str) -> Aggregation:
        grouping = self._grouping()
        arguments = self._arguments()
        labels, without = grouping or self._grouping() or ((), False)
        expected: tuple[Kind, ...] = ("scalar", "vector") if operator in PARAMETER_AGGREGATIONS else ("vector",)
        self._check_kinds(operator, arguments, expected)
        parameter = arguments[0] if len(expected) == 2 else None
        return Aggregation(operator, arguments[-1], parameter, labels, without)

    def _call(self, name: str) -> Call:
        arguments = self._arguments()
        expected = FUNCTIONS[name][0]
        if name == "round" and len(arguments) == 1:
            arguments = (*arguments, Number(1.0))
        self._check_kinds(name, arguments, expected)
        return Call(name, arguments)

    def _arguments(self) -> tuple[Expression, ...]:
        self.expect("(")
        arguments: list[Expression] = []
        while not self.is_symbol(")"):
            arguments.append(self._binary(0))
            if not self.take(","):
                break
        self.expect(")")
        return tuple(arguments)

    def _check_kinds(self, name: str, arguments: tuple[Expression, ...], expected: tuple[Kind, ...]) -> None:
        kinds = tuple(kind_of(argument) for argument in arguments)
        if kinds != expected:
            raise self.error(f"{name}() takes ({', '.join(expected)}), found ({', '.join(kinds)})")

    def _selector(self, name: str) -> Selector:
        matchers = [Matcher(NAME, "=", name)] if name else []
        if self.take("{"):
            while not self.is_symbol("}"):
                matchers.append(self._matcher())
                if not self.take(","):
                    break
            self.expect("}")
        return Selector(tuple(matchers))

    def _matcher(self) -> Matcher:
        token = self.next()
        if token.kind not in ("word", "string"):
            raise self.error(f"expected a label, found {token.text!r}")
        label = unquoted(token.text) if token.kind == "string" else token.text
        if token.kind == "string" and (self.is_symbol(",") or self.is_symbol("}")):
            return Matcher(NAME, "=", label)
        operator, value = self.next(), self.next()
        if operator.text not in ("=", "!=", "=~", "!~"):
            raise self.error(f"expected =, !=, =~ or !~, found {operator.text!r}")
        if value.kind != "string":
            raise self.error(f"expected a quoted value, found {value.text!r}")
        pattern = unquoted(value.text)
        if operator.text in ("=~", "!~"):
            try:
                re.compile(pattern)
            except re.error as error:
                raise self.error(f"{label}: {pattern!r} is not a regular expression: {error}") from error
        return Matcher(label, operator.text, pattern)

    def _postfix(self, expression: Expression) -> Expression:
        if self.take("["):
            seconds = self._duration()
            if self.is_symbol(":"):
                raise self.unsupported("a subquery")
            self.expect("]")
            if not isinstance(expression, Selector):
                raise self.error("a range is for a selector")
            expression = replace(expression, seconds=seconds)
        if self.is_symbol("@"):
            raise self.unsupported("the modifier @")
        if self.keyword() == "offset":
            self.next()
            sign = -1 if self.take("-") else 1
            if not isinstance(expression, Selector):
                raise self.error("offset is for a selector")
            expression = replace(expression, offset=sign * self._duration())
            if self.is_symbol("@"):
                raise self.unsupported("the modifier @")
        return expression

    def _duration(self) -> float:
        token = self.next()
        if token.kind == "duration":
            seconds = seconds_of(token.text)
        elif token.kind == "number":
            seconds = float(token.text)
        else:
            raise self.error(f"expected a duration such as 5m, found {token.text!r}")
        if seconds <= 0:
            raise self.error(f"the duration {token.text} is not positive")
        return seconds
