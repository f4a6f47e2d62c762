"""Metrics and expressions of an alarm, from MetricDataQuery."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model import members as m
from alarmlab.model.metrics import Dimensions, MetricId, MetricQuery, dimensions_of
from alarmlab.model.statistics import SIMPLE_STATISTICS, is_statistic

SINGLE_METRIC_ID = "m"
"""The id of the query of an alarm that names its metric itself."""
MAX_DIMENSIONS = 30
MAX_EXPRESSION_CHARACTERS = 2048
_HIGH_RESOLUTION = (10, 20, 30)
_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_QUERY = frozenset(("Id", "Expression", "MetricStat", "Label", "ReturnData", "Period", "AccountId"))
_STAT = frozenset(("Metric", "Period", "Stat", "Unit"))
_METRIC = frozenset(("Namespace", "MetricName", "Dimensions"))


def read_queries(queries: Sequence[Mapping[str, Any]]) -> tuple[MetricQuery, ...]:
    """MetricDataQueries as `MetricQuery`s.

    Raises:
        InputError: for a statistic or period that is not valid, or for one id used twice.
    """
    read = tuple(_read_query(query) for query in queries)
    ids = [query.id for query in read]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise InputError(f"Id: {twice[0]!r} is used by more than one query")
    return read


def read_single(properties: Mapping[str, Any]) -> MetricQuery:
    """The query of an alarm that names its metric itself.

    Raises:
        InputError: a member is missing or not valid.
    """
    if not properties.get("MetricName") or not properties.get("Namespace"):
        raise InputError("it needs MetricName and Namespace, or Metrics, or EvaluationCriteria")
    period = m.integer(properties, "Period", 1)
    if period is None:
        raise InputError("Period is required beside MetricName")
    return MetricQuery(
        id=SINGLE_METRIC_ID,
        metric=_metric(properties),
        stat=_single_statistic(properties),
        period=check_period(period),
        unit=m.text(properties, "Unit"),
    )


def check_period(period: int) -> int:
    """`period` (seconds), when it is one that metrics can be asked for.

    Raises:
        InputError: it is not.
    """
    if period % 60 and period not in _HIGH_RESOLUTION:
        raise InputError(f"Period: {period} is not supported: use 10, 20, 30 or a multiple of 60 seconds")
    return period


def read_dimensions(dimensions: Sequence[Mapping[str, Any]]) -> Dimensions:
    """`[{"Name": ..., "Value": ...}]` as a part of a metric's identity.

    Raises:
        InputError: too many, or one without its name or value.
    """
    if len(dimensions) > MAX_DIMENSIONS:
        raise InputError(f"Dimensions: {len(dimensions)}, at most {MAX_DIMENSIONS} are allowed")
    found: dict[str, str] = {}
    for item in dimensions:
        name, value = (m.text(item, member) for member in ("Name", "Value"))
        if not name or not value:
            raise InputError(f"Dimensions: {dict(item)!r} needs a Name and a Value")
        if name in found:
            raise InputError(f"Dimensions: {name!r} is there twice")
        found[name] = value
    return dimensions_of(found)


def _single_statistic(properties: Mapping[str, Any]) -> str:
    simple = m.one_of(properties, "Statistic", SIMPLE_STATISTICS)
    extended = m.text(properties, "ExtendedStatistic")
    if simple and extended:
        raise InputError(f"Statistic and ExtendedStatistic: {simple} and {extended}, use one of the two")
    if not simple and not extended:
        raise InputError("it needs Statistic or ExtendedStatistic")
    if extended in SIMPLE_STATISTICS:
        raise InputError(f"ExtendedStatistic: {extended!r} is a Statistic: use Statistic, or one such as p99")
    return simple or _checked_statistic("ExtendedStatistic", extended)


def _checked_statistic(member: str, stat: str) -> str:
    if not is_statistic(stat):
        simple = "" if member == "ExtendedStatistic" else f"{', '.join(SIMPLE_STATISTICS)}, "
        raise InputError(f"{member}: {stat!r} is not supported: use {simple}p99, tm99, wm99, tc99, ts99 or PR(0:300)")
    return stat


def _read_query(query: Mapping[str, Any]) -> MetricQuery:
    name = m.required_text(query, "Id")
    if not _ID.fullmatch(name):
        raise InputError(f"Metrics: Id {name!r} is not a small letter followed by letters, digits and _")
    try:
        return _read_named(name, query)
    except InputError as error:
        raise m.within(f"Metrics {name!r}", error) from error


def _read_named(name: str, query: Mapping[str, Any]) -> MetricQuery:
    m.refuse_unknown(query, _QUERY, "a query")
    if query.get("AccountId") is not None:
        raise UnsupportedError("AccountId: metrics of another account are not evaluated")
    expression, stat = m.text(query, "Expression"), m.mapping(query, "MetricStat")
    if bool(expression) == (stat is not None):
        raise InputError("it needs an Expression or a MetricStat, one of the two")
    label, return_data = m.text(query, "Label"), m.truth(query, "ReturnData", default=True)
    if stat is None:
        if len(expression) > MAX_EXPRESSION_CHARACTERS:
            raise InputError(
                f"Expression: {len(expression)} characters, at most {MAX_EXPRESSION_CHARACTERS} are allowed"
            )
        period = check_period(m.integer(query, "Period", 1) or 60)
        return MetricQuery(id=name, expression=expression, period=period, label=label, return_data=return_data)
    m.refuse_unknown(stat, _STAT, "MetricStat")
    metric = m.required_mapping(stat, "Metric")
    m.refuse_unknown(metric, _METRIC, "Metric")
    return MetricQuery(
        id=name,
        metric=_metric(metric),
        stat=_checked_statistic("Stat", m.required_text(stat, "Stat")),
        period=check_period(m.required_integer(stat, "Period", 1)),
        unit=m.text(stat, "Unit"),
        label=label,
        return_data=return_data,
    )


def _metric(members: Mapping[str, Any]) -> MetricId:
    namespace = m.required_text(members, "Namespace")
    if namespace.startswith(":"):
        raise InputError(f"Namespace: {namespace!r} begins with a colon; remove it")
    return MetricId(
        namespace,
        m.required_text(members, "MetricName"),
        read_dimensions(m.mappings(members, "Dimensions")),
    )
