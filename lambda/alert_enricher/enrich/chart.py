"""A picture of the alarm's metric, drawn by CloudWatch: threshold across, start of the alarm down."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alert_common.alert import Alert, Metric, MetricFacts
from alert_common.units import Unit

BEFORE = timedelta(minutes=60)
AFTER = timedelta(minutes=5)
WIDTH, HEIGHT = 1000, 320
RED = "#d13212"


def fetch(alert: Alert, metric: MetricFacts, unit: Unit, *, cloudwatch: Any, s3: Any, bucket: str) -> str:
    """Have CloudWatch draw the widget, store the PNG, and return its key."""
    response = cloudwatch.get_metric_widget_image(
        MetricWidget=json.dumps(widget(alert, metric, unit)), OutputFormat="png"
    )
    key = key_of(alert)
    s3.put_object(Bucket=bucket, Key=key, Body=response["MetricWidgetImage"], ContentType="image/png")
    return key


def key_of(alert: Alert) -> str:
    """Name the picture by alert and transition, so that a retry writes the same object."""
    name = hashlib.sha256(f"{alert.dedup_key}@{alert.at.isoformat()}".encode()).hexdigest()[:32]
    return f"charts/{alert.at:%Y/%m/%d}/{name}.png"


def widget(alert: Alert, metric: MetricFacts, unit: Unit) -> Mapping[str, object]:
    """Write the widget's JSON: the returned metrics in the unit a person reads, on the alert's own time."""
    began = alert.since or alert.at
    lines = [line for m in metric.metrics for line in _lines(m, unit.scale, unit.name)]
    horizontal = []
    if metric.threshold is not None:
        threshold = metric.threshold * unit.scale
        horizontal = [{"label": f"alarm at {threshold:.4g} {unit.name}".rstrip(), "value": threshold, "color": RED}]
    return {
        "view": "timeSeries",
        "title": alert.name,
        "region": alert.region,
        "width": WIDTH,
        "height": HEIGHT,
        "timezone": "+0000",
        "start": _iso(began - BEFORE),
        "end": _iso(alert.at + AFTER),
        "yAxis": {"left": {"min": 0, "label": unit.name, "showUnits": False}},
        "metrics": lines,
        "annotations": {
            "horizontal": horizontal,
            "vertical": [{"label": "began", "value": _iso(began), "color": RED}],
        },
    }


def _lines(metric: Metric, scale: float, unit: str) -> list[list[object]]:
    options: dict[str, object] = {"id": metric.id if _valid_id(metric.id) else "m1"}
    scaled = metric.returned and scale != 1.0
    is_band = metric.expression.startswith("ANOMALY_DETECTION_BAND")
    options["visible"] = is_band or (metric.returned and not scaled)
    if metric.label:
        options["label"] = metric.label
    if metric.period:
        options["period"] = metric.period
    if metric.name:
        options["stat"] = metric.statistic
        dimensions = [part for pair in metric.dimensions.items() for part in pair]
        lines: list[list[object]] = [[metric.namespace, metric.name, *dimensions, options]]
    else:
        options["expression"] = metric.expression
        lines = [[options]]
    if scaled:
        # A label that ends in CloudWatch's own unit, "failed requests (share)", would contradict the axis.
        named = re.sub(r"\s*\([^()]*\)$", "", metric.label) or f"{metric.name} {metric.statistic}"
        label = f"{named.strip()} ({unit})"
        lines.append([{"id": "shown", "expression": f"{options['id']}*{scale:g}", "label": label}])
    return lines


def _valid_id(written: str) -> bool:
    """CloudWatch's own events give a metric a UUID for its id, which a widget refuses."""
    return written.replace("_", "").isalnum() and written[:1].islower() and written.isascii()


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"
