"""Ways of watching one metric that CloudWatch can run: alarms as CloudFormation resources, by logical id.

`unlike_before` is the one to begin with for a metric whose good values nobody can name. It is plain metric math, so what
is simulated here is what CloudWatch does; a band is a model of CloudWatch's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from alarmlab.model.metrics import MetricId
from alarmlab.model.read import ALARM
from alarmlab.model.statistics import SIMPLE_STATISTICS

Resources = dict[str, dict[str, Any]]
Side = Literal["either", "above", "below"]

HOUR, DAY, WEEK = 3600, 86_400, 604_800
COOL_DOWN = 12 * HOUR
"""Seconds for which further alarms of a resource join the incident of an unusual metric, instead of paging again.

The router's `window_seconds` and `settle_seconds`. What is unusual tends to stay so for hours, coming and going.
"""

_LATE = 2
"""Periods for which the newest datapoint is still the news."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What is watched.

    Args:
        metric: whose values.
        stat: `Average`, `p99`...
        actions: what is told when it is in ALARM, and when it is OK again.
        tags: of the alarms.
    """

    metric: MetricId
    stat: str = "Average"
    actions: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None


def threshold(
    watched: Watched,
    *,
    comparison: str,
    limit: float,
    period: int,
    datapoints: int = 3,
    periods: int = 3,
) -> dict[str, Any]:
    """The properties of an alarm on a threshold, `datapoints` of `periods`."""
    return {
        **watched.metric.members,
        **_stat(watched.stat),
        "Period": period,
        "ComparisonOperator": comparison,
        "Threshold": limit,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": datapoints,
        "TreatMissingData": "notBreaching",
        **_common(watched),
    }


_OUTSIDE: Mapping[Side, str] = {
    "either": "LessThanLowerOrGreaterThanUpperThreshold",
    "above": "GreaterThanUpperThreshold",
    "below": "LessThanLowerThreshold",
}


def band(
    watched: Watched, *, width: float, period: int, side: Side = "either", datapoints: int = 3, periods: int = 3
) -> dict[str, Any]:
    """The properties of an alarm on what leaves CloudWatch's anomaly detection band, `width` standard deviations wide."""
    return {
        "Metrics": [
            _metric_query(watched, period, returned=True),
            _expression("band", f"ANOMALY_DETECTION_BAND(m, {width:g})", returned=True),
        ],
        "ThresholdMetricId": "band",
        "ComparisonOperator": _OUTSIDE[side],
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": datapoints,
        "TreatMissingData": "notBreaching",
        **_common(watched),
    }


def unlike_before(name: str, watched: Watched, *, step: int, side: Side = "either") -> Resources:
    """Alarms on what the metric has not done before.

    One compares each hour with the same time of day, two hours more or less, of the six or seven days before: it fires
    on an hour beyond all of them by a share of the week's range. The other, for metrics that come more often than
    hourly, compares each value with the day before in the same way, so a burst is told within minutes.

    Args:
        name: the logical ids begin with it.
        watched: the metric.
        step: seconds between two values.
        side: on which a value is bad.
    """
    resources = {f"{name}UnlikeTheWeek": {"Type": ALARM, "Properties": unlike_the_week(watched, side=side)}}
    period = max(300, -(-step // 60) * 60)
    if period < HOUR:
        properties = unlike_the_day(watched, period=period, side=side)
        resources[f"{name}UnlikeTheDay"] = {"Type": ALARM, "Properties": properties}
    return resources


def unlike_the_week(watched: Watched, *, side: Side) -> dict[str, Any]:
    """The properties of an alarm on an hour that is unlike the same time of the days before."""
    return _unlike(
        watched,
        HOUR,
        WEEK // HOUR,
        expressions={
            "apart": "ABS(age - 24 * FLOOR(age / 24 + 0.5))",
            "usual": "IF((age > 12) * (apart <= 2) * (m == m), m)",
        },
        least=10,
        side=side,
        margin=0.2,
    )


def unlike_the_day(watched: Watched, *, period: int, side: Side) -> dict[str, Any]:
    """The properties of an alarm on a value that is unlike the day before; not on the first change of a flat day."""
    return _unlike(
        watched,
        period,
        DAY // period,
        expressions={"usual": "IF((age > 0) * (m == m) * (MAX(past) > MIN(past)), m)"},
        least=DAY // period // 2,
        side=side,
        margin=0.3,
    )


_BEYOND: Mapping[Side, str] = {
    "either": "ABS(m - (MAX(usual) + MIN(usual)) / 2) - (MAX(usual) - MIN(usual)) / 2",
    "above": "m - MAX(usual)",
    "below": "MIN(usual) - m",
}


def _unlike(
    watched: Watched,
    period: int,
    periods: int,
    *,
    expressions: Mapping[str, str],
    least: int,
    side: Side,
    margin: float,
) -> dict[str, Any]:
    """An alarm on the newest value being beyond all `usual` ones by a share of the range of the `past` ones.

    `age` counts periods back from the newest datapoint, which may be two periods late. Where one of two time series of an
    operation lacks a datapoint it counts as 0, and IF takes a missing value for 0: `m == m` is what leaves missing
    datapoints out. AWS advises against MIN and MAX in alarms, since evaluations look at more than N periods: here these
    only make the memory some periods longer.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    unlike = f"(age == 0) * (MAX(EPOCH(m)) - newest <= {_LATE * period}) * (DATAPOINT_COUNT(usual) >= {least})"
    steps = {
        "newest": "MAX(EPOCH(m) * (m == m))",
        "age": f"(newest - EPOCH(m)) / {period}",
        "past": "IF((age > 0) * (m == m), m)",
        **expressions,
        "beyond": f"{_BEYOND[side]} - {margin:g} * (MAX(past) - MIN(past))",
    }
    return {
        "Metrics": [
            _metric_query(watched, period, returned=False),
            *(_expression(id, expression, returned=False) for id, expression in steps.items()),
            _expression("unlike", f"IF({unlike}, beyond, 0)", returned=True),
        ],
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": 1,
        "TreatMissingData": "notBreaching",
        **_common(watched),
    }


def _stat(stat: str) -> dict[str, str]:
    return {"Statistic" if stat in SIMPLE_STATISTICS else "ExtendedStatistic": stat}


def _metric_query(watched: Watched, period: int, *, returned: bool) -> dict[str, Any]:
    stat = {"Metric": watched.metric.members, "Period": period, "Stat": watched.stat}
    return {"Id": "m", "MetricStat": stat, "ReturnData": returned}


def _expression(id: str, expression: str, *, returned: bool) -> dict[str, Any]:
    return {"Id": id, "Expression": expression, "ReturnData": returned}


def _common(watched: Watched) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if watched.actions:
        found |= {"AlarmActions": list(watched.actions), "OKActions": list(watched.actions)}
    if watched.tags:
        found["Tags"] = [{"Key": key, "Value": value} for key, value in sorted(watched.tags.items())]
    return found
