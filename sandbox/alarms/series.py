"""Time series, and metric math evaluated on them."""

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from sandbox.alarms.metric_math import Array, Binary, Call, MathError, Name, Negative, Node, Number, Text


@dataclass(frozen=True, slots=True)
class Series:
    """Values by the Unix second at which their period starts, in ascending order."""

    values: dict[int, float]
    period: int


Value = float | Series | tuple["Series | float", ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may refer to.

    Args:
        resolve: the value of an id; raises MathError for an unknown one.
        metric_ids: the ids of the metrics (not of expressions), for METRICS().
        grid: the period starts asked for, by period: where FILL has to fill.
    """

    resolve: Callable[[str], Value]
    metric_ids: tuple[str, ...]
    grid: Callable[[int], range]


def evaluate(node: Node, scope: Scope) -> Value:
    """The value of `node`: a number, a series, or several series.

    Periods without a value stay without one; a division by zero leaves none either.

    Raises:
        MathError: for operands that do not fit together.
    """
    match node:
        case Number(value):
            return value
        case Name(name):
            return scope.resolve(name)
        case Array(items):
            return tuple(part for item in items for part in _parts(evaluate(item, scope)))
        case Negative(operand):
            return _map(evaluate(operand, scope), operator.neg)
        case Binary(symbol, left, right):
            return _combine(symbol, evaluate(left, scope), evaluate(right, scope))
        case Call(function, arguments):
            return _call(function, arguments, scope)
        case Text(value):
            raise MathError(f"the text {value!r} has no value: only METRICS takes a text")


def _parts(value: Value) -> "tuple[Series | float, ...]":
    return value if isinstance(value, tuple) else (value,)


def _single(value: Value, what: str) -> Series | float:
    if isinstance(value, tuple):
        raise MathError(f"{what} takes one time series or number, not an array")
    return value


def _series(values: Iterable[tuple[int, float | None]], period: int) -> Series:
    kept = {at: value for at, value in values if value is not None and math.isfinite(value)}
    return Series(dict(sorted(kept.items())), period)


def _map(value: Value, change: Callable[[float], float]) -> Value:
    if isinstance(value, tuple):
        return tuple(_map_one(part, change) for part in value)
    return _map_one(value, change)


def _map_one(value: Series | float, change: Callable[[float], float]) -> Series | float:
    if isinstance(value, Series):
        return _series(((at, change(number)) for at, number in value.values.items()), value.period)
    return change(value)


def _divide(left: float, right: float) -> float:
    return left / right if right else math.nan


def _power(left: float, right: float) -> float:
    try:
        result = left**right
    except (OverflowError, ZeroDivisionError):
        return math.nan
    return result if isinstance(result, float) else math.nan


_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}


def _combine(symbol: str, left: Value, right: Value) -> Value:
    if isinstance(left, tuple) or isinstance(right, tuple):
        if isinstance(left, tuple) and isinstance(right, tuple):
            raise MathError(f"{symbol} takes one array at most")
        if isinstance(left, tuple):
            return tuple(_combine_one(symbol, part, _single(right, symbol)) for part in left)
        return tuple(_combine_one(symbol, _single(left, symbol), part) for part in _parts(right))
    return _combine_one(symbol, left, right)


def _combine_one(symbol: str, left: Series | float, right: Series | float) -> Series | float:
    change = _OPERATIONS[symbol]
    if isinstance(left, Series) and isinstance(right, Series):
        period = _period((left, right))
        return _series(
            ((at, change(left.values[at], right.values[at])) for at in left.values if at in right.values), period
        )
    if isinstance(left, Series):
        return _map_one(left, lambda number: change(number, _number(right)))
    if isinstance(right, Series):
        return _map_one(right, lambda number: change(left, number))
    return change(left, right)


def _number(value: Series | float) -> float:
    if isinstance(value, Series):
        raise MathError("expected a number, found a time series")
    return value


def _period(parts: "tuple[Series | float, ...]") -> int:
    periods = {part.period for part in parts if isinstance(part, Series)}
    if len(periods) != 1:
        raise MathError(f"all time series of one expression must have one period, found {sorted(periods) or 'none'}")
    return periods.pop()


def _call(function: str, arguments: tuple[Node, ...], scope: Scope) -> Value:
    if function == "METRICS":
        return _metrics(arguments, scope)
    if function == "FILL":
        return _fill(evaluate(arguments[0], scope), arguments[1], scope)
    return _apply(function, [evaluate(argument, scope) for argument in arguments])


def _apply(function: str, values: list[Value]) -> Value:
    if function == "IF":
        return _choose(*(_single(value, "IF") for value in values))
    if function in _REDUCTIONS:
        return _reduce(values[0], _REDUCTIONS[function])
    if function in _ROUNDINGS:
        return _map(values[0], _ROUNDINGS[function])
    if isinstance(values[0], tuple):
        return tuple(_along(function, part) for part in values[0])
    return _along(function, values[0])


_ROUNDINGS: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": lambda number: float(math.ceil(number)),
    "FLOOR": lambda number: float(math.floor(number)),
}
_REDUCTIONS: dict[str, Callable[[list[float]], float]] = {
    "SUM": math.fsum,
    "AVG": lambda numbers: math.fsum(numbers) / len(numbers),
    "MIN": min,
    "MAX": max,
}


def _metrics(arguments: tuple[Node, ...], scope: Scope) -> Value:
    wanted = arguments[0].value if arguments and isinstance(arguments[0], Text) else ""
    if arguments and not isinstance(arguments[0], Text):
        raise MathError('METRICS takes a quoted text, as in METRICS("errors")')
    return tuple(part for name in scope.metric_ids if wanted in name for part in _parts(scope.resolve(name)))


def _reduce(value: Value, reduce: Callable[[list[float]], float]) -> Value:
    """A number for one series; for several, a series that passes over what is missing in some."""
    if isinstance(value, Series):
        return reduce(list(value.values.values())) if value.values else Series({}, value.period)
    parts = _parts(value)
    series = [part for part in parts if isinstance(part, Series)]
    numbers = [part for part in parts if not isinstance(part, Series)]
    if not series:
        if not numbers:
            raise MathError("there is no metric to reduce")
        return reduce(numbers)
    moments = {at for part in series for at in part.values}
    at_moment = ((at, [part.values[at] for part in series if at in part.values] + numbers) for at in moments)
    return _series(((at, reduce(present)) for at, present in at_moment), _period(tuple(series)))


def _choose(condition: Series | float, yes: Series | float, no: Series | float | None = None) -> Series | float:
    def pick(value: Series | float | None, at: int) -> float | None:
        return value.values.get(at) if isinstance(value, Series) else value

    if isinstance(condition, Series):
        period = _period(tuple(part for part in (condition, yes, no) if part is not None))
        return _series(((at, pick(yes if truth else no, at)) for at, truth in condition.values.items()), period)
    chosen = yes if condition else no
    if chosen is None:
        raise MathError("IF with a constant condition needs a third argument")
    return chosen


def _fill(value: Value, filler: Node, scope: Scope) -> Value:
    parts = tuple(_fill_one(part, filler, scope) for part in _parts(value))
    return parts if isinstance(value, tuple) else parts[0]


def _fill_one(value: Series | float, filler: Node, scope: Scope) -> Series | float:
    if not isinstance(value, Series):
        return value
    starts = scope.grid(value.period)
    if isinstance(filler, Name) and filler.id == "REPEAT":
        return _series(_repeated(value, starts), value.period)
    if isinstance(filler, Name) and filler.id == "LINEAR":
        return _series(_interpolated(value), value.period)
    number = _number(_single(evaluate(filler, scope), "FILL"))
    return _series(((at, value.values.get(at, number)) for at in starts), value.period)


def _repeated(value: Series, starts: range) -> Iterable[tuple[int, float | None]]:
    last: float | None = None
    for at in starts:
        last = value.values.get(at, last)
        yield at, last


def _interpolated(value: Series) -> Iterable[tuple[int, float | None]]:
    yield from value.values.items()
    for (start, first), (end, second) in pairwise(value.values.items()):
        for at in range(start + value.period, end, value.period):
            yield at, first + (second - first) * (at - start) / (end - start)


def _along(function: str, value: Series | float) -> Series | float:
    """Functions that look along one series."""
    if not isinstance(value, Series):
        raise MathError(f"{function} takes a time series, not a number")
    if function == "PERIOD":
        return float(value.period)
    if function == "RUNNING_SUM":
        total, sums = 0.0, {}
        for at, number in value.values.items():
            total += number
            sums[at] = total
        return Series(sums, value.period)
    steps = pairwise(value.values.items())
    if function == "RATE":
        return _series(((end, (last - first) / (end - start)) for (start, first), (end, last) in steps), value.period)
    return _series(((end, last - first) for (_, first), (end, last) in steps), value.period)
