"""What alarms cost."""

from typing import Any

import pytest

from alarmlab.explain.price import price_of
from alarmlab.model.alarms import Alarm
from tests.unit.alarmlab.explain.alarms import alarm_of, metric_alarm, query

METRICS = [query("a", "App A"), query("b", "App B"), query("c", "App C")]
FAST = [query(id, f"App {id}", period=10) for id in "ab"]
BAND = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(a)"}
BANDED: dict[str, Any] = {
    "Metrics": [BAND, {**METRICS[0], "ReturnData": True}],
    "ThresholdMetricId": "band",
    "ComparisonOperator": "GreaterThanUpperThreshold",
}


@pytest.mark.parametrize(
    ("alarm", "dollars"),
    [
        (metric_alarm(), 0.10),
        (metric_alarm(Period=10), 0.30),
        (metric_alarm(Metrics=[{"Id": "e", "Expression": "a + b + c"}, *METRICS]), 0.30),
        (metric_alarm(Metrics=[{"Id": "e", "Expression": "a + b"}, *FAST]), 0.60),
        (metric_alarm(**BANDED), 0.30),
        (alarm_of({"AlarmRule": "ALARM(A)"}), 0.50),
    ],
)
def test_alarms_are_priced_by_their_metrics(alarm: Alarm, dollars: float) -> None:
    """Each metric counts, a band as two more; a composite alarm has one price."""
    price = price_of(alarm)
    assert price.dollars == pytest.approx(dollars)
    assert not price.open


def test_what_depends_on_the_account_is_said_to_be_open() -> None:
    """How many metrics a query analyzes is not in the template."""
    queried = metric_alarm(Metrics=[{"Id": "q", "Expression": "SELECT MAX(Busy) FROM App", "Period": 60}])
    assert price_of(queried).open == "$0.10 for each metric that the query analyzes"
    criteria = {"PromQLCriteria": {"Query": "up == 0"}}
    assert "no published price" in price_of(alarm_of({"EvaluationCriteria": criteria, "EvaluationInterval": 60})).open
