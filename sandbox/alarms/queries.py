"""Metric data queries: what an alarm, GetMetricData or a widget asks for, metrics and expressions alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.alarms.metric_math import MathError, parse
from sandbox.alarms.series import Scope, Series, Value, evaluate


@dataclass(frozen=True, kw_only=True)
class MetricQuery:
    """One metric with its statistic, or one expression.

    Args:
        id: how expressions refer to it.
        expression: metric math; the fields below are then unused.
        period: seconds.
        unit: only what was published in this unit counts; empty for any.
        return_data: whether its values are part of the answer (in an alarm: what is compared with the threshold).
    """

    id: str
    expression: str = ""
    namespace: str = ""
    name: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    stat: str = ""
    period: int = 60
    unit: str = ""
    label: str = ""
    return_data: bool = True


Fetch = Callable[[MetricQuery], Series]


def evaluate_queries(
    queries: Sequence[MetricQuery], *, fetch: Fetch, grid: Callable[[int], range]
) -> Callable[[str], Value]:
    """A function that gives the value of a query by its id, each computed once and only when asked for.

    Args:
        queries: metrics and expressions.
        fetch: the series of a metric.
        grid: the period starts asked for, by period.

    Raises (when a value is asked for):
        MathError: for an id that is unknown or refers to itself, and for what metric math does not support.
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
        values[query_id] = evaluate(parse(query.expression), scope) if query.expression else fetch(query)
        in_work.pop()
        return values[query_id]

    metric_ids = tuple(query.id for query in queries if not query.expression)
    scope = Scope(resolve=resolve, metric_ids=metric_ids, grid=grid)
    return resolve


def as_series(value: Value, *, starts: range) -> tuple[Series, ...]:
    """What a value looks like on a graph: a number becomes a flat line over `starts`."""
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(
        part if isinstance(part, Series) else Series(dict.fromkeys(starts, part), starts.step) for part in parts
    )
