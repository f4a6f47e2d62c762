"""Metrics as values."""

from dataclasses import replace

from endpointwatch.metrics import MathSpec, MetricSpec

LATENCY = MetricSpec(
    namespace="AWS/SageMaker", name="ModelLatency", dimensions={"EndpointName": "ranker"}, statistic="p99", label="p99"
)


def test_prefix_renames_whole_names_only() -> None:
    """Two expressions share a graph when ids get a prefix; `m5` inside `m5xx` is another name."""
    spec = MathSpec(expression="IF(m5 > m5xx, m5, m5xx)", using={"m5": LATENCY, "m5xx": LATENCY}, label="x")
    rows = spec.rows(prefix="s1_")
    assert rows[0][0] == {
        "expression": "IF(s1_m5 > s1_m5xx, s1_m5, s1_m5xx)",
        "id": "s1_value",
        "label": "x",
        "period": 60,
    }
    assert [row[-1]["id"] for row in rows[1:]] == ["s1_m5", "s1_m5xx"]  # type: ignore[index]


def test_percentile_is_an_extended_statistic() -> None:
    """CloudFormation takes percentiles in another property than averages."""
    assert LATENCY.alarm_properties()["extended_statistic"] == "p99"
    assert replace(LATENCY, statistic="Average").alarm_properties()["statistic"] == "Average"
