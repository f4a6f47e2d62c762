"""Alarms to explain."""

from collections.abc import Mapping
from typing import Any

from alarmlab.model.alarms import Alarm, MetricAlarm
from alarmlab.model.read import ALARM, COMPOSITE_ALARM, read_alarm

TOPIC = "arn:aws:sns:us-east-1:111122223333:ops"


def metric_alarm(metric: str = "AWS/SageMaker ModelLatency", **properties: Any) -> MetricAlarm:
    """An alarm on a metric, p99 above 200 ms in five minutes in a row unless the properties say otherwise."""
    namespace, name = metric.rsplit(" ", 1)
    single = {"Namespace": namespace, "MetricName": name, "Period": 60}
    if "Statistic" not in properties:
        single["ExtendedStatistic"] = "p99"
    alarm = alarm_of({**({} if "Metrics" in properties else single), **properties})
    assert isinstance(alarm, MetricAlarm)
    return alarm


def alarm_of(properties: Mapping[str, Any], *, id: str = "Alarm") -> Alarm:
    """An alarm of a template; what it does not say is as in `metric_alarm`."""
    if "AlarmRule" in properties:
        return read_alarm(COMPOSITE_ALARM, {"AlarmActions": [TOPIC], **properties}, id=id)
    if "EvaluationCriteria" in properties:
        return read_alarm(ALARM, {"AlarmActions": [TOPIC], **properties}, id=id)
    defaults = {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 200_000,
        "EvaluationPeriods": 5,
        "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC],
    }
    if "ThresholdMetricId" in properties:
        del defaults["Threshold"]
    return read_alarm(ALARM, {**defaults, **properties}, id=id)


def dimensions(**pairs: str) -> list[dict[str, str]]:
    """Dimensions as templates have them."""
    return [{"Name": name, "Value": value} for name, value in pairs.items()]


def query(id: str, metric: str, stat: str = "Sum", *, period: int = 60, **pairs: str) -> dict[str, Any]:
    """A metric of metric math as templates have it."""
    namespace, name = metric.rsplit(" ", 1)
    of = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions(**pairs)}
    return {"Id": id, "ReturnData": False, "MetricStat": {"Metric": of, "Period": period, "Stat": stat}}
