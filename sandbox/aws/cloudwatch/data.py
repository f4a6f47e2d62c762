"""The operations on metric data: PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics."""

import math
from collections.abc import Mapping

from ministack.core.responses import get_account_id, get_region

from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.model.queries import check_period, read_dimensions, read_queries
from sandbox.aws.cloudwatch.alarms import refusals, refuse
from sandbox.aws.cloudwatch.graphs import lines, window_between
from sandbox.aws.cloudwatch.samples import statistics
from sandbox.aws.cloudwatch.source import StoreSource
from sandbox.aws.cloudwatch.store import MetricKey, MetricStore
from sandbox.aws.cloudwatch.wire import Values
from sandbox.clock import Clock

_OLDEST_SECONDS = 14 * 86_400
_NEWEST_SECONDS = 2 * 3600


class MetricData:
    """Metric data operations; account and region come from the request scope, times are sandbox time."""

    def __init__(self, clock: Clock, store: MetricStore) -> None:
        self._clock = clock
        self._store = store

    @refusals()
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
            metric.members
            for metric in (key.metric for key in self._store.keys(get_account_id(), get_region()))
            if request.get("Namespace") in (None, metric.namespace)
            and request.get("MetricName") in (None, metric.name)
            and all(any(name == n and value in (None, v) for n, v in metric.dimensions) for name, value in wanted)
        ]
        return {"Metrics": metrics}

    @refusals()
    def get_metric_statistics(self, request: Values) -> Values:
        """GetMetricStatistics."""
        period = check_period(int(request["Period"]))
        [starts] = window_between(request["StartTime"], request["EndTime"], period).starts.tolist()
        simple, extended = request.get("Statistics") or [], request.get("ExtendedStatistics") or []
        if not simple and not extended:
            raise refuse("Statistics: it needs Statistics or ExtendedStatistics")
        key = _key(request["Namespace"], request["MetricName"], request.get("Dimensions"))
        unit = self._store.unit(key)
        if request.get("Unit") not in (None, unit):
            starts = []
        found = self._store.series(key, starts, period, distribution=bool(extended))
        points: list[Values] = [{"Timestamp": start, "Unit": unit} for start in found]
        for stat in (*simple, *extended):
            for point, value in zip(points, statistics(list(found.values()), stat).tolist(), strict=True):
                if stat in simple:
                    point[stat] = value
                elif not math.isnan(value):
                    point.setdefault("ExtendedStatistics", {})[stat] = value
        return {"Label": request["MetricName"], "Datapoints": points}

    @refusals()
    def get_metric_data(self, request: Values) -> Values:
        """GetMetricData: metrics and expressions; the newest values first unless ScanBy says otherwise."""
        queries = read_queries(request.get("MetricDataQueries") or [])
        source = StoreSource(self._store, get_account_id(), get_region())
        drawn = lines(queries, source, request["StartTime"], request["EndTime"])
        newest_first = request.get("ScanBy") != "TimestampAscending"
        results = [
            _result(query, values, newest_first=newest_first)
            for query in queries
            if query.return_data
            for values in drawn(query)
        ]
        return {"MetricDataResults": results, "Messages": []}


def _result(query: MetricQuery, values: Mapping[int, float], *, newest_first: bool) -> Values:
    points = sorted(values.items(), reverse=newest_first)
    return {
        "Id": query.id,
        "Label": query.label or (query.metric.name if query.metric else query.id),
        "Timestamps": [at for at, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete",
    }


def _key(namespace: str, name: str, dimensions: list[Values] | None) -> MetricKey:
    return MetricKey(get_account_id(), get_region(), MetricId(namespace, name, read_dimensions(dimensions or [])))
