"""CloudWatch metrics as plain values: for alarms, for dashboards, and as CDK metrics for everyone else.

An alarm and a graph each need a metric in another shape. Building those shapes from one Python value costs no round trip to
jsii, which is what makes synthesis of many endpoints fast.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch


@dataclass(frozen=True, kw_only=True)
class MetricSpec:
    """One metric with one statistic.

    Args:
        namespace: such as `AWS/SageMaker`.
        name: such as `ModelLatency`.
        dimensions: all dimensions of the metric; CloudWatch matches them exactly.
        statistic: `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount` or an extended one such as `p99`.
        period: seconds.
        label: what a graph calls it. Alarms never carry it: a label changes the shape of their notification.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    period: int = 60
    label: str

    def to_metric(self) -> cloudwatch.Metric:
        """The same as a CDK metric."""
        return cloudwatch.Metric(
            namespace=self.namespace,
            metric_name=self.name,
            dimensions_map=dict(self.dimensions),
            statistic=self.statistic,
            period=Duration.seconds(self.period),
        )

    def alarm_properties(self) -> dict[str, Any]:
        """The part of an `AWS::CloudWatch::Alarm` that says what it watches."""
        extended = self.statistic not in {"Average", "Sum", "Minimum", "Maximum", "SampleCount"}
        return {
            "namespace": self.namespace,
            "metric_name": self.name,
            "dimensions": [
                cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value) for name, value in self.dimensions.items()
            ],
            "period": self.period,
            "extended_statistic" if extended else "statistic": self.statistic,
        }

    def rows(self, **options: object) -> list[list[object]]:
        """The rows of a dashboard widget's `metrics`; `options` are rendering options such as `color`."""
        pairs = [part for dimension in self.dimensions.items() for part in dimension]
        return [
            [
                self.namespace,
                self.name,
                *pairs,
                {"stat": self.statistic, "period": self.period, "label": self.label, **options},
            ]
        ]


@dataclass(frozen=True, kw_only=True)
class MathSpec:
    """A metric-math expression over metrics of one period.

    Args:
        expression: CloudWatch metric math over the names of `using`.
        using: the metrics, by the name that the expression calls them.
        label: what a graph calls it.
    """

    expression: str
    using: Mapping[str, MetricSpec] = field(default_factory=dict)
    label: str

    @property
    def period(self) -> int:
        """Seconds; the same for all metrics used."""
        return next(iter(self.using.values())).period

    def to_metric(self) -> cloudwatch.MathExpression:
        """The same as a CDK metric."""
        return cloudwatch.MathExpression(
            expression=self.expression,
            using_metrics={name: spec.to_metric() for name, spec in self.using.items()},
            label=self.label,
            period=Duration.seconds(self.period),
        )

    def alarm_properties(self) -> dict[str, Any]:
        """The part of an `AWS::CloudWatch::Alarm` that says what it watches."""
        query = cloudwatch.CfnAlarm.MetricDataQueryProperty
        return {
            "metrics": [
                query(id="value", expression=self.expression, label=self.label, return_data=True),
                *(
                    query(
                        id=name,
                        return_data=False,
                        metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
                            metric=cloudwatch.CfnAlarm.MetricProperty(
                                namespace=spec.namespace,
                                metric_name=spec.name,
                                dimensions=[
                                    cloudwatch.CfnAlarm.DimensionProperty(name=key, value=value)
                                    for key, value in spec.dimensions.items()
                                ],
                            ),
                            period=spec.period,
                            stat=spec.statistic,
                        ),
                    )
                    for name, spec in self.using.items()
                ),
            ]
        }

    def rows(self, *, prefix: str = "", **options: object) -> list[list[object]]:
        """The rows of a dashboard widget's `metrics`: the expression, then its hidden inputs.

        Two expressions in one widget must not share ids: `prefix` keeps theirs apart.
        """
        names = "|".join(map(re.escape, self.using))
        expression = re.sub(rf"\b(?:{names})\b", lambda name: prefix + name[0], self.expression)
        rows: list[list[object]] = [
            [{"expression": expression, "id": f"{prefix}value", "label": self.label, "period": self.period, **options}]
        ]
        for name, spec in self.using.items():
            rows += spec.rows(id=prefix + name, visible=False)
        return rows


Spec = MetricSpec | MathSpec
