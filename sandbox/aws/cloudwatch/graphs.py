"""The values of queries between two moments, period by period, as GetMetricData and widgets show them."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np

from alarmlab.engine.queries import as_series, evaluate_queries
from alarmlab.engine.source import MetricSource
from alarmlab.engine.values import Scalar, Value
from alarmlab.engine.window import Window
from alarmlab.model.metrics import MetricQuery
from sandbox.aws.cloudwatch.alarms import refuse

_MOST_DATAPOINTS = 100_800

Values = Mapping[int, float]
"""Values by the Unix second at which their period starts, in ascending order."""


def lines(
    queries: Sequence[MetricQuery], source: MetricSource, start: float, end: float
) -> Callable[[MetricQuery], tuple[Values, ...]]:
    """A function that gives what a query looks like on a graph; an expression may come to several lines, or to none.

    Raises (when a query is asked for):
        InputError: for what is not understood, unknown or not supported.
        ServiceError: for too many datapoints.
    """

    @cache
    def window(period: int) -> Window:
        return window_between(start, end, period)

    @cache
    def resolver(period: int) -> Callable[[str], Value]:
        return evaluate_queries(queries, source=source, window=window(period))

    periods = {query.period for query in queries if not query.expression}

    def drawn(query: MetricQuery) -> tuple[Values, ...]:
        # An expression has the period of its metrics, whatever its own, and periods are aligned each to its length.
        period = min(periods, default=query.period) if query.expression else query.period
        value = resolver(period)(query.id)
        if not isinstance(value, Scalar) and value.period != period:
            period = value.period
            value = resolver(period)(query.id)
        [starts] = window(period).starts.tolist()
        return tuple(
            {at: number for at, number in zip(starts, values.tolist(), strict=True) if not math.isnan(number)}
            for [values] in as_series(value, window(period))
        )

    return drawn


def window_between(start: float, end: float, period: int) -> Window:
    """The periods, aligned to their length, that hold the time from `start` to `end`.

    Raises:
        ServiceError: for a time that is not there, and for more periods than CloudWatch gives at once.
    """
    if end <= start:
        raise refuse("StartTime: it must be before EndTime")
    first, last = int(start // period), int(-(-end // period))
    if last - first > _MOST_DATAPOINTS:
        raise refuse(f"Period: {last - first} datapoints, at most {_MOST_DATAPOINTS} are allowed: use a longer period")
    return Window(np.array([last * period]), period, last - first)
