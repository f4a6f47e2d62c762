"""Metrics Insights: the series that a query finds at each moment.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html and, for
the limits, https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
"""

import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from alarmlab.engine.source import MetricSource
from alarmlab.engine.window import Floats, Truths, Window
from alarmlab.errors import UnsupportedError
from alarmlab.model.insights import Condition, InsightsQuery
from alarmlab.model.metrics import MetricId

MAX_METRICS = 10_000
"""How many metrics a query may match; which of more it would look at is not documented."""
DATA_SECONDS = 3 * 3600
"""How far back an alarm's query sees."""
NO_VALUE = "Other"
"""What a metric without a dimension that is grouped by has as its value."""


def contributors(query: InsightsQuery, source: MetricSource, window: Window) -> Mapping[str, Floats]:
    """The datapoints of each series of the answer, rows of moments, columns of periods; NaN where there is none.

    A period that begins more than three hours before its moment is missing. ORDER BY and LIMIT hold at each moment
    anew, over the datapoints of its row: a series that does not come out on top is all NaN in that row.

    Args:
        query: what is asked.
        source: where metrics are read.
        window: the periods.

    Returns:
        Datapoints by label (the values grouped by, in the order of GROUP BY; empty without it), in the order of labels.

    Raises:
        UnsupportedError: more metrics match than CloudWatch looks at.
    """
    groups: dict[tuple[str, ...], list[MetricId]] = defaultdict(list)
    found = [metric for metric in source.metrics(query.namespace) if _matches(query, metric)]
    if len(found) > MAX_METRICS:
        raise UnsupportedError(
            f"Metrics Insights query on {query.namespace} {query.metric}: {len(found)} metrics match, CloudWatch looks at "
            f"{MAX_METRICS} of them and does not say at which: narrow it with WHERE"
        )
    for metric in found:
        values = dict(metric.dimensions)
        groups[tuple(values.get(label, NO_VALUE) for label in query.group_by)].append(metric)
    old = window.starts < window.moments[:, np.newaxis] - DATA_SECONDS
    series = {}
    for label in sorted(groups):
        points = _aggregate(query.function, groups[label], source, window)
        series[" ".join(label)] = np.where(old, np.nan, points)
    if len(series) <= query.limit:
        return series
    returned = _returned(query, np.stack(list(series.values())))
    return {
        label: np.where(returned[index][:, np.newaxis], points, np.nan)
        for index, (label, points) in enumerate(series.items())
    }


def _matches(query: InsightsQuery, metric: MetricId) -> bool:
    values = dict(metric.dimensions)
    if metric.name != query.metric or (query.schema is not None and query.schema != values.keys()):
        return False
    return all(_holds(condition, values) for condition in query.where)


def _holds(condition: Condition, values: Mapping[str, str]) -> bool:
    """Whether a condition holds; neither does on a metric without the dimension, as with NULL in SQL."""
    value = values.get(condition.label)
    return value is not None and (value == condition.value) != condition.negated


def _aggregate(function: str, metrics: Sequence[MetricId], source: MetricSource, window: Window) -> Floats:
    def read(stat: str, combine: Callable[[Floats, Floats], Floats]) -> Floats:
        total = source.values(metrics[0], stat, window)
        for metric in metrics[1:]:
            total = combine(total, source.values(metric, stat, window))
        return total

    match function:
        case "MIN":
            return read("Minimum", np.fmin)
        case "MAX":
            return read("Maximum", np.fmax)
        case "SUM":
            return read("Sum", _add)
        case "COUNT":
            return read("SampleCount", _add)
        case _:
            return read("Sum", _add) / read("SampleCount", _add)


def _add(left: Floats, right: Floats) -> Floats:
    """The sum of what is there."""
    both = np.isnan(left) & np.isnan(right)
    return np.where(both, np.nan, np.nan_to_num(left) + np.nan_to_num(right))


_ORDER: Mapping[str, Callable[[Floats], Floats]] = {
    "AVG": lambda points: np.nanmean(points, axis=-1),
    "COUNT": lambda points: np.isfinite(points).sum(axis=-1).astype(np.float64),
    "MAX": lambda points: np.nanmax(points, axis=-1),
    "MIN": lambda points: np.nanmin(points, axis=-1),
    "SUM": lambda points: np.nansum(points, axis=-1),
}


def _returned(query: InsightsQuery, points: Floats) -> Truths:
    """Which series [S, T] are among the first `limit` at each moment; those without datapoints come last."""
    there = np.isfinite(points).any(axis=-1)
    keys = np.zeros(there.shape)
    if query.order_by:
        with warnings.catch_warnings():
            # Rows without datapoints: they are put last below.
            warnings.simplefilter("ignore", RuntimeWarning)
            keys = _ORDER[query.order_by](points)
        keys = -keys if query.descending else keys
    keys = np.where(there, keys, np.inf)
    rank = np.empty(keys.shape, dtype=np.int64)
    np.put_along_axis(rank, np.argsort(keys, axis=0, kind="stable"), np.arange(len(keys))[:, np.newaxis], axis=0)
    return rank < query.limit
