"""GetMetricWidgetImage: a widget's JSON to the picture of its graph."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.core.responses import get_account_id, get_region

from sandbox.alarms.metric_math import MathError
from sandbox.alarms.queries import MetricQuery, as_series, evaluate_queries
from sandbox.alarms.statistics import UnknownStatisticError
from sandbox.aws.cloudwatch.alarms import check_metric, fetch, refuse
from sandbox.aws.cloudwatch.data import period_starts
from sandbox.aws.cloudwatch.store import MetricStore, dimensions_of
from sandbox.aws.cloudwatch.wire import ServiceError, Values
from sandbox.aws.drawing import Graph, Line, Moment, Threshold
from sandbox.aws.painter import BusyError, Painter
from sandbox.clock import Clock

_DURATION = re.compile(r"-?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SIDES = (100, 2000)


class WidgetImages:
    """Draws metric widgets; times are sandbox time."""

    def __init__(self, clock: Clock, store: MetricStore, painter: Painter) -> None:
        self._clock = clock
        self._store = store
        self._painter = painter

    def get_metric_widget_image(self, request: Values) -> Values:
        """GetMetricWidgetImage, PNG only."""
        if request.get("OutputFormat") not in (None, "png"):
            raise refuse(f"OutputFormat: {request['OutputFormat']!r} is not supported: use png")
        try:
            widget = json.loads(request["MetricWidget"])
            graph = self._graph(widget)
        except (MathError, UnknownStatisticError, ServiceError, ValueError, TypeError, AttributeError) as error:
            raise ServiceError("InvalidParameterInput", f"MetricWidget: {error}") from error
        try:
            return {"MetricWidgetImage": self._painter.draw(graph)}
        except BusyError:
            raise ServiceError("Throttling", "Rate exceeded") from None

    def _graph(self, widget: Values) -> Graph:
        if widget.get("view") not in (None, "timeSeries"):
            raise refuse(f"view: {widget['view']!r} is not supported: use timeSeries")
        now = self._clock.now()
        start, end = _moment(widget.get("start", "-PT3H"), now), _moment(widget.get("end", "P0D"), now)
        if start >= end:
            raise refuse("start: it must be before end")
        annotations = widget.get("annotations") or {}
        return Graph(
            title=widget.get("title") or "",
            start=start,
            end=end,
            width=_side(widget, "width", 600),
            height=_side(widget, "height", 400),
            lines=self._lines(widget, start, end),
            stacked=bool(widget.get("stacked")),
            thresholds=tuple(_threshold(item) for item in annotations.get("horizontal") or []),
            moments=tuple(_vertical(item, now) for item in annotations.get("vertical") or []),
            axes=widget.get("yAxis") or {},
        )

    def _lines(self, widget: Values, start: float, end: float) -> tuple[Line, ...]:
        account, region = get_account_id(), get_region()
        entries = _entries(widget.get("metrics") or [])
        queries = tuple(_query(widget, fields, options, index) for index, (fields, options) in enumerate(entries))
        resolve = evaluate_queries(
            queries,
            fetch=lambda query: fetch(self._store, account, region, query, period_starts(start, end, query.period)),
            grid=lambda period: period_starts(start, end, period),
        )
        lines: list[Line] = []
        for query, (_, options) in zip(queries, entries, strict=True):
            if options.get("visible") is False:
                continue
            lines += [
                Line(
                    label=query.label or query.name or query.expression,
                    values=series.values,
                    right=options.get("yAxis") == "right",
                    color=options.get("color"),
                )
                for series in as_series(resolve(query.id), starts=period_starts(start, end, query.period))
            ]
        return tuple(lines)


def _entries(metrics: Sequence[Sequence[Any]]) -> list[tuple[list[str], Values]]:
    """Fields and options of each metric, with `...` and `.` replaced by what the entry before had."""
    entries: list[tuple[list[str], Values]] = []
    before: list[str] = []
    for metric in metrics:
        options: Values = metric[-1] if metric and isinstance(metric[-1], dict) else {}
        fields = [field for field in metric if not isinstance(field, dict)]
        if fields and fields[0] == "...":
            own = fields[1:]
            fields = before[: len(before) - len(own)] + own
        fields = [
            before[index] if field == "." and index < len(before) else field for index, field in enumerate(fields)
        ]
        if fields:
            before = fields
        entries.append((fields, options))
    return entries


def _query(widget: Values, fields: list[str], options: Values, index: int) -> MetricQuery:
    query_id = options.get("id") or f"unnamed{index}"
    period = int(options.get("period") or widget.get("period") or 300)
    label = options.get("label") or ""
    if options.get("expression"):
        return MetricQuery(id=query_id, expression=options["expression"], period=period, label=label)
    if len(fields) < 2 or len(fields) % 2:
        raise refuse(f"metrics: {fields} is not a namespace, a name and pairs of dimension name and value")
    stat = options.get("stat") or widget.get("stat") or "Average"
    check_metric(stat, period)
    return MetricQuery(
        id=query_id,
        namespace=fields[0],
        name=fields[1],
        dimensions=dimensions_of(dict(zip(fields[2::2], fields[3::2], strict=True))),
        stat=stat,
        period=period,
        label=label,
    )


def _threshold(item: Any) -> Threshold:
    # A band is a list of two annotations; its first one says how it looks.
    first, last = (item[0], item[-1]) if isinstance(item, list) else (item, None)
    return Threshold(
        value=float(first["value"]),
        to=None if last is None else float(last["value"]),
        label=first.get("label") or "",
        color=first.get("color"),
        fill=first.get("fill") or "none",
        right=first.get("yAxis") == "right",
    )


def _vertical(item: Any, now: float) -> Moment:
    first, last = (item[0], item[-1]) if isinstance(item, list) else (item, None)
    return Moment(
        at=_moment(first["value"], now),
        to=None if last is None else _moment(last["value"], now),
        label=first.get("label") or "",
        color=first.get("color"),
        fill=first.get("fill") or "none",
    )


def _moment(value: str, now: float) -> float:
    """Unix seconds of an ISO 8601 date, or of a duration before now such as `-PT3H`."""
    match = _DURATION.fullmatch(value)
    if match:
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return now - timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _side(widget: Values, name: str, default: int) -> int:
    side = int(widget.get(name) or default)
    if not _SIDES[0] <= side <= _SIDES[1]:
        raise refuse(f"{name}: {side} is not between {_SIDES[0]} and {_SIDES[1]} pixels")
    return side
