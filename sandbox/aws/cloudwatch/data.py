"""The operations on metric data: PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics."""

from typing import Any

from ministack.core.responses import get_account_id, get_region

from sandbox.alarms.metric_math import MathError
from sandbox.alarms.queries import MetricQuery, as_series, evaluate_queries
from sandbox.alarms.statistics import UnknownStatisticError, statistic
from sandbox.aws.cloudwatch.alarms import fetch, read_dimensions, read_queries, refuse
from sandbox.aws.cloudwatch.store import RESOLUTION, MetricKey, MetricStore
from sandbox.aws.cloudwatch.wire import Values
from sandbox.clock import Clock

_OLDEST_SECONDS = 14 * 86_400
_NEWEST_SECONDS = 2 * 3600
_MOST_DATAPOINTS = 100_800


class MetricData:
    """Metric data operations; account and region come from the request scope, times are sandbox time."""

    def __init__(self, clock: Clock, store: MetricStore) -> None:
        self._clock = clock
        self._store = store

    def put_metric_data(self, request: Values) -> Values:
        """PutMetricData."""
        for datum in request.get("MetricData") or []:
            self._put(request["Namespace"], datum)
        return {}

    def _put(self, namespace: str, datum: Values) -> None:
        now = self._clock.now()
        at = datum.get("Timestamp") or now
        name = datum["MetricName"]
        if not now - _OLDEST_SECONDS <= at <= now + _NEWEST_SECONDS:
            raise refuse(f"MetricData {name!r}: Timestamp must lie between two weeks ago and two hours from now")
        key = _key(namespace, name, datum.get("Dimensions"))
        unit = datum.get("Unit") or "None"
        sets = datum.get("StatisticValues")
        if sets:
            self._store.add_set(
                key,
                at,
                count=sets["SampleCount"],
                total=sets["Sum"],
                minimum=sets["Minimum"],
                maximum=sets["Maximum"],
                unit=unit,
            )
            return
        values = datum.get("Values") or [datum["Value"]] if "Value" in datum or datum.get("Values") else []
        if not values:
            raise refuse(f"MetricData {name!r}: it needs Value, Values or StatisticValues")
        counts = datum.get("Counts") or [1.0] * len(values)
        if len(counts) != len(values):
            raise refuse(f"MetricData {name!r}: {len(values)} Values, but {len(counts)} Counts")
        for value, count in zip(values, counts, strict=True):
            self._store.add(key, at, value, count=count, unit=unit)

    def list_metrics(self, request: Values) -> Values:
        """ListMetrics: filters by namespace, name and dimensions."""
        wanted = [(item["Name"], item.get("Value")) for item in request.get("Dimensions") or []]
        metrics = [
            {
                "Namespace": key.namespace,
                "MetricName": key.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in key.dimensions],
            }
            for key in self._store.keys(get_account_id(), get_region())
            if request.get("Namespace") in (None, key.namespace)
            and request.get("MetricName") in (None, key.name)
            and all(any(name == n and value in (None, v) for n, v in key.dimensions) for name, value in wanted)
        ]
        return {"Metrics": metrics}

    def get_metric_statistics(self, request: Values) -> Values:
        """GetMetricStatistics."""
        starts = period_starts(request["StartTime"], request["EndTime"], int(request["Period"]))
        simple, extended = request.get("Statistics") or [], request.get("ExtendedStatistics") or []
        if not simple and not extended:
            raise refuse("Statistics: it needs Statistics or ExtendedStatistics")
        key = _key(request["Namespace"], request["MetricName"], request.get("Dimensions"))
        unit = self._store.unit(key)
        if request.get("Unit") not in (None, unit):
            starts = range(0)
        points = []
        for start, samples in self._store.series(key, starts, distribution=bool(extended)):
            point: Values = {"Timestamp": start, "Unit": unit}
            point |= {name: statistic(samples, name) for name in simple}
            percentiles = {name: value for name in extended if (value := statistic(samples, name)) is not None}
            points.append(point | ({"ExtendedStatistics": percentiles} if percentiles else {}))
        return {"Label": request["MetricName"], "Datapoints": points}

    def get_metric_data(self, request: Values) -> Values:
        """GetMetricData: metrics and expressions; the newest values first unless ScanBy says otherwise."""
        queries = read_queries(request.get("MetricDataQueries") or [])
        start, end = request["StartTime"], request["EndTime"]
        ascending = request.get("ScanBy") == "TimestampAscending"
        try:
            results = self._results(queries, start, end, ascending=ascending)
        except (MathError, UnknownStatisticError) as error:
            raise refuse(str(error)) from error
        return {"MetricDataResults": results, "Messages": []}

    def _results(self, queries: tuple[MetricQuery, ...], start: float, end: float, *, ascending: bool) -> list[Values]:
        resolve = self.resolver(queries, start, end)
        results = []
        for query in queries:
            if not query.return_data:
                continue
            parts = as_series(resolve(query.id), starts=period_starts(start, end, query.period))
            for part in parts:
                points = sorted(part.values.items(), reverse=not ascending)
                results.append(
                    {
                        "Id": query.id,
                        "Label": query.label or query.name or query.id,
                        "Timestamps": [at for at, _ in points],
                        "Values": [value for _, value in points],
                        "StatusCode": "Complete",
                    }
                )
        return results

    def resolver(self, queries: tuple[MetricQuery, ...], start: float, end: float) -> Any:
        """The value of a query of the current account and region between `start` and `end`, by its id."""
        account, region = get_account_id(), get_region()
        return evaluate_queries(
            queries,
            fetch=lambda query: fetch(self._store, account, region, query, period_starts(start, end, query.period)),
            grid=lambda period: period_starts(start, end, period),
        )


def _key(namespace: str, name: str, dimensions: list[Values] | None) -> MetricKey:
    return MetricKey(get_account_id(), get_region(), namespace, name, read_dimensions(dimensions))


def period_starts(start: float, end: float, period: int) -> range:
    """Period starts between `start` and `end`, aligned to the period."""
    if period <= 0 or period % RESOLUTION:
        raise refuse(f"Period: {period} is not supported: use a multiple of {RESOLUTION} seconds")
    first = int(start // period) * period
    starts = range(first, max(first, int(-(-end // period)) * period), period)
    if len(starts) > _MOST_DATAPOINTS:
        raise refuse(f"Period: {len(starts)} datapoints, at most {_MOST_DATAPOINTS} are allowed: use a longer period")
    return starts
