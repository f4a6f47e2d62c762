"""Metric alarms as they are stored (members of PutMetricAlarm), read into what decides their state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.alarms.evaluate import AlarmSettings, Datapoint, Missing
from sandbox.alarms.metric_math import MathError
from sandbox.alarms.queries import MetricQuery, as_series, evaluate_queries
from sandbox.alarms.series import Series
from sandbox.alarms.statistics import SIMPLE_STATISTICS, UnknownStatisticError, is_statistic, statistic
from sandbox.alarms.warm_up import WarmUp
from sandbox.aws.cloudwatch.store import RESOLUTION, MetricKey, MetricStore, dimensions_of
from sandbox.aws.cloudwatch.wire import ServiceError, Values

SINGLE_METRIC_ID = "m"
IN_WARM_UP = "IN_WARM_UP"
"""EvaluationState of an alarm that waits for its first data."""
_MATH_METRICS = 10


@dataclass(frozen=True, kw_only=True)
class MetricAlarm:
    """What the evaluator needs of a stored alarm.

    Args:
        returned: the id of the query that is compared with the threshold.
        warm_up: what a new alarm waits for; None for nothing.
    """

    settings: AlarmSettings
    queries: tuple[MetricQuery, ...]
    returned: str
    warm_up: WarmUp | None = None


def refuse(message: str) -> ServiceError:
    """The error of a member that is not valid, or not emulated."""
    return ServiceError("ValidationError", message)


def is_in_warm_up(alarm: Mapping[str, Any]) -> bool:
    """Whether a stored alarm still waits for its first data."""
    return alarm.get("EvaluationState") == IN_WARM_UP


def read_queries(queries: list[Values]) -> tuple[MetricQuery, ...]:
    """MetricDataQueries as `MetricQuery`s.

    Raises:
        ServiceError: for a statistic or period that is not supported, or for one id used twice.
    """
    read = tuple(_read_query(query) for query in queries)
    ids = [query.id for query in read]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise refuse(f"Id: {twice[0]!r} is used by more than one query")
    return read


def _read_query(query: Values) -> MetricQuery:
    common: dict[str, Any] = {
        "id": query["Id"],
        "label": query.get("Label") or "",
        "return_data": query.get("ReturnData", True),
    }
    if query.get("Expression"):
        return MetricQuery(expression=query["Expression"], period=int(query.get("Period") or 60), **common)
    stat: Values | None = query.get("MetricStat")
    if stat is None:
        raise refuse(f"query {query['Id']!r}: it needs an Expression or a MetricStat")
    metric = stat["Metric"]
    check_metric(stat["Stat"], int(stat["Period"]))
    return MetricQuery(
        namespace=metric.get("Namespace", ""),
        name=metric.get("MetricName", ""),
        dimensions=read_dimensions(metric.get("Dimensions")),
        stat=stat["Stat"],
        period=int(stat["Period"]),
        unit=stat.get("Unit") or "",
        **common,
    )


def read_dimensions(dimensions: list[Values] | None) -> tuple[tuple[str, str], ...]:
    """`[{"Name": ..., "Value": ...}]` as a part of a metric's identity."""
    return dimensions_of({item["Name"]: item["Value"] for item in dimensions or []})


def check_metric(stat: str, period: int) -> None:
    """Refuse a statistic or period (seconds) that is not supported."""
    if not is_statistic(stat):
        raise refuse(f"Stat: {stat!r} is not supported: use {', '.join(SIMPLE_STATISTICS)} or p99, tm99, wm99, tc99")
    if period <= 0 or period % RESOLUTION or (period > 60 and period % 60):
        raise refuse(f"Period: {period} is not supported: use 10, 20, 30 or a multiple of 60 seconds")


def read_alarm(alarm: Mapping[str, Any]) -> MetricAlarm:
    """What decides the state of a stored metric alarm.

    Raises:
        ServiceError: naming the alarm, and what in it is not valid or not supported.
    """
    name = alarm.get("AlarmName", "")
    try:
        return _read_alarm(alarm)
    except (ServiceError, MathError, UnknownStatisticError, ValueError) as error:
        raise refuse(f"alarm {name!r}: {error}") from error


def _read_alarm(alarm: Mapping[str, Any]) -> MetricAlarm:
    for member in ("ComparisonOperator", "EvaluationPeriods"):
        if not alarm.get(member):
            raise refuse(f"{member} is required")
    for member in ("EvaluationCriteria", "ThresholdMetricId"):
        if alarm.get(member):
            raise refuse(f"{member} is not supported by the sandbox")
    if alarm.get("Threshold") is None:
        raise refuse("Threshold is required")
    queries = read_queries(alarm["Metrics"]) if alarm.get("Metrics") else (_single_metric(alarm),)
    returned = [query for query in queries if query.return_data]
    if len(returned) != 1:
        raise refuse(f"Metrics: exactly one query must return data, {len(returned)} do")
    metrics = [query for query in queries if not query.expression]
    if len(metrics) > _MATH_METRICS:
        raise refuse(f"Metrics: {len(metrics)} metrics, an alarm takes at most {_MATH_METRICS}")
    periods = {query.period for query in metrics or returned}
    if len(periods) > 1:
        raise refuse(f"Metrics: all must have one period, found {sorted(periods)} seconds")
    _dry_run(queries, returned[0].id)
    count = int(alarm["EvaluationPeriods"])
    settings = AlarmSettings(
        comparison=alarm["ComparisonOperator"],
        threshold=float(alarm["Threshold"]),
        evaluation_periods=count,
        datapoints_to_alarm=int(alarm.get("DatapointsToAlarm") or count),
        period=periods.pop(),
        missing=Missing(alarm.get("TreatMissingData") or "missing"),
        stat=returned[0].stat,
        namespace=returned[0].namespace,
        low_sample_ignore=alarm.get("EvaluateLowSampleCountPercentile") == "ignore",
    )
    span = settings.period * count
    limit = 86_400 if settings.period < 3600 else 604_800
    if span > limit:
        raise refuse(f"Period x EvaluationPeriods: {span} seconds, at most {limit} are allowed")
    warm_up = _warm_up(alarm["WarmUpConfiguration"]) if alarm.get("WarmUpConfiguration") is not None else None
    return MetricAlarm(settings=settings, queries=queries, returned=returned[0].id, warm_up=warm_up)


def _warm_up(configuration: Values) -> WarmUp:
    minutes = configuration.get("WarmUpPeriodDurationInMinutes")
    if minutes is None:
        raise refuse("WarmUpConfiguration.WarmUpPeriodDurationInMinutes is required")
    return WarmUp(minutes=minutes, whole=bool(configuration.get("OnlyStartEvaluatingAfterWarmUpPeriodEnds")))


def _single_metric(alarm: Mapping[str, Any]) -> MetricQuery:
    if not alarm.get("MetricName") or not alarm.get("Namespace"):
        raise refuse("it needs MetricName and Namespace, or Metrics")
    stat = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or ""
    if not stat:
        raise refuse("it needs Statistic or ExtendedStatistic")
    period = int(alarm.get("Period") or 60)
    check_metric(stat, period)
    return MetricQuery(
        id=SINGLE_METRIC_ID,
        namespace=alarm["Namespace"],
        name=alarm["MetricName"],
        dimensions=read_dimensions(alarm.get("Dimensions")),
        stat=stat,
        period=period,
        unit=alarm.get("Unit") or "",
    )


def _dry_run(queries: tuple[MetricQuery, ...], returned: str) -> None:
    """Find at once what would fail at every evaluation."""
    value = evaluate_queries(
        queries, fetch=lambda query: Series({}, query.period), grid=lambda period: range(0, period, period)
    )(returned)
    if isinstance(value, tuple):
        raise MathError(f"{returned!r} is an array of time series, an alarm needs one: use SUM, AVG, MIN or MAX")


def fetch(store: MetricStore, account: str, region: str, query: MetricQuery, starts: range) -> Series:
    """The values of one metric's statistic for the periods that start at `starts`."""
    key = MetricKey(account, region, query.namespace, query.name, query.dimensions)
    if query.unit and query.unit != store.unit(key):
        return Series({}, query.period)
    distribution = query.stat not in SIMPLE_STATISTICS
    found = (
        (at, statistic(samples, query.stat)) for at, samples in store.series(key, starts, distribution=distribution)
    )
    return Series({at: value for at, value in found if value is not None}, query.period)


def datapoints(alarm: MetricAlarm, store: MetricStore, account: str, region: str, at: int) -> list[Datapoint | None]:
    """What an evaluation of `alarm` at the Unix second `at` looks at, oldest first."""
    starts = alarm.settings.starts(at)
    value = evaluate_queries(
        alarm.queries,
        fetch=lambda query: fetch(store, account, region, query, starts),
        grid=lambda _: starts,
    )(alarm.returned)
    series = as_series(value, starts=starts)[0]
    counts: dict[int, float] = {}
    query = next(query for query in alarm.queries if query.id == alarm.returned)
    if not query.expression:
        key = MetricKey(account, region, query.namespace, query.name, query.dimensions)
        counts = {start: samples.count for start, samples in store.series(key, starts, distribution=False)}
    return [
        Datapoint(start, series.values[start], counts.get(start)) if start in series.values else None
        for start in starts
    ]
