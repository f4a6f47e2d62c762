"""Metric alarms from the members of PutMetricAlarm."""

import re
from collections.abc import Mapping
from typing import Any

from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model import members as m
from alarmlab.model.alarms import (
    BAND_COMPARISONS,
    MAX_WARM_UP_MINUTES,
    THRESHOLD_COMPARISONS,
    About,
    AlarmSettings,
    MetricAlarm,
    WarmUp,
)
from alarmlab.model.insights import is_insights
from alarmlab.model.metrics import MetricQuery
from alarmlab.model.queries import read_queries, read_single
from alarmlab.model.states import Missing
from alarmlab.model.zones import is_aligned_with_utc

SINGLE_METRIC_PROPERTIES = frozenset(
    ("MetricName", "Namespace", "Dimensions", "Statistic", "ExtendedStatistic", "Period", "Unit")
)
METRIC_PROPERTIES = SINGLE_METRIC_PROPERTIES | {
    "Metrics",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ThresholdMetricId",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "EvaluationWindow",
    "WarmUpConfiguration",
}
MAX_METRICS = 10
MAX_SECONDS, MAX_SECONDS_BELOW_AN_HOUR = 604_800, 86_400
MAX_SECONDS_OF_INSIGHTS = 10_800
WALL_CLOCK_PERIODS = (60, 300, 3600, 86_400, 604_800)
_DYNAMODB = "AWS/DynamoDB"
_SEARCH = re.compile(r"\bSEARCH\s*\(", re.IGNORECASE)
_WARM_UP = frozenset(("WarmUpPeriodDurationInMinutes", "OnlyStartEvaluatingAfterWarmUpPeriodEnds"))


def read_metric_alarm(properties: Mapping[str, Any], about: About) -> MetricAlarm:
    """The metric alarm that properties describe.

    Raises:
        InputError: naming the property, its value and the fix.
    """
    comparison = m.required_text(properties, "ComparisonOperator")
    m.one_of(properties, "ComparisonOperator", (*THRESHOLD_COMPARISONS, *BAND_COMPARISONS))
    count = m.required_integer(properties, "EvaluationPeriods", 1)
    queries = _queries(properties)
    threshold, band = _limit(properties, comparison, queries)
    returned = _returned(queries, band)
    period = _period(queries, returned)
    wall_clock = _wall_clock(properties, period)
    _check_span(period, count, insights=is_insights(returned.expression), wall_clock=wall_clock)
    settings = AlarmSettings(
        comparison=comparison,
        threshold=threshold,
        evaluation_periods=count,
        datapoints_to_alarm=m.integer(properties, "DatapointsToAlarm", 1) or count,
        period=period,
        missing=_missing(properties, queries),
        stat=returned.stat,
        low_sample_ignore=m.one_of(properties, "EvaluateLowSampleCountPercentile", ("evaluate", "ignore")) == "ignore",
        wall_clock=wall_clock,
    )
    return MetricAlarm(
        about=about,
        settings=settings,
        queries=queries,
        returned=returned.id,
        band=band,
        warm_up=_warm_up(properties),
    )


def _queries(properties: Mapping[str, Any]) -> tuple[MetricQuery, ...]:
    metrics = m.mappings(properties, "Metrics")
    if not metrics:
        return (read_single(properties),)
    beside = sorted(SINGLE_METRIC_PROPERTIES & set(properties))
    if beside:
        raise InputError(f"{beside[0]}: not together with Metrics; remove one of the two")
    queries = read_queries(metrics)
    number = sum(not query.expression for query in queries)
    if number > MAX_METRICS:
        raise InputError(f"Metrics: {number} metrics, an alarm takes at most {MAX_METRICS}")
    for query in queries:
        if _SEARCH.search(query.expression):
            raise InputError(f"Metrics {query.id!r}: an alarm takes no SEARCH: name the metrics one by one")
        if is_insights(query.expression) and query.period % 60:
            raise InputError(
                f"Metrics {query.id!r}: Period {query.period} of a Metrics Insights query: use a multiple of 60"
            )
    return queries


def _limit(
    properties: Mapping[str, Any], comparison: str, queries: tuple[MetricQuery, ...]
) -> tuple[float | None, str]:
    """The threshold and the id of the band, one of the two."""
    threshold, band = m.number(properties, "Threshold"), m.text(properties, "ThresholdMetricId")
    if comparison in BAND_COMPARISONS:
        if threshold is not None:
            raise InputError(f"Threshold: {threshold:g} is not used with {comparison}; use ThresholdMetricId instead")
        if not band:
            raise InputError(f"ThresholdMetricId is required with {comparison}")
        found = next((query for query in queries if query.id == band), None)
        if found is None or not found.expression.upper().lstrip().startswith("ANOMALY_DETECTION_BAND"):
            raise InputError(f"ThresholdMetricId: {band!r} is not the Id of an ANOMALY_DETECTION_BAND in Metrics")
        return None, band
    if band:
        raise InputError(f"ThresholdMetricId: {band!r} is not used with {comparison}: use {BAND_COMPARISONS[0]}")
    if threshold is None:
        raise InputError("Threshold is required")
    return threshold, ""


def _returned(queries: tuple[MetricQuery, ...], band: str) -> MetricQuery:
    returned = [query for query in queries if query.return_data and query.id != band]
    if len(returned) != 1:
        besides = " beside the band" if band else ""
        raise InputError(f"Metrics: exactly one query{besides} must return data (ReturnData), {len(returned)} do")
    return returned[0]


def _period(queries: tuple[MetricQuery, ...], returned: MetricQuery) -> int:
    periods = {query.period for query in queries if not query.expression} or {returned.period}
    if len(periods) > 1:
        raise InputError(f"Metrics: all must have one Period, found {sorted(periods)} seconds")
    return periods.pop()


def _check_span(period: int, count: int, *, insights: bool, wall_clock: bool) -> None:
    span = period * count
    limit = MAX_SECONDS_BELOW_AN_HOUR if period < 3600 else MAX_SECONDS
    if insights:
        # CloudWatch reserves one period of a wall clock window to align it:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
        limit = MAX_SECONDS_OF_INSIGHTS - period * wall_clock
    if span > limit:
        raise InputError(f"Period x EvaluationPeriods: {span} seconds, at most {limit} are allowed")


def _missing(properties: Mapping[str, Any], queries: tuple[MetricQuery, ...]) -> Missing:
    # The page on missing data has alarms on DynamoDB's metrics ignore what is missing unless they say otherwise, the API
    # reference has them ignore it always. Here a setting that somebody wrote counts.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    namespaces = {query.metric.namespace for query in queries if query.metric is not None}
    default = Missing.IGNORE if namespaces == {_DYNAMODB} else Missing.MISSING
    return Missing(m.one_of(properties, "TreatMissingData", tuple(Missing), default))


def _wall_clock(properties: Mapping[str, Any], period: int) -> bool:
    window = m.mapping(properties, "EvaluationWindow")
    if window is None:
        return False
    if len(window) != 1 or not set(window) <= {"SlidingWindow", "WallClockWindow"}:
        raise InputError(f"EvaluationWindow: {sorted(window)} must be one of SlidingWindow and WallClockWindow")
    wall_clock = m.mapping(window, "WallClockWindow")
    if wall_clock is None:
        return False
    if period not in WALL_CLOCK_PERIODS:
        allowed = ", ".join(map(str, WALL_CLOCK_PERIODS))
        raise InputError(f"Period: {period} is not supported with a WallClockWindow: use {allowed} seconds")
    zone = m.text(wall_clock, "Timezone")
    if not is_aligned_with_utc(zone or "UTC", period):
        raise UnsupportedError(
            f"EvaluationWindow.WallClockWindow.Timezone: periods of {period} s do not begin in {zone} when they do in UTC, "
            "which is the only clock that is evaluated here"
        )
    return True


def _warm_up(properties: Mapping[str, Any]) -> WarmUp | None:
    configuration = m.mapping(properties, "WarmUpConfiguration")
    if configuration is None:
        return None
    try:
        m.refuse_unknown(configuration, _WARM_UP, "WarmUpConfiguration")
        return WarmUp(
            minutes=m.required_integer(configuration, "WarmUpPeriodDurationInMinutes", 1, MAX_WARM_UP_MINUTES),
            whole=m.truth(configuration, "OnlyStartEvaluatingAfterWarmUpPeriodEnds", default=False),
        )
    except InputError as error:
        raise m.within("WarmUpConfiguration", error) from error
