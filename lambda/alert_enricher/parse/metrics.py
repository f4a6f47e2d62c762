"""An alarm's metrics, as SNS writes them (`Trigger`) and as events do (`configuration.metrics`)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from alert_common.alert import Metric, MetricFacts, Resource
from alert_enricher.parse import fields
from alert_enricher.parse.reason import Reason

_STATISTICS = {
    "average": "Average",
    "sum": "Sum",
    "minimum": "Minimum",
    "maximum": "Maximum",
    "samplecount": "SampleCount",
    "sample_count": "SampleCount",
}
_JOBS = {
    "/aws/sagemaker/TrainingJobs": "training-job",
    "/aws/sagemaker/ProcessingJobs": "processing-job",
    "/aws/sagemaker/TransformJobs": "transform-job",
}


def facts(source: Mapping[str, Any], reason: Reason) -> MetricFacts | None:
    """Read a `Trigger` or an event's `configuration`; None when it names no metric."""
    lines = [m for m in fields.items(source, "Metrics", "metrics") if isinstance(m, dict)]
    metrics = tuple(_line(m) for m in lines) if lines else _single(source)
    if not metrics:
        return None
    band_id = fields.text(source, "ThresholdMetricId", "thresholdMetricId")
    metrics = tuple(replace(m, returned=False) if _is_band(m, band_id) else m for m in metrics)
    return MetricFacts(
        metrics=metrics,
        threshold=_threshold(source, reason),
        band=reason.band,
        comparison=fields.text(source, "ComparisonOperator", "comparisonOperator") or reason.comparison,
        evaluation_periods=fields.whole(source, "EvaluationPeriods", "evaluationPeriods"),
        datapoints_to_alarm=fields.whole(source, "DatapointsToAlarm", "datapointsToAlarm"),
        # Older messages write "- TreatMissingData:      missing".
        treat_missing_data=fields.text(source, "TreatMissingData", "treatMissingData").split(":")[-1].strip(),
        values=tuple(value for _, value in reason.points),
        no_data=reason.no_data,
    )


def since(metric: MetricFacts | None, reason: Reason, at: datetime) -> datetime:
    """Start of the oldest breaching datapoint; without dated ones, the periods that the alarm looked back over.

    A reason that tells of no data at all is a person's, who set the state: then it began when it was set.
    """
    # No alarm looks back over a week; a point outside that was written in another date order, or by a wrong clock.
    breaching = [
        t
        for t, v in reason.points
        if t is not None and timedelta(0) <= at - t <= timedelta(days=8) and (metric is None or metric.breaches(v))
    ]
    if breaching:
        return min(breaching)
    if metric is None or not (reason.points or reason.no_data):
        return at
    period = next((m.period for m in metric.metrics if m.period), None) or 0
    # Periods and counts are bounded as CloudWatch bounds them (a week), so that no message overflows a date.
    back = min(max(period, 0) * max(metric.datapoints_to_alarm or metric.evaluation_periods or 1, 1), 604_800)
    return at - timedelta(seconds=back)


def resource(metric: MetricFacts | None) -> Resource | None:
    """Return what the dimensions name, None when they name nothing that this project knows."""
    if metric is None:
        return None
    dimensions = metric.dimensions
    endpoint = dimensions.get("EndpointName") or dimensions.get("Endpoint")
    if endpoint:
        return Resource(kind="endpoint", name=endpoint, variant=dimensions.get("VariantName", ""))
    subject = metric.subject
    namespace = subject.namespace if subject else ""
    if namespace in _JOBS:
        job = dimensions.get("TrainingJobName") or dimensions.get("Host", "").split("/")[0]
        return Resource(kind=_JOBS[namespace], name=job) if job else None
    cluster = dimensions.get("ClusterName")
    return Resource(kind="cluster", name=cluster) if cluster else None


def _threshold(source: Mapping[str, Any], reason: Reason) -> float | None:
    if reason.band is not None or fields.text(source, "ThresholdMetricId", "thresholdMetricId"):
        return None
    written = fields.number(source, "Threshold", "threshold")
    return written if written is not None else reason.threshold


def _is_band(metric: Metric, band_id: str) -> bool:
    return metric.expression.startswith("ANOMALY_DETECTION_BAND") or bool(band_id and metric.id == band_id)


def _single(source: Mapping[str, Any]) -> tuple[Metric, ...]:
    name = fields.text(source, "MetricName", "metricName")
    if not name:
        return ()
    return (
        Metric(
            id="m1",
            namespace=fields.text(source, "Namespace", "namespace"),
            name=name,
            dimensions=_dimensions(source),
            statistic=_statistic(fields.text(source, "ExtendedStatistic", "Statistic", "statistic")),
            period=fields.whole(source, "Period", "period"),
        ),
    )


def _line(line: Mapping[str, Any]) -> Metric:
    stat = fields.mapping(line, "MetricStat", "metricStat")
    metric = fields.mapping(stat, "Metric", "metric")
    returned = line.get("ReturnData", line.get("returnData", True))
    return Metric(
        id=fields.text(line, "Id", "id"),
        namespace=fields.text(metric, "Namespace", "namespace"),
        name=fields.text(metric, "MetricName", "name", "metricName"),
        dimensions=_dimensions(metric),
        statistic=_statistic(fields.text(stat, "Stat", "stat")),
        period=fields.whole(stat, "Period", "period") or fields.whole(line, "Period", "period"),
        expression=fields.text(line, "Expression", "expression"),
        label=fields.text(line, "Label", "label"),
        returned=returned is not False,
    )


def _dimensions(source: Mapping[str, Any]) -> dict[str, str]:
    value = source.get("Dimensions", source.get("dimensions"))
    if isinstance(value, dict):
        return {str(k): v for k, v in value.items() if isinstance(v, str)}
    pairs = [p for p in value if isinstance(p, dict)] if isinstance(value, list) else []
    return {name: fields.text(p, "value", "Value") for p in pairs if (name := fields.text(p, "name", "Name"))}


def _statistic(written: str) -> str:
    return _STATISTICS.get(written.lower(), written)
