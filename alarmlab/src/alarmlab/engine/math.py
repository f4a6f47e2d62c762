"""Metric math, evaluated for all rows of a window at once.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

As the page has it: where only one of two time series has a datapoint, the other counts as 0; a datapoint that would
divide by zero is dropped. A function that looks along a series sees the row's window, which is longer than the
evaluation periods.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from alarmlab.engine.along import ALONG, CALENDAR, fill_linear, fill_repeat
from alarmlab.engine.arrays import ORDERED, REDUCE_ARRAY, REDUCE_SERIES, first, last, remove_empty, sliced, sorted_by
from alarmlab.engine.values import Scalar, Series, SeriesArray, Value, filled, finite, stacked
from alarmlab.engine.window import AnyArray, Floats, Window
from alarmlab.model.bands import read_band
from alarmlab.model.metric_math import Array, Binary, Call, MathError, Name, Negative, Node, Number, Text


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an expression may refer to.

    Args:
        resolve: the value of an id; raises MathError for an unknown one.
        metric_ids: the ids of the metrics (not of expressions), for METRICS().
        window: the rows.
        window_of: the rows for another period, over the same time.
        band: the upper and lower bound around an id, with a width in standard deviations.
    """

    resolve: Callable[[str], Value]
    metric_ids: tuple[str, ...]
    window: Window
    window_of: Callable[[int], Window]
    band: Callable[[str, float], SeriesArray]


def evaluate(node: Node, scope: Scope) -> Value:
    """The value of `node` for each row.

    Raises:
        MathError: for operands that do not fit together.
    """
    match node:
        case Number(value):
            return _number(value, scope)
        case Name(name):
            return scope.resolve(name)
        case Array(items):
            return _array([evaluate(item, scope) for item in items], scope)
        case Negative(operand):
            return _map(evaluate(operand, scope), np.negative)
        case Binary(symbol, left, right):
            return _combine(symbol, evaluate(left, scope), evaluate(right, scope))
        case Call(function, arguments):
            return _call(function, arguments, scope)
        case Text(value):
            raise MathError(f"the text {value!r} has no value: only METRICS takes a text")


def _number(value: float, scope: Scope) -> Scalar:
    return Scalar(np.broadcast_to(np.float64(value), (len(scope.window.moments), 1)))


def _array(items: list[Value], scope: Scope) -> SeriesArray:
    parts: list[Series] = []
    for item in items:
        if isinstance(item, Scalar):
            raise MathError("an array takes time series, not numbers: use TIME_SERIES(number)")
        if isinstance(item, Series):
            parts.append(item)
        else:
            parts += [Series(values, item.period) for values in item.values]
    return stacked(parts, _period(*parts) if parts else scope.window.period, _shape(parts, scope))


def _shape(parts: list[Series], scope: Scope) -> tuple[int, int]:
    return (parts[0].values.shape[0], parts[0].values.shape[1]) if parts else scope.window.shape


def _period(*parts: Value) -> int:
    periods = {part.period for part in parts if not isinstance(part, Scalar)}
    if len(periods) != 1:
        raise MathError(f"all time series of one expression must have one period, found {sorted(periods) or 'none'}")
    return periods.pop()


def _like(value: Value, values: Floats) -> Value:
    """`values` as what `value` is."""
    match value:
        case Scalar():
            return Scalar(values)
        case Series():
            return Series(values, value.period)
        case SeriesArray():
            return SeriesArray(values, value.period, value.there)


def _map(value: Value, change: Callable[[Floats], Floats]) -> Value:
    with np.errstate(all="ignore"):
        return _like(value, finite(change(value.values)))


_OPERATIONS: Mapping[str, Callable[[AnyArray, AnyArray], AnyArray]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.float_power,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "AND": np.logical_and,
    "OR": np.logical_or,
}


def _combine(symbol: str, left: Value, right: Value) -> Value:
    if isinstance(left, SeriesArray) and isinstance(right, SeriesArray):
        raise MathError(f"{symbol} takes one array at most")
    first_values, second_values = left.values, right.values
    if not isinstance(left, Scalar) and not isinstance(right, Scalar):
        _period(left, right)
        first_values, second_values = filled(left.values, right.values), filled(right.values, left.values)
    with np.errstate(all="ignore"):
        result = finite(_OPERATIONS[symbol](first_values, second_values).astype(np.float64))
    result = np.where(np.isnan(first_values) | np.isnan(second_values), np.nan, result)
    return _like(_larger(left, right), result)


def _larger(left: Value, right: Value) -> Value:
    rank = (Scalar, Series, SeriesArray)
    return left if rank.index(type(left)) >= rank.index(type(right)) else right


_POINTWISE: Mapping[str, Callable[[Floats], Floats]] = {
    "ABS": np.abs,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "LOG": np.log,
    "LOG10": np.log10,
}


def _call(function: str, arguments: tuple[Node, ...], scope: Scope) -> Value:
    match function:
        case "METRICS":
            return _metrics(arguments, scope)
        case "FILL":
            return _fill(evaluate(arguments[0], scope), arguments[1], scope)
        case "SORT":
            return _sort(arguments, scope)
        case "ANOMALY_DETECTION_BAND":
            return scope.band(*read_band(Call(function, arguments)))
        case _:
            return _apply(function, [evaluate(argument, scope) for argument in arguments], scope)


def _apply(function: str, values: list[Value], scope: Scope) -> Value:
    value = values[0]
    if function in _POINTWISE:
        return _map(value, _POINTWISE[function])
    if function in REDUCE_SERIES:
        return _reduce(function, value)
    if function == "IF":
        return _choose(*values)
    if function == "TIME_SERIES":
        return Series(np.broadcast_to(_scalar(value, function), scope.window.shape), scope.window.period)
    if function in _PICKS:
        return _PICKS[function](_several(value, function), [_scalar(bound, function) for bound in values[1:]])
    return _along(function, value, scope)


def _along(function: str, value: Value, scope: Scope) -> Value:
    if isinstance(value, Scalar):
        raise MathError(f"{function} takes a time series, not a number")
    if function in ALONG:
        return _like(value, ALONG[function](value.values, value.period))
    if isinstance(value, SeriesArray):
        raise MathError(f"{function} takes one time series, not an array")
    if function == "PERIOD":
        return _number(value.period, scope)
    return Series(CALENDAR[function](scope.window_of(value.period).starts), value.period)


def _scalar(value: Value, function: str) -> Floats:
    if not isinstance(value, Scalar):
        raise MathError(f"{function} takes a number there, not a time series")
    return value.values


def _several(value: Value, function: str) -> SeriesArray:
    if not isinstance(value, SeriesArray):
        raise MathError(f"{function} takes an array of time series: METRICS() or [m1, m2]")
    return value


def _reduce(function: str, value: Value) -> Value:
    match value:
        case Scalar():
            raise MathError(f"{function} takes a time series, not a number")
        case Series():
            return Scalar(REDUCE_SERIES[function](value.values))
        case SeriesArray():
            return Series(REDUCE_ARRAY[function](value), value.period)


_PICKS: Mapping[str, Callable[[SeriesArray, list[Floats]], Value]] = {
    "FIRST": lambda array, _: first(array),
    "LAST": lambda array, _: last(array),
    "METRIC_COUNT": lambda array, _: Scalar(array.count),
    "REMOVE_EMPTY": lambda array, _: remove_empty(array),
    "SLICE": sliced,
}


def _metrics(arguments: tuple[Node, ...], scope: Scope) -> SeriesArray:
    wanted = arguments[0].value if arguments and isinstance(arguments[0], Text) else ""
    if arguments and not isinstance(arguments[0], Text):
        raise MathError('METRICS takes a quoted text, as in METRICS("errors")')
    return _array([scope.resolve(name) for name in scope.metric_ids if wanted in name], scope)


def _word(node: Node, function: str, allowed: tuple[str, ...]) -> str:
    if not isinstance(node, Name) or node.id not in allowed:
        raise MathError(f"{function} takes one of {', '.join(allowed)} there")
    return node.id


def _sort(arguments: tuple[Node, ...], scope: Scope) -> SeriesArray:
    value = _several(evaluate(arguments[0], scope), "SORT")
    key = REDUCE_SERIES[_word(arguments[1], "SORT", ORDERED)]
    descending = _word(arguments[2], "SORT", ("ASC", "DESC")) == "DESC"
    ordered = sorted_by(value, key, descending=descending)
    if len(arguments) < 4:
        return ordered
    limit = _scalar(evaluate(arguments[3], scope), "SORT")
    return sliced(ordered, [np.zeros_like(limit), limit])


def _choose(condition: Value, yes: Value, no: Value | None = None) -> Value:
    """IF: a condition that is missing leaves no datapoint; where it is true and the metric is missing, it is 0."""
    parts = (condition, yes) if no is None else (condition, yes, no)
    if any(isinstance(part, SeriesArray) for part in parts):
        raise MathError("IF takes time series and numbers, not arrays")
    otherwise = np.float64(np.nan) if no is None else no.values
    chosen = yes.values
    if isinstance(condition, Series) and isinstance(yes, Series):
        chosen = np.where(np.isnan(chosen), 0.0, chosen)
    result = np.where(condition.values != 0, chosen, otherwise)
    result = np.where(np.isnan(condition.values), np.nan, result)
    if all(isinstance(part, Scalar) for part in parts):
        return Scalar(result)
    return Series(result, _period(*parts))


def _fill(value: Value, filler: Node, scope: Scope) -> Value:
    if isinstance(value, Scalar):
        raise MathError("FILL takes a time series, not a number")
    if filler == Name("REPEAT"):
        return _like(value, fill_repeat(value.values))
    if filler == Name("LINEAR"):
        return _like(value, fill_linear(value.values))
    replacement = evaluate(filler, scope)
    if isinstance(replacement, SeriesArray):
        raise MathError("FILL fills with a number, a time series, REPEAT or LINEAR, not with an array")
    if isinstance(replacement, Series):
        _period(value, replacement)
    return _like(value, np.where(np.isnan(value.values), replacement.values, value.values))
