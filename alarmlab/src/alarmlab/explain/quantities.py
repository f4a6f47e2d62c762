"""What an alarm compares, in words: metrics, and metric math from its tree."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from alarmlab.errors import InputError
from alarmlab.explain.known import known
from alarmlab.explain.units import MICROSECONDS, MILLISECONDS, number, quantity
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.insights import is_insights, parse_insights
from alarmlab.model.metric_math import Array, Binary, Call, Name, Negative, Node, Number, parse
from alarmlab.model.metrics import Dimensions, MetricQuery

UNIT_TAG = "endpointwatch:unit"
"""A tag that says what unit an alarm's value is in, for what cannot be told from the metrics."""
_UNITS = {"Microseconds": MICROSECONDS, "Milliseconds": MILLISECONDS, "Seconds": "seconds", "Percent": "percent"}
_STATISTICS = {
    "Average": "the average",
    "Sum": "the sum of",
    "Minimum": "the lowest",
    "Maximum": "the highest",
    "SampleCount": "the number of samples of",
}
_COMPARED = {">": "above", ">=": "at least", "<": "below", "<=": "at most", "==": "equal to", "!=": "different from"}
_LONGEST = 240
"""Characters of an explanation that is still easier to read than the expression itself."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared with the threshold.

    Args:
        words: what it is.
        unit: that it is in; empty for not known.
    """

    words: str
    unit: str = ""


def compared(alarm: MetricAlarm) -> Compared:
    """What an alarm compares."""
    query = alarm.query
    if is_insights(query.expression):
        return _insights(query)
    if query.metric is not None:
        where = _where(query.metric.dimensions)
        return Compared(f"{_metric(query)}{where}", _unit(query) or alarm.about.tags.get(UNIT_TAG, ""))
    return _math(alarm, query)


def _insights(query: MetricQuery) -> Compared:
    parsed = parse_insights(query.expression)
    conditions = " and ".join(
        f"{condition.label} is {'not ' if condition.negated else ''}{condition.value}" for condition in parsed.where
    )
    function = {"AVG": "the average", "MIN": "the lowest", "MAX": "the highest", "SUM": "the sum of"}.get(
        parsed.function, "the number of samples of"
    )
    groups = f" of any one {' and '.join(parsed.group_by)}" if parsed.group_by else " of all metrics together"
    where = f" where {conditions}" if conditions else ""
    return Compared(f"{function} {parsed.metric} in {parsed.namespace}{groups}{where}")


def _math(alarm: MetricAlarm, query: MetricQuery) -> Compared:
    queries = {query.id: query for query in alarm.queries}
    dimensions = {found.metric.dimensions for found in alarm.queries if found.metric is not None}
    where = _where(next(iter(dimensions))) if len(dimensions) == 1 else ""
    label = f'"{query.label}"' if query.label else "an expression"
    try:
        words, unit = _Explained(queries, named=len(dimensions) > 1).of(parse(query.expression))
    except (InputError, RecursionError):
        words, unit = "", ""
    unit = unit or alarm.about.tags.get(UNIT_TAG, "")
    if not words or len(words) > _LONGEST:
        metrics = ", ".join(f"{found.id}: {_metric(found)}" for found in alarm.queries if found.metric is not None)
        words = f"`{query.expression}` with {metrics}"
    return Compared(f"{label}{where}, that is {words},", unit)


def _metric(query: MetricQuery) -> str:
    assert query.metric is not None
    if query.stat == "Sum" and known(query.metric).unit == "count":
        return f"the number of {query.metric.name}"
    return f"{_STATISTICS.get(query.stat, f'the {query.stat} of')} {query.metric.name}"


def _where(dimensions: Dimensions) -> str:
    """` of endpoint ranker, variant AllTraffic`."""
    return f" of {', '.join(_dimension(*pair) for pair in dimensions)}" if dimensions else ""


def _dimension(name: str, value: str) -> str:
    return f"{_kind(name)} {value}"


def _kind(dimension: str) -> str:
    """`endpoint` for EndpointName."""
    bare = re.sub(r"(Name|Id|Identifier)$", "", dimension) or dimension
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare).lower()


def _unit(query: MetricQuery) -> str:
    assert query.metric is not None
    if query.stat == "SampleCount":
        return "count"
    facts = known(query.metric)
    if facts.outcome and query.stat == "Average":
        return "share"
    return facts.unit or _UNITS.get(query.unit, "")


class _Explained:
    """Words and unit of the parts of an expression; no words where the form is not known."""

    def __init__(self, queries: Mapping[str, MetricQuery], *, named: bool) -> None:
        self._queries = queries
        self._named = named
        """Metrics are told apart by their dimensions, too."""

    def of(self, node: Node) -> tuple[str, str]:
        match node:
            case Number(value):
                return number(value), ""
            case Name(id):
                return self._name(id)
            case Negative(operand):
                words, unit = self.of(operand)
                return f"minus {words}", unit
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)
            case _:
                return "", ""

    def _name(self, id: str) -> tuple[str, str]:
        query = self._queries.get(id)
        if query is None:
            return "", ""
        if query.metric is None:
            return self.of(parse(query.expression))
        return _metric(query) + (_where(query.metric.dimensions) if self._named else ""), _unit(query)

    def _binary(self, node: Binary) -> tuple[str, str]:
        (left, unit), (right, other) = self.of(node.left), self.of(node.right)
        if not left or not right:
            return "", ""
        if node.operator == "/":
            return self._ratio(node, left, right, (unit, other))
        if node.operator in _COMPARED:
            limit = quantity(node.right.value, unit) if isinstance(node.right, Number) else right
            return f"{left} is {_COMPARED[node.operator]} {limit}", ""
        if node.operator == "*" and node.right == Number(100) and unit == "share":
            return f"{left} in percent", "percent"
        if node.operator not in _JOINED:
            return "", ""
        return f"{left} {_JOINED[node.operator]} {right}", unit if node.operator in "+-" else ""

    def _ratio(self, node: Binary, left: str, right: str, units: tuple[str, str]) -> tuple[str, str]:
        if isinstance(node.right, Number):
            return (left if node.right.value == 1 else f"{left} / {right}"), _divided(units[0], node.right.value)
        if units == ("count", "count"):
            return f"{left}, as a share of {right}", "share"
        return f"{left} per {right}", ""

    def _call(self, node: Call) -> tuple[str, str]:
        match node.function, node.arguments:
            case "IF", (condition, value, otherwise):
                return self._if(condition, value, otherwise)
            case "FILL", (value, Number(fallback)):
                words, unit = self.of(value)
                return (f"{words} ({number(fallback)} where there is none)" if words else ""), unit
            case (function, (Array(items),)) if function in _LISTS:
                return self._list(_LISTS[function], items)
            case (function, (value,)) if function in _OF_ONE:
                words, unit = self.of(value)
                return (f"{_OF_ONE[function]} {words}" if words else ""), unit if function == "ABS" else ""
            case _:
                return "", ""

    def _if(self, condition: Node, value: Node, otherwise: Node) -> tuple[str, str]:
        words, unit = self.of(value)
        when, _ = self.of(condition)
        instead, _ = self.of(otherwise)
        if not words or not when or not instead:
            return "", ""
        if isinstance(otherwise, Number):
            instead = quantity(otherwise.value, unit)
        match condition, value:
            case Binary((">" | ">="), left, right), _ if (left, right) == (value, otherwise):
                return self._list("the larger of", (left, right))
            case Binary(">=", left, Number(least)), Binary("/", numerator, _) if left == numerator:
                return f"{words} ({instead} while the former is below {number(least)})", unit
            case _:
                return f"{words} while {when} (otherwise {instead})", unit

    def _list(self, what: str, items: tuple[Node, ...]) -> tuple[str, str]:
        alike = self._alike(items)
        if alike is not None:
            return f"{what} {alike[0]}", alike[1]
        parts = [self.of(item) for item in items]
        if not parts or not all(words for words, _ in parts):
            return "", ""
        return f"{what} {_enumerated([words for words, _ in parts])}", parts[0][1]

    def _alike(self, items: tuple[Node, ...]) -> tuple[str, str] | None:
        """`the highest X of 6 queues`, where items differ in nothing but one dimension."""
        found = [self._queries.get(item.id) for item in items if isinstance(item, Name)]
        metrics = [query.metric for query in found if query is not None and query.metric is not None]
        first = found[0] if found else None
        if len(metrics) < max(2, len(items)) or first is None:
            return None
        varying = {pair[0] for metric in metrics for pair in metric.dimensions if pair not in metrics[0].dimensions}
        if len({(query.stat, query.metric.name) for query in found if query and query.metric}) > 1 or len(varying) != 1:
            return None
        return f"{_metric(first)} of {len(metrics)} {_kind(varying.pop())}s", _unit(first)


def _enumerated(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


_JOINED = {"+": "plus", "-": "less", "*": "x", "AND": "and", "OR": "or"}
_OF_ONE = {"ABS": "the size of", "RATE": "the change a second of"}
_LISTS = {"MAX": "the largest of", "MIN": "the smallest of", "SUM": "the sum of", "AVG": "the average of"}


def _divided(unit: str, by: float) -> str:
    """The unit of a value in `unit` divided by a number; a percentage that adds up over `by` devices stays one."""
    if unit == MICROSECONDS and by in (1000, 1_000_000):
        return MILLISECONDS if by == 1000 else "seconds"
    if unit == MILLISECONDS and by == 1000:
        return "seconds"
    return unit if unit == "percent" else ""
