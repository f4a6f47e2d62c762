"""What `bench.alarms` evaluates: a hundred alarms over 30 days, for CloudWatch and for Prometheus; a year of one alarm."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.window import Floats
from alarmlab.model.metrics import MetricId

ALARMS = 100
MINUTES = 30 * 1440
YEAR_MINUTES = 525_600
NAMESPACE = "Bench"
SAMPLES_A_MINUTE = 20
_KINDS = 4

Piece = tuple[int, int, int]
"""First value, what each next one adds, how many there are: `a+bx(n-1)` in promtool's notation."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One alarm, once for CloudWatch and once for Prometheus, on the same series.

    Args:
        properties: of an AWS::CloudWatch::Alarm.
        rule: of a Prometheus alerting rule, less its name.
        series: by the metric's name.
    """

    name: str
    properties: Mapping[str, Any]
    rule: Mapping[str, str]
    series: Mapping[str, Sequence[Piece]] = field(repr=False)


def pairs() -> list[Pair]:
    """The hundred: 3 of 3 datapoints, a rolling mean of 5 minutes, 5 of 5 of a quotient, 3 of 5."""
    chance = random.Random(4)
    return [_pair(f"e{number:02}", number % _KINDS, chance) for number in range(ALARMS)]


def notation(pieces: Sequence[Piece]) -> str:
    """`pieces` as promtool and alarmlab write them."""
    return " ".join(f"{first}{step:+d}x{count - 1}" for first, step, count in pieces)


def recording(of: Sequence[Pair]) -> Recording:
    """The series of all `of`, from the Unix second 0."""
    return Recording(
        {
            MetricId(NAMESPACE, name, (("Endpoint", pair.name),)): SampleSeries.of_values(0, 60, _values(pieces))
            for pair in of
            for name, pieces in pair.series.items()
        }
    )


def _values(pieces: Sequence[Piece]) -> Floats:
    return np.concatenate([first + step * np.arange(count, dtype=np.float64) for first, step, count in pieces])


def _pieces(chance: random.Random, usual: tuple[int, int], incident: tuple[int, int]) -> list[Piece]:
    # The first half hour is quiet: before it, CloudWatch fills what is missing and Prometheus does not.
    pieces, minutes = [(usual[0], 0, 30)], 30
    while minutes < MINUTES:
        if chance.random() < 0.03:
            first, step, count = chance.randint(*incident), chance.randint(-5, 5), chance.randint(1, 40)
        else:
            first, step, count = chance.randint(*usual), chance.randint(-1, 1), chance.randint(20, 90)
        count = min(count, MINUTES - minutes)
        minutes += count
        pieces.append((first, step, count))
    return pieces


def _pair(name: str, kind: int, chance: random.Random) -> Pair:
    # A Prometheus range is closed on both sides before version 3: half a minute less has the samples of a period.
    latency = f'latency{{endpoint="{name}"}}'
    series = {"latency": _pieces(chance, (200, 300), (500, 900))}
    dimensions = [{"Name": "Endpoint", "Value": name}]
    single: dict[str, Any] = {
        "Namespace": NAMESPACE,
        "MetricName": "latency",
        "Dimensions": dimensions,
        "Statistic": "Average",
    }
    above = {"ComparisonOperator": "GreaterThanThreshold"}
    match kind:
        case 0:
            rule = {"expr": f"{latency} > 400", "for": "2m"}
            properties = single | above | _counts(3, 3) | {"Period": 60, "Threshold": 400}
        case 1:
            rule = {"expr": f"avg_over_time({latency}[4m30s]) > 400.37"}
            properties = single | above | _counts(1, 1) | {"Period": 300, "Threshold": 400.37}
        case 2:
            series["requests"] = _pieces(chance, (2000, 3000), (500, 900))
            rule = {"expr": f'{latency} / requests{{endpoint="{name}"}} > 0.21', "for": "4m"}
            queries = [_query("l", "latency", dimensions), _query("r", "requests", dimensions)]
            properties = above | _counts(5, 5) | {"Metrics": [*queries, _expression("l / r")], "Threshold": 0.21}
        case _:
            rule = {"expr": f"sum_over_time(({latency} > bool 400)[4m30s:1m]) >= 3"}
            properties = single | above | _counts(3, 5) | {"Period": 60, "Threshold": 400}
    return Pair(name=name, properties={"AlarmName": name} | properties, rule=rule, series=series)


def _counts(needed: int, periods: int) -> dict[str, int]:
    return {"DatapointsToAlarm": needed, "EvaluationPeriods": periods}


def _query(query_id: str, name: str, dimensions: list[dict[str, str]]) -> dict[str, Any]:
    metric = {"Namespace": NAMESPACE, "MetricName": name, "Dimensions": dimensions}
    return {"Id": query_id, "ReturnData": False, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}


def _expression(text: str, query_id: str = "e") -> dict[str, Any]:
    return {"Id": query_id, "Expression": text, "ReturnData": True}


def year(case: str) -> tuple[dict[str, Any], Recording]:
    """The alarm's properties and the year of the case: plain, gaps, math, p99 or band.

    Latencies with a day and noise, in the minute that is lost one time in ten where gaps are asked for.
    """
    chance = np.random.default_rng(4)
    day = 200 + 50 * np.sin(np.arange(YEAR_MINUTES) * (2 * np.pi / 1440))
    values = day * chance.lognormal(0, 0.15, YEAR_MINUTES)
    if case == "gaps":
        values[chance.random(YEAR_MINUTES) < 0.1] = np.nan
    series = {"latency": SampleSeries.of_values(0, 60, values)}
    alarm: dict[str, Any] = {
        "AlarmName": case,
        "Namespace": NAMESPACE,
        "MetricName": "latency",
        "Statistic": "Average",
        "Period": 60,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 330,
    } | _counts(3, 5)
    single = ("Namespace", "MetricName", "Statistic", "Period")
    match case:
        case "math":
            series["requests"] = SampleSeries.of_values(0, 60, chance.poisson(40, YEAR_MINUTES).astype(np.float64))
            alarm = {name: value for name, value in alarm.items() if name not in single}
            queries = [_query("l", "latency", []), _query("r", "requests", [])]
            alarm |= {"Metrics": [*queries, _expression("IF(r > 30, l / r, 0)")], "Threshold": 10}
        case "p99":
            samples = day[:, np.newaxis] * chance.lognormal(0, 0.3, (YEAR_MINUTES, SAMPLES_A_MINUTE))
            series["latency"] = SampleSeries(0, 60, samples)
            del alarm["Statistic"]
            alarm |= {"ExtendedStatistic": "p99", "Threshold": 520}
        case "band":
            alarm = {name: value for name, value in alarm.items() if name not in (*single, "Threshold")}
            metric = _query("m", "latency", []) | {"ReturnData": True}
            alarm |= {"Metrics": [metric, _expression("ANOMALY_DETECTION_BAND(m, 3)", "band")]}
            alarm |= {"ThresholdMetricId": "band", "ComparisonOperator": "GreaterThanUpperThreshold"}
    found = {MetricId(NAMESPACE, name): one for name, one in series.items()}
    return alarm, Recording(found)
