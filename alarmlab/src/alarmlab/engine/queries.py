"""Metric data queries: what an alarm, GetMetricData or a widget asks for, metrics and expressions alike."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from alarmlab.engine.insights import contributors
from alarmlab.engine.math import Scope, evaluate
from alarmlab.engine.source import MetricSource
from alarmlab.engine.values import Scalar, Series, SeriesArray, Value, stacked
from alarmlab.engine.window import Floats, Window
from alarmlab.errors import UnsupportedError
from alarmlab.model.insights import is_insights, parse_insights
from alarmlab.model.metric_math import MathError, parse
from alarmlab.model.metrics import MetricQuery

Band = Callable[[str, float, Window], tuple[Floats, Floats]]
"""The lower and the upper bound around the query of an id, with a width in standard deviations."""


def evaluate_queries(
    queries: Sequence[MetricQuery], *, source: MetricSource, window: Window, band: Band | None = None
) -> Callable[[str], Value]:
    """A function that gives the value of a query by its id, each computed once and only when asked for.

    Args:
        queries: metrics and expressions; one of another period than the window's sees as much time.
        source: where metrics are read.
        window: the rows.
        band: for ANOMALY_DETECTION_BAND; None where there is none.

    Raises (when a value is asked for):
        MathError: for an id that is unknown or refers to itself, and for what does not fit together.
        UnsupportedError: for what is not evaluated here.
        InputError: for a statistic that cannot be had.
    """
    by_id = {query.id: query for query in queries}
    values: dict[str, Value] = {}
    in_work: list[str] = []

    def resolve(query_id: str) -> Value:
        if query_id in values:
            return values[query_id]
        query = by_id.get(query_id)
        if query is None:
            raise MathError(f"there is no metric or expression with the id {query_id!r}")
        if query_id in in_work:
            raise MathError(f"the expressions {' -> '.join([*in_work, query_id])} refer to themselves")
        in_work.append(query_id)
        try:
            values[query_id] = _value(query, source, window_of(query.period), scope)
        finally:
            in_work.pop()
        return values[query_id]

    def window_of(period: int) -> Window:
        if period == window.period:
            return window
        periods = max(1, window.period * window.periods // period)
        return Window(window.moments, period, periods, window.wall_clock)

    def band_around(query_id: str, width: float) -> SeriesArray:
        if band is None:
            raise UnsupportedError("ANOMALY_DETECTION_BAND is only evaluated in alarms")
        lower, upper = band(query_id, width, window)
        # FIRST of a band is its upper bound, LAST its lower one.
        parts = [Series(upper, window.period), Series(lower, window.period)]
        return stacked(parts, window.period, window.shape)

    scope = Scope(
        resolve=resolve,
        metric_ids=tuple(query.id for query in queries if not query.expression),
        window=window,
        window_of=window_of,
        band=band_around,
    )
    return resolve


def _value(query: MetricQuery, source: MetricSource, window: Window, scope: Scope) -> Value:
    if is_insights(query.expression):
        found = by_contributor(query, source, window)
        return stacked([Series(values, window.period) for values in found.values()], window.period, window.shape)
    if query.expression:
        return evaluate(parse(query.expression), scope)
    if query.metric is None:
        raise MathError(f"the query {query.id!r} has neither a metric nor an expression")
    values = source.values(query.metric, query.stat, window, unit=query.unit)
    return Series(values, window.period)


def as_series(value: Value, window: Window) -> tuple[Floats, ...]:
    """What a value looks like on a graph: a number becomes a flat line."""
    match value:
        case Scalar(values):
            return (np.broadcast_to(values, window.shape),)
        case Series(values):
            return (values,)
        case SeriesArray():
            return tuple(value.values)


def by_contributor(query: MetricQuery, source: MetricSource, window: Window) -> Mapping[str, Floats]:
    """The series of a Metrics Insights query by their labels."""
    return contributors(parse_insights(query.expression), source, window)
