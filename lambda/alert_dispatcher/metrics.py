"""The dispatcher's own metrics, by which it is watched."""

from collections.abc import Mapping
from typing import Any

NAMESPACE = "endpointwatch"


def put(cloudwatch: Any, name: str, by_sink: Mapping[str, float], *, environment: str, routing: str, unit: str) -> None:
    """Put one datapoint for each sink.

    Args:
        cloudwatch: the client.
        name: of the metric.
        by_sink: values by sink name.
        environment: what the routing is for.
        routing: name of its table, which tells two routings of an environment apart.
        unit: as CloudWatch names it: `Count`, `Seconds`.
    """
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [
                    {"Name": "Environment", "Value": environment},
                    {"Name": "Routing", "Value": routing},
                    {"Name": "Sink", "Value": sink},
                ],
                "Value": value,
                "Unit": unit,
            }
            for sink, value in by_sink.items()
        ],
    )
