"""Metrics, and what is asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Dimensions = tuple[tuple[str, str], ...]
"""Pairs of name and value, sorted."""


@dataclass(frozen=True, slots=True)
class MetricId:
    """One metric: CloudWatch's identity of namespace, name and the exact set of dimensions."""

    namespace: str
    name: str
    dimensions: Dimensions = ()

    def __str__(self) -> str:
        """`AWS/SageMaker ModelLatency {EndpointName: ranker}`."""
        inside = ", ".join(f"{name}: {value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name}" + (f" {{{inside}}}" if inside else "")

    @property
    def members(self) -> dict[str, Any]:
        """The metric as CloudWatch's API and CloudFormation write it."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}


def dimensions_of(dimensions: Mapping[str, str] | None) -> Dimensions:
    """`dimensions` as a part of a `MetricId`."""
    return tuple(sorted((dimensions or {}).items()))


@dataclass(frozen=True, kw_only=True)
class MetricQuery:
    """One metric with its statistic, or one expression.

    Args:
        id: how expressions refer to it.
        expression: metric math, or a Metrics Insights query; metric, stat and unit are then unused.
        metric: what is read.
        stat: `Average`, `p99`, `tm(10%:90%)`...
        period: seconds.
        unit: only what was published in this unit counts; empty for any.
        label: what the value is called on a graph.
        return_data: whether its values are part of the answer (in an alarm: what is compared with the threshold).
    """

    id: str
    expression: str = ""
    metric: MetricId | None = None
    stat: str = ""
    period: int = 60
    unit: str = ""
    label: str = ""
    return_data: bool = True
