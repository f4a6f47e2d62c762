"""Vectors of PromQL over many moments at once: operators and aggregations.

https://prometheus.io/docs/prometheus/latest/querying/operators/
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from alarmlab.engine.window import Floats, Truths
from alarmlab.errors import InputError
from alarmlab.model.promql import NAME, Aggregation, Binary, Matching

Labels = tuple[tuple[str, str], ...]
"""Labels with their values, sorted."""


@dataclass(frozen=True, eq=False)
class Vector:
    """Series, each with a value or none at each moment; NaN is a value like others.

    Args:
        labels: of each series, all different.
        values: rows of series, columns of moments.
        present: where there is a value.
    """

    labels: tuple[Labels, ...]
    values: Floats
    present: Truths

    @classmethod
    def of(cls, rows: Iterable[tuple[Labels, Floats, Truths]], moments: int) -> "Vector":
        """The series of `rows`, where those of the same labels are one: they may not overlap.

        Raises:
            InputError: two have the same labels at the same moment.
        """
        merged: dict[Labels, tuple[Floats, Truths]] = {}
        for labels, values, present in rows:
            if labels in merged:
                before, there = merged[labels]
                if (there & present).any():
                    raise InputError(f"PromQL: two series have the labels {_show(labels)} at the same moment")
                merged[labels] = np.where(present, values, before), there | present
            else:
                merged[labels] = values, present
        return cls(
            tuple(merged),
            np.array([values for values, _ in merged.values()], dtype=np.float64).reshape(len(merged), moments),
            np.array([present for _, present in merged.values()], dtype=np.bool_).reshape(len(merged), moments),
        )

    @property
    def moments(self) -> int:
        """How many moments there are."""
        return int(self.values.shape[1])

    def with_values(self, values: Floats, present: Truths | None = None) -> "Vector":
        """The same series without their metric's name, with other values."""
        there = self.present if present is None else present
        return Vector.of(zip(map(nameless, self.labels), values, there, strict=True), self.moments)


def nameless(labels: Labels) -> Labels:
    """`labels` without the metric's name."""
    return tuple(pair for pair in labels if pair[0] != NAME)


def _show(labels: Labels) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels) + "}"


_ARITHMETIC: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
}
_COMPARE: Mapping[str, Callable[[Floats, Floats], Truths]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}


def of_numbers(node: Binary, left: Floats, right: Floats) -> Floats:
    """An operator between two numbers."""
    if node.operator in _COMPARE:
        return _COMPARE[node.operator](left, right).astype(np.float64)
    return _ARITHMETIC[node.operator](left, right)


def of_vector_and_number(node: Binary, vector: Vector, number: Floats, *, swapped: bool) -> Vector:
    """An operator between a vector and a number; `swapped` where the number is on the left."""
    left, right = (number, vector.values) if swapped else (vector.values, number)
    if node.operator in _ARITHMETIC:
        return vector.with_values(_ARITHMETIC[node.operator](left, right))
    holds = _COMPARE[node.operator](left, right)
    if node.as_bool:
        return vector.with_values(holds.astype(np.float64))
    return Vector(vector.labels, vector.values, vector.present & holds)


def of_vectors(node: Binary, left: Vector, right: Vector) -> Vector:
    """An arithmetic operator or a comparison between two vectors.

    Raises:
        InputError: a series matches several where it may match one.
    """
    matching = node.matching
    swapped = matching.many == "right"
    many, one = (right, left) if swapped else (left, right)
    by_signature = _by_signature(one, matching)
    for signature, found in by_signature.items():
        if (one.present[found].sum(axis=0) > 1).any():
            raise InputError(
                f"PromQL: several series on the {'left' if swapped else 'right'} of {node.operator} match "
                f"{_show(signature)} at the same moment: name more labels in on(), or aggregate them first"
            )
    rows = []
    for index, labels in enumerate(many.labels):
        for other in by_signature.get(_signature(labels, matching), ()):
            present = many.present[index] & one.present[other]
            sides = many.values[index], one.values[other]
            values, present = _combine(node, sides[::-1] if swapped else sides, present)
            if present.any():
                rows.append((_result_labels(node, labels, one.labels[other]), values, present))
    return Vector.of(rows, left.moments)


def _combine(node: Binary, sides: tuple[Floats, Floats], present: Truths) -> tuple[Floats, Truths]:
    if node.operator in _ARITHMETIC:
        return _ARITHMETIC[node.operator](*sides), present
    holds = _COMPARE[node.operator](*sides)
    return (holds.astype(np.float64), present) if node.as_bool else (sides[0], present & holds)


def _result_labels(node: Binary, labels: Labels, other: Labels) -> Labels:
    matching = node.matching
    result = dict(nameless(labels) if node.operator in _ARITHMETIC or node.as_bool else labels)
    if not matching.many:
        kept = result.keys() - set(matching.labels) if matching.ignoring else result.keys() & set(matching.labels)
        result = {name: value for name, value in result.items() if name in kept}
    found = dict(other)
    for name in matching.include:
        result.pop(name, None)
        if name in found:
            result[name] = found[name]
    return tuple(sorted(result.items()))


def _signature(labels: Labels, matching: Matching) -> Labels:
    if matching.ignoring:
        return tuple(pair for pair in nameless(labels) if pair[0] not in matching.labels)
    return tuple(pair for pair in labels if pair[0] in matching.labels)


def _by_signature(vector: Vector, matching: Matching) -> Mapping[Labels, list[int]]:
    found: dict[Labels, list[int]] = defaultdict(list)
    for index, labels in enumerate(vector.labels):
        found[_signature(labels, matching)].append(index)
    return found


def of_sets(node: Binary, left: Vector, right: Vector) -> Vector:
    """`and`, `or`, `unless`: by whether there is a match at the moment."""

    def matched(vector: Vector, other: Vector) -> Truths:
        found = _by_signature(other, node.matching)
        rows = [other.present[found.get(_signature(labels, node.matching), [])].any(axis=0) for labels in vector.labels]
        return np.array(rows, dtype=np.bool_).reshape(vector.present.shape)

    if node.operator == "and":
        return Vector(left.labels, left.values, left.present & matched(left, right))
    if node.operator == "unless":
        return Vector(left.labels, left.values, left.present & ~matched(left, right))
    rest = right.present & ~matched(right, left)
    rows = [
        *zip(left.labels, left.values, left.present, strict=True),
        *zip(right.labels, right.values, rest, strict=True),
    ]
    return Vector.of(rows, left.moments)


def aggregate(node: Aggregation, vector: Vector, parameter: Floats | None) -> Vector:
    """One value for each group of series; with `topk` and `bottomk`, the first of each group."""
    groups: dict[Labels, list[int]] = defaultdict(list)
    for index, labels in enumerate(vector.labels):
        groups[_group(node, labels)].append(index)
    if parameter is not None and node.operator != "quantile":
        present = np.zeros_like(vector.present)
        for members in groups.values():
            present[members] = _first(node.operator, vector.values[members], vector.present[members], parameter)
        return Vector(vector.labels, vector.values, present)
    rows = []
    for labels, members in groups.items():
        there = vector.present[members]
        values = _of_group(node.operator, vector.values[members], there, parameter)
        rows.append((labels, values, np.logical_or.reduce(there)))
    return Vector.of(rows, vector.moments)


def _group(node: Aggregation, labels: Labels) -> Labels:
    if node.without:
        return tuple(pair for pair in nameless(labels) if pair[0] not in node.labels)
    return tuple(pair for pair in labels if pair[0] in node.labels)


def _of_group(operator: str, values: Floats, there: Truths, parameter: Floats | None) -> Floats:
    if operator == "quantile" and parameter is not None:
        return quantiles(np.where(there, values, np.nan).T, parameter)
    return _AGGREGATE[operator](values, there)


def _sum(values: Floats, there: Truths) -> Floats:
    return np.asarray(np.where(there, values, 0.0).sum(axis=0))


def _mean(values: Floats, there: Truths) -> Floats:
    mean: Floats = _sum(values, there) / there.sum(axis=0)
    return mean


def _variance(values: Floats, there: Truths) -> Floats:
    squares: Floats = np.square(values - _mean(values, there))
    return _mean(squares, there)


_AGGREGATE: Mapping[str, Callable[[Floats, Truths], Floats]] = {
    "avg": _mean,
    "count": lambda _, there: there.sum(axis=0).astype(np.float64),
    "group": lambda values, _: np.ones(values.shape[1]),
    "max": lambda values, there: np.fmax.reduce(np.where(there, values, np.nan)),
    "min": lambda values, there: np.fmin.reduce(np.where(there, values, np.nan)),
    "stddev": lambda values, there: np.sqrt(_variance(values, there)),
    "stdvar": _variance,
    "sum": _sum,
}


def _first(operator: str, values: Floats, there: Truths, parameter: Floats) -> Truths:
    """Which series of a group are among the first at each moment; NaN comes last."""
    keys = np.where(np.isnan(values), np.inf, -values if operator == "topk" else values)
    rank = np.lexsort((keys, ~there), axis=0).argsort(axis=0)
    return there & (rank < np.trunc(np.nan_to_num(parameter)))


def quantiles(rows: Floats, share: Floats) -> Floats:
    """The quantile of each row's values, NaN left out, interpolated between the two next to it."""
    ordered = np.sort(rows, axis=1)
    count = np.isfinite(rows).sum(axis=1) + np.isinf(rows).sum(axis=1)
    rank = np.nan_to_num(np.clip(share, 0.0, 1.0)) * (count - 1)
    lower = np.maximum(np.floor(rank), 0).astype(np.int64)
    upper = np.maximum(np.minimum(lower + 1, count - 1), 0)
    weight = rank - np.floor(rank)
    at = np.arange(len(rows))
    found = ordered[at, lower] * (1 - weight) + ordered[at, upper] * weight
    return np.select([np.isnan(share), share < 0, share > 1], [np.nan, -np.inf, np.inf], found)
