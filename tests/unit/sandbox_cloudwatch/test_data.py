"""Metric data asked for between two moments."""

from typing import Any

import pytest

from sandbox.aws.cloudwatch.wire import ServiceError
from tests.unit.sandbox_cloudwatch.conftest import T0, Account


def metric(query_id: str, period: int, stat: str = "Sum", **members: Any) -> dict[str, Any]:
    """A query for the metric M."""
    stat_of = {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": period, "Stat": stat}
    return {"Id": query_id, "MetricStat": stat_of} | members


def values(account: Account, *queries: dict[str, Any], start: int = 0, end: int = 600) -> dict[str, dict[int, float]]:
    """Values by id and by seconds after T0, of an answer in ascending order."""
    answer = account.call(
        "GetMetricData",
        MetricDataQueries=list(queries),
        StartTime=float(T0 + start),
        EndTime=float(T0 + end),
        ScanBy="TimestampAscending",
    )
    return {
        result["Id"]: dict(zip([at - T0 for at in result["Timestamps"]], result["Values"], strict=True))
        for result in answer["MetricDataResults"]
    }


@pytest.fixture
def published(account: Account) -> Account:
    """1, 2, 3... each minute for ten minutes."""
    for minute in range(10):
        account.put("M", minute + 1, 60 * minute + 30)
    return account


def test_periods_are_aligned_each_to_its_own_length(published: Account) -> None:
    """One request may ask for several periods; an expression has that of its metric, and each begins on its own grid."""
    found = values(published, metric("m", 60), metric("long", 300), {"Id": "e", "Expression": "long / 5"}, start=250)
    assert found["m"] == {60.0 * minute: minute + 1.0 for minute in range(4, 10)}
    assert found["long"] == {0: 15.0, 300: 40.0}
    assert found["e"] == {0: 3.0, 300: 8.0}


def test_an_expression_over_weeks_is_counted_in_its_metrics_periods(published: Account) -> None:
    """More minutes than may be asked for at once, but not more periods of the metric."""
    queries = metric("m", 300, ReturnData=False), {"Id": "e", "Expression": "FILL(m, 0)"}
    assert len(values(published, *queries, start=-90 * 86_400)["e"]) == 90 * 288 + 2
    with pytest.raises(ServiceError, match="at most 100800 are allowed"):
        values(published, metric("m", 60), start=-90 * 86_400)


def test_a_number_is_a_flat_line(published: Account) -> None:
    """SUM of one series is a number: it has a value in each period."""
    queries = metric("m", 300, ReturnData=False), {"Id": "e", "Expression": "SUM(m)"}
    assert values(published, *queries)["e"] == {0: 55.0, 300: 55.0}


def test_statistics_of_periods(published: Account) -> None:
    """GetMetricStatistics gives several statistics at once, percentiles where there are some."""
    sets = {"SampleCount": 2.0, "Sum": 9.0, "Minimum": 1.0, "Maximum": 8.0}
    published.at(600)
    datum = {"MetricName": "M", "StatisticValues": sets, "Timestamp": float(T0 + 300)}
    published.call("PutMetricData", Namespace="N", MetricData=[datum])
    answer = published.call(
        "GetMetricStatistics",
        Namespace="N",
        MetricName="M",
        StartTime=float(T0),
        EndTime=float(T0 + 900),
        Period=300,
        Statistics=["Sum", "Maximum"],
        ExtendedStatistics=["p50"],
    )
    first, second = answer["Datapoints"]
    assert (first["Sum"], first["Maximum"], first["ExtendedStatistics"]) == (15.0, 5.0, {"p50": 3.0})
    assert (second["Sum"], second["Maximum"], "ExtendedStatistics" in second) == (49.0, 10.0, False)


@pytest.mark.parametrize(
    ("queries", "problem"),
    [
        ([metric("m", 45)], "Metrics 'm': Period: 45 is not supported"),
        ([metric("m", 60, "Median")], "Metrics 'm': Stat: 'Median' is not supported"),
        ([metric("m", 60), metric("m", 60)], "Id: 'm' is used by more than one query"),
        ([{"Id": "e", "Expression": "nobody"}], "no metric or expression with the id 'nobody'"),
    ],
)
def test_bad_queries_say_what_is_wrong(account: Account, queries: list[dict[str, Any]], problem: str) -> None:
    """The query, the member and its value."""
    with pytest.raises(ServiceError, match=problem):
        values(account, *queries)


def test_an_end_before_the_start_is_refused(account: Account) -> None:
    """As CloudWatch does, instead of an empty answer."""
    with pytest.raises(ServiceError, match="StartTime: it must be before EndTime"):
        values(account, metric("m", 60), start=600, end=0)
