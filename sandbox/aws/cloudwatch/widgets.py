"""GetMetricWidgetImage: a widget's JSON to the picture of its graph."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.core.responses import get_account_id, get_region

from alarmlab.errors import InputError
from alarmlab.model.queries import read_queries
from sandbox.aws.cloudwatch.alarms import refuse
from sandbox.aws.cloudwatch.graphs import lines
from sandbox.aws.cloudwatch.source import StoreSource
from sandbox.aws.cloudwatch.store import MetricStore
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
        except (InputError, ServiceError, ValueError, TypeError, AttributeError) as error:
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
        entries = _entries(widget.get("metrics") or [])
        queries = read_queries([_query(widget, *entry, index) for index, entry in enumerate(entries)])
        drawn = lines(queries, StoreSource(self._store, get_account_id(), get_region()), start, end)
        found: list[Line] = []
        for query, (_, options) in zip(queries, entries, strict=True):
            if options.get("visible") is False:
                continue
            found += [
                Line(
                    label=query.label or (query.metric.name if query.metric else query.expression),
                    values=values,
                    right=options.get("yAxis") == "right",
                    color=options.get("color"),
                )
                for values in drawn(query)
            ]
        return tuple(found)


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


def _query(widget: Values, fields: list[str], options: Values, index: int) -> Values:
    """The MetricDataQuery that an entry stands for."""
    period = options.get("period") or widget.get("period") or 300
    query: Values = {"Id": options.get("id") or f"unnamed{index}", "Label": options.get("label")}
    if options.get("expression"):
        return query | {"Expression": options["expression"], "Period": period}
    if len(fields) < 2 or len(fields) % 2:
        raise refuse(f"metrics: {fields} is not a namespace, a name and pairs of dimension name and value")
    dimensions = [{"Name": name, "Value": value} for name, value in zip(fields[2::2], fields[3::2], strict=True)]
    metric = {"Namespace": fields[0], "MetricName": fields[1], "Dimensions": dimensions}
    stat = options.get("stat") or widget.get("stat") or "Average"
    return query | {"MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}


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
