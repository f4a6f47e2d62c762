"""Metric math as its documentation tells it, on one row of periods; see `cloudwatch`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

A time series is a dictionary from the index of a period (0 is the oldest) to a value; a number is a float, or None
where there is none; an array is a list of time series.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from alarmlab.model.metric_math import Array, Binary, Call, Name, Negative, Node, Number

Points = dict[int, float]
Result = float | Points | list[Points] | None


@dataclass(frozen=True)
class Row:
    """The metrics of one row: `starts` are the beginnings of its periods, `period` seconds each."""

    metrics: dict[str, Points]
    starts: list[int]
    period: int


def evaluate(node: Node, row: Row) -> Result:  # noqa: C901, PLR0911 (one case for each kind of node)
    """The value of an expression."""
    match node:
        case Number(value):
            return value
        case Name(name):
            return row.metrics[name]
        case Array(items):
            return _flat([evaluate(item, row) for item in items])
        case Negative(operand):
            return _pointwise(evaluate(operand, row), lambda value: -value)
        case Binary(symbol, left, right):
            return _binary(symbol, evaluate(left, row), evaluate(right, row))
        case Call("METRICS", _):
            return list(row.metrics.values())
        case Call("FILL", (series, Name("REPEAT"))):
            return _each(evaluate(series, row), lambda points: _repeat(points, len(row.starts)))
        case Call("FILL", (series, Name("LINEAR"))):
            return _each(evaluate(series, row), _linear)
        case Call("FILL", (series, filler)):
            return _fill(evaluate(series, row), evaluate(filler, row), len(row.starts))
        case Call("SORT", (series, Name(key), Name(order))):
            return _sort(evaluate(series, row), key, order)
        case Call("SORT", (series, Name(key), Name(order), Number(limit))):
            return _sort(evaluate(series, row), key, order)[: int(limit)]
        case Call(function, arguments):
            return _call(function, [evaluate(argument, row) for argument in arguments], row)
    raise AssertionError(node)


def _flat(items: list[Result]) -> list[Points]:
    found: list[Points] = []
    for item in items:
        found += item if isinstance(item, list) else [_points(item)]
    return found


def _points(value: Result) -> Points:
    assert isinstance(value, dict)
    return value


def _number(value: Result) -> float | None:
    assert value is None or isinstance(value, float)
    return value


def _kept(points: dict[int, float | None]) -> Points:
    return {at: value for at, value in points.items() if value is not None and math.isfinite(value)}


def _each(value: Result, change: Callable[[Points], Points]) -> Result:
    return [change(points) for points in value] if isinstance(value, list) else change(_points(value))


def _pointwise(value: Result, change: Callable[[float], Any]) -> Result:
    if value is None or isinstance(value, float):
        changed = None if value is None else _tried(change, value)
        return changed if changed is not None and math.isfinite(changed) else None
    return _each(value, lambda points: _kept({at: _tried(change, number) for at, number in points.items()}))


def _tried(change: Callable[..., Any], *values: float) -> float | None:
    try:
        changed = change(*values)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return float(changed) if not isinstance(changed, complex) else None


_OPERATORS: dict[str, Callable[[float, float], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "^": lambda left, right: left**right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "AND": lambda left, right: left != 0 and right != 0,
    "OR": lambda left, right: left != 0 or right != 0,
}


def _binary(symbol: str, left: Result, right: Result) -> Result:
    change = _OPERATORS[symbol]
    if isinstance(left, list):
        return [_points(_binary(symbol, points, right)) for points in left]
    if isinstance(right, list):
        return [_points(_binary(symbol, left, points)) for points in right]
    if isinstance(left, dict) and isinstance(right, dict):
        # "the function treats the missing value in the other time series as 0"
        moments = left.keys() | right.keys()
        return _kept({at: _tried(change, left.get(at, 0.0), right.get(at, 0.0)) for at in moments})
    if left is None or right is None:
        return {} if isinstance(left, dict) or isinstance(right, dict) else None
    if isinstance(right, float):
        return _pointwise(left, lambda value: change(value, right))
    assert isinstance(left, float)
    return _pointwise(right, lambda value: change(left, value))


def _repeat(points: Points, periods: int) -> Points:
    filled: Points = {}
    for at in range(periods):
        if at in points:
            filled[at] = points[at]
        elif at - 1 in filled:
            filled[at] = filled[at - 1]
    return filled


def _linear(points: Points) -> Points:
    filled = dict(points)
    known = sorted(points)
    for left, right in pairwise(known):
        for at in range(left + 1, right):
            filled[at] = points[left] + (points[right] - points[left]) * (at - left) / (right - left)
    return filled


def _fill(value: Result, filler: Result, periods: int) -> Result:
    def fill(points: Points) -> Points:
        filled = dict(points)
        for at in range(periods):
            if at not in points:
                replacement = filler.get(at) if isinstance(filler, dict) else _number(filler)
                if replacement is not None:
                    filled[at] = replacement
        return filled

    return _each(value, fill)


def _deviation(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


_REDUCTIONS: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
    "STDDEV": _deviation,
    "DATAPOINT_COUNT": len,
}
_POINTWISE: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
    "LOG": math.log,
    "LOG10": math.log10,
}


def _reduce(function: str, value: Result) -> Result:
    if isinstance(value, dict):
        if not value:
            return 0.0 if function == "DATAPOINT_COUNT" else None
        return float(_REDUCTIONS[function](list(value.values())))
    assert isinstance(value, list)
    result: Points = {}
    for at in sorted({at for points in value for at in points}):
        present = [points[at] for points in value if at in points]
        if function == "AVG":
            result[at] = sum(present) / len(value)
        else:
            result[at] = float(_REDUCTIONS[function](present))
    return result


def _sort(value: Result, key: str, order: str) -> list[Points]:
    assert isinstance(value, list)
    empty = [points for points in value if not points]
    known = [points for points in value if points]
    # Not reverse=True: series of equal keys keep their order either way.
    sign = -1 if order == "DESC" else 1
    return sorted(known, key=lambda points: sign * float(_REDUCTIONS[key](list(points.values())))) + empty


def _differences(points: Points, make: Callable[[int, int], float]) -> Points:
    known = sorted(points)
    return {now: make(before, now) for before, now in pairwise(known)}


def _call(function: str, values: list[Result], row: Row) -> Result:  # noqa: PLR0911 (one line for each function)
    if function in _POINTWISE:
        return _pointwise(values[0], _POINTWISE[function])
    if function in _REDUCTIONS:
        return _reduce(function, values[0])
    if function == "IF":
        return _if(values[0], values[1], values[2:])
    if function == "TIME_SERIES":
        number = _number(values[0])
        return {} if number is None else dict.fromkeys(range(len(row.starts)), number)
    if function == "PERIOD":
        return float(row.period)
    if function in _CALENDAR:
        moments = [datetime.fromtimestamp(start, UTC) for start in row.starts]
        return {at: float(_CALENDAR[function](moment)) for at, moment in enumerate(moments)}
    if function in ("RATE", "DIFF", "DIFF_TIME", "RUNNING_SUM"):
        return _each(values[0], lambda points: _along(function, points, row.period))
    return _of_array(function, values)


_CALENDAR: dict[str, Callable[[datetime], float]] = {
    "MINUTE": lambda moment: moment.minute,
    "HOUR": lambda moment: moment.hour,
    "DAY": lambda moment: moment.isoweekday(),
    "DATE": lambda moment: moment.day,
    "MONTH": lambda moment: moment.month,
    "YEAR": lambda moment: moment.year,
    "EPOCH": lambda moment: moment.timestamp(),
}


def _along(function: str, points: Points, period: int) -> Points:
    if function == "DIFF":
        return _differences(points, lambda before, now: points[now] - points[before])
    if function == "DIFF_TIME":
        return _differences(points, lambda before, now: float(now - before) * period)
    if function == "RATE":
        return _differences(points, lambda before, now: (points[now] - points[before]) / ((now - before) * period))
    known = sorted(points)
    return {at: sum(points[earlier] for earlier in known if earlier <= at) for at in known}


def _of_array(function: str, values: list[Result]) -> Result:
    array = values[0]
    assert isinstance(array, list)
    if function == "METRIC_COUNT":
        return float(len(array))
    if function == "REMOVE_EMPTY":
        return [points for points in array if points]
    if function == "FIRST":
        return array[0] if array else {}
    if function == "LAST":
        return array[-1] if array else {}
    assert function == "SLICE"
    bounds = [int(number) for number in map(_number, values[1:]) if number is not None]
    return array[bounds[0] : bounds[1] if len(bounds) > 1 else None]


def _if(condition: Result, yes: Result, no: list[Result]) -> Result:
    otherwise = no[0] if no else None
    if not isinstance(condition, dict):
        chosen = None if condition is None else yes if condition != 0 else otherwise
        if isinstance(yes, dict) or isinstance(otherwise, dict):
            return chosen if isinstance(chosen, dict) else _constant(chosen, yes, otherwise)
        return chosen
    result: dict[int, float | None] = {}
    for at, truth in condition.items():
        if truth != 0:
            # "has the value of 0, if the corresponding data point of metric1 is TRUE and [...] does not exist"
            result[at] = yes.get(at, 0.0) if isinstance(yes, dict) else _number(yes)
        else:
            result[at] = otherwise.get(at) if isinstance(otherwise, dict) else _number(otherwise)
    return _kept(result)


def _constant(chosen: Result, *_others: Result) -> Result:
    """A number where the other branch is a series: generators avoid it, as the documentation does not tell of it."""
    assert chosen is None
    return {}
