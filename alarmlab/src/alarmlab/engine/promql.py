"""PromQL alarms: what a query finds at each moment, and what that makes of the alarm.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-promql.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np

from alarmlab.engine.judge import ALARM, KEEP, OK, states_after
from alarmlab.engine.promql_histograms import histogram_quantile
from alarmlab.engine.promql_ranges import Ranges, newest, over_time
from alarmlab.engine.promql_vectors import (
    Labels,
    Vector,
    aggregate,
    nameless,
    of_numbers,
    of_sets,
    of_vector_and_number,
    of_vectors,
)
from alarmlab.engine.source import MetricSource
from alarmlab.engine.window import Codes, Floats, Moments, Truths
from alarmlab.errors import UnsupportedError
from alarmlab.model.alarms import PromQLAlarm
from alarmlab.model.metrics import MetricId
from alarmlab.model.promql import NAME, SETS, Aggregation, Binary, Call, Expression, Matcher, Negation, Number, Selector
from alarmlab.model.promql_parser import parse_promql
from alarmlab.model.states import State

LOOKBACK = 300.0
"""Seconds after which a series that has no new sample is gone: Prometheus' default, on which CloudWatch is silent."""

Arguments = tuple[Expression, ...]


@runtime_checkable
class SampleSource(Protocol):
    """A `MetricSource` that can give what was published as it was published."""

    def samples(self, metric: MetricId) -> tuple[Moments, Floats]:
        """Times (Unix seconds, ascending) and values of all samples of a metric.

        What belongs to a period has the time of the period's end: only from then on is it seen.
        """


def codes(alarm: PromQLAlarm, source: MetricSource, moments: Moments) -> Codes:
    """The code of the alarm's state at each moment, OK before the first.

    A contributor, a series that the query returns, goes into ALARM when it has been there at every evaluation for the
    pending period, and leaves it when it has been gone at every evaluation for the recovery period. The alarm is in
    ALARM while any of its contributors is.

    Args:
        alarm: what is asked.
        source: where samples are read.
        moments: all evaluations from the first: what came before them is not known.

    Raises:
        InputError: the query cannot be evaluated on these series.
        UnsupportedError: the query has something that is not evaluated here, or the source has no samples.
    """
    found = evaluate(parse_promql(alarm.query), source, moments)
    in_alarm = np.zeros(len(moments), dtype=np.bool_)
    for present in found.present:
        in_alarm |= _contributor(present, moments, alarm)
    return np.where(in_alarm, ALARM, OK).astype(np.int8)


def _contributor(present: Truths, moments: Moments, alarm: PromQLAlarm) -> Truths:
    """When one contributor is in ALARM."""
    since = _unchanged_since(present, moments)
    fires = present & (since >= alarm.pending)
    recovers = ~present & (since >= alarm.recovery)
    changes = np.select([fires, recovers], [ALARM, OK], KEEP).astype(np.int8)
    in_alarm: Truths = states_after(changes, State.OK) == ALARM
    return in_alarm


def _unchanged_since(present: Truths, moments: Moments) -> Moments:
    """For how many seconds `present` has been as it is."""
    changed = np.concatenate([[True], present[1:] != present[:-1]])[: len(present)]
    start = np.maximum.accumulate(np.where(changed, np.arange(len(present)), 0)) if len(present) else moments
    return moments - moments[start]


def evaluate(query: Expression, source: MetricSource, moments: Moments) -> Vector:
    """What a query that gives a vector finds at each moment.

    Raises:
        InputError: the query cannot be evaluated on these series.
        UnsupportedError: the source has no samples.
    """
    if not isinstance(source, SampleSource):
        raise UnsupportedError("PromQL: needs the samples themselves, this source of metrics keeps statistics only")
    with np.errstate(all="ignore"):
        found = _Evaluation(source, source.metrics(""), moments.astype(np.float64)).of(query)
    assert isinstance(found, Vector)
    return found


class _Evaluation:
    def __init__(self, source: SampleSource, metrics: Sequence[MetricId], moments: Floats) -> None:
        self._source = source
        self._metrics = metrics
        self._moments = moments

    def of(self, node: Expression) -> Vector | Floats:
        match node:
            case Number(value):
                return np.full(len(self._moments), value)
            case Selector():
                return self._ranges(node, node.seconds or LOOKBACK, newest, keep_name=True)
            case Negation(operand):
                found = self.of(operand)
                return found.with_values(-found.values) if isinstance(found, Vector) else -found
            case Call():
                return self._call(node)
            case Aggregation(operand=operand, parameter=parameter):
                return aggregate(node, self._vector(operand), None if parameter is None else self._number(parameter))
            case Binary():
                return self._binary(node)

    def _vector(self, node: Expression) -> Vector:
        found = self.of(node)
        assert isinstance(found, Vector)
        return found

    def _number(self, node: Expression) -> Floats:
        found = self.of(node)
        assert not isinstance(found, Vector)
        return found

    def _ranges(
        self,
        selector: Selector,
        seconds: float,
        function: Callable[[Ranges], tuple[Floats, Truths]],
        *,
        keep_name: bool = False,
    ) -> Vector:
        ends = self._moments - selector.offset
        rows = []
        for metric in self._metrics:
            labels = _labels(metric)
            if not _matches(selector, dict(labels)):
                continue
            times, values = self._source.samples(metric)
            there = ~np.isnan(values)
            ranges = Ranges(times[there].astype(np.float64), values[there], ends, seconds)
            rows.append((labels if keep_name else nameless(labels), *function(ranges)))
        return Vector.of(rows, len(self._moments))

    def _binary(self, node: Binary) -> Vector | Floats:
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(left, Vector) and isinstance(right, Vector):
            return of_sets(node, left, right) if node.operator in SETS else of_vectors(node, left, right)
        if isinstance(left, Vector):
            assert not isinstance(right, Vector)
            return of_vector_and_number(node, left, right, swapped=False)
        if isinstance(right, Vector):
            return of_vector_and_number(node, right, left, swapped=True)
        return of_numbers(node, left, right)

    def _call(self, node: Call) -> Vector | Floats:
        if node.name in _SPECIAL:
            return _SPECIAL[node.name](self, node.arguments)
        name, arguments = node.name, node.arguments
        last = arguments[-1]
        if isinstance(last, Selector) and last.seconds:
            share = self._number(arguments[0]) if len(arguments) > 1 else None
            keeps = name == "last_over_time"
            return self._ranges(last, last.seconds, lambda ranges: over_time(name, ranges, share), keep_name=keeps)
        found = self._vector(arguments[0])
        limits = [self._number(argument) for argument in arguments[1:]]
        if name == "clamp":
            return found.with_values(np.clip(found.values, *limits), found.present & (limits[0] <= limits[1]))
        return found.with_values(_ELEMENTWISE[name](found.values, *limits))

    def time(self, _: Arguments) -> Floats:
        return self._moments

    def vector(self, arguments: Arguments) -> Vector:
        values = self._number(arguments[0])[np.newaxis]
        return Vector(((),), values, np.ones(values.shape, dtype=np.bool_))

    def scalar(self, arguments: Arguments) -> Floats:
        found = self._vector(arguments[0])
        alone = found.present.sum(axis=0) == 1
        return np.where(alone, np.where(found.present, found.values, 0.0).sum(axis=0), np.nan)

    def histogram_quantile(self, arguments: Arguments) -> Vector:
        return histogram_quantile(self._number(arguments[0]), self._vector(arguments[1]))

    def absent(self, arguments: Arguments) -> Vector:
        """1 where nothing is there, with what the selector says about labels."""
        found, argument = self._vector(arguments[0]), arguments[0]
        present = ~np.logical_or.reduce(found.present, axis=0)
        labels = _labels_said(argument.matchers) if isinstance(argument, Selector) else ()
        return Vector((labels,), np.ones((1, len(present))), present[np.newaxis])


_SPECIAL: Mapping[str, Callable[[_Evaluation, Arguments], Vector | Floats]] = {
    "absent": _Evaluation.absent,
    "absent_over_time": _Evaluation.absent,
    "histogram_quantile": _Evaluation.histogram_quantile,
    "scalar": _Evaluation.scalar,
    "time": _Evaluation.time,
    "vector": _Evaluation.vector,
}
_ELEMENTWISE: Mapping[str, Callable[..., Floats]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "clamp_max": np.minimum,
    "clamp_min": np.maximum,
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "round": lambda values, to: np.floor(values / to + 0.5) * to,
    "sgn": np.sign,
    "sqrt": np.sqrt,
}


def _labels(metric: MetricId) -> Labels:
    return tuple(sorted(((NAME, metric.name), *(pair for pair in metric.dimensions if pair[1]))))


def _labels_said(matchers: tuple[Matcher, ...]) -> Labels:
    """The labels that matchers fix: those with one `=` and nothing else."""
    names = [matcher.label for matcher in matchers]
    said = (
        (matcher.label, matcher.value)
        for matcher in matchers
        if matcher.operator == "=" and matcher.label != NAME and names.count(matcher.label) == 1
    )
    return tuple(sorted(said))


def _matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    return all(_holds(matcher, labels.get(matcher.label, "")) for matcher in selector.matchers)


def _holds(matcher: Matcher, value: str) -> bool:
    if matcher.operator in ("=~", "!~"):
        return (_pattern(matcher.value).fullmatch(value) is not None) == (matcher.operator == "=~")
    return (value == matcher.value) == (matcher.operator == "=")


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL)
