"""Metric data queries: what an alarm, GetMetricData or a widget asks for, metrics and expressions alike."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from alarmlab.engine.anomaly import band as like_cloudwatch
from alarmlab.engine.insights import contributors
from alarmlab.engine.math import Scope, evaluate
from alarmlab.engine.source import MetricSource
from alarmlab.engine.values import Scalar, Series, SeriesArray, Value, stacked
from alarmlab.engine.window import Floats, Moments, Window
from alarmlab.model.insights import is_insights, parse_insights
from alarmlab.model.metric_math import MathError, parse
from alarmlab.model.metrics import MetricQuery

_TRAINING = 14 * 86_400
"""Seconds: CloudWatch trains a band on up to two weeks of a metric."""

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
        band: what ANOMALY_DETECTION_BAND comes to; None for `band_around`.

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

    def bounds(query_id: str, width: float) -> SeriesArray:
        if band is None:
            lower, upper = band_around(queries, query_id, width, source=source, window=window)
        else:
            lower, upper = band(query_id, width, window)
        # FIRST of a band is its upper bound, LAST its lower one.
        parts = [Series(upper, window.period), Series(lower, window.period)]
        return stacked(parts, window.period, window.shape)

    scope = Scope(
        resolve=resolve,
        metric_ids=tuple(query.id for query in queries if not query.expression),
        window=window,
        window_of=window_of,
        band=bounds,
    )
    return resolve


def _value(query: MetricQuery, source: MetricSource, window: Window, scope: Scope) -> Value:
    if is_insights(query.expression):
        parts = [Series(values, window.period) for values in by_contributor(query, source, window).values()]
        if parse_insights(query.expression).group_by:
            return stacked(parts, window.period, window.shape)
        return parts[0] if parts else Series(np.full(window.shape, np.nan), window.period)
    if query.expression:
        return evaluate(parse(query.expression), scope)
    if query.metric is None:
        raise MathError(f"the query {query.id!r} has neither a metric nor an expression")
    values = source.values(query.metric, query.stat, window, unit=query.unit)
    return Series(values, window.period)


def band_around(
    queries: Sequence[MetricQuery], of: str, width: float, *, source: MetricSource, window: Window
) -> tuple[Floats, Floats]:
    """The lower and the upper bound of a band that is like CloudWatch's, for each period of `window`.

    Periods that begin at different seconds of the clock are different series, each with a band of its own.

    Args:
        queries: metrics and expressions.
        of: the id of the one that the band is around.
        width: in standard deviations.
        source: where metrics are read.
        window: the rows.

    Raises:
        MathError: `of` is not one time series.
    """
    lower, upper = np.full(window.shape, np.nan), np.full(window.shape, np.nan)
    phases = window.ends % window.period
    before = _TRAINING // window.period + window.periods
    for phase in np.unique(phases):
        rows = np.flatnonzero(phases == phase)
        ends = window.ends[rows]
        grid: Moments = np.arange(ends[0] - before * window.period, ends[-1] + 1, window.period, dtype=np.int64)
        # Each value with the periods before it that a row sees: functions that look along a series need them. It is
        # read one period late, when all of it is known: steps begin and end within periods of other phases.
        late = Window(grid + window.period, window.period, window.periods + 1)
        value = evaluate_queries(queries, source=source, window=late)(of)
        if not isinstance(value, Series):
            raise MathError(f"ANOMALY_DETECTION_BAND takes one time series: {of!r} is not one")
        bounds = like_cloudwatch(value.values[:, -2], grid - window.period, window.period, width)
        place = (ends - grid[0])[:, np.newaxis] // window.period - np.arange(window.periods - 1, -1, -1)
        lower[rows], upper[rows] = bounds[0][place], bounds[1][place]
    return lower, upper


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
