"""Everything that watches one endpoint: its alarms and its dashboard."""

import json
from collections.abc import Mapping
from functools import cache

from aws_cdk import Annotations, Aws
from aws_cdk import aws_cloudwatch as cloudwatch

from constructs import Construct
from endpointwatch import _checks
from endpointwatch.alarms.alarm import create_alarm
from endpointwatch.alarms.objectives import Objectives
from endpointwatch.alarms.spec import AlarmOverride, Ownership, Signal
from endpointwatch.alarms.targets import AlertTargets
from endpointwatch.sagemaker.endpoint import WatchedEndpoint
from endpointwatch.sagemaker.endpoint_alarms import endpoint_alarms
from endpointwatch.sagemaker.endpoint_dashboard import endpoint_dashboard
from endpointwatch.severity import Severity


class EndpointMonitoring(Construct):
    """Alarms and a dashboard for one endpoint variant, from what it promises.

    Works with names alone, also when they are CDK tokens: construct ids never hold them.

    Args:
        endpoint: a `GpuEndpoint`, or `GpuEndpoint.from_endpoint_attributes(...)` for one that exists already.
        objectives: what it promises; the thresholds follow from it.
        alerts: where alarms go: an `AlertRouting`, or `AlertTopics` for topics of your own. None makes alarms that tell nobody.
        environment: such as `prod`; part of the dashboard's name and of the page.
        ownership: team and runbook, for the page.
        overrides: what should be otherwise than the default, by signal.
        dashboard: whether to make the dashboard (3 USD a month).

    Attributes:
        alarms: the alarms, by signal.
        dashboard: the dashboard, or None.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        endpoint: WatchedEndpoint,
        objectives: Objectives,
        alerts: AlertTargets | None = None,
        environment: str = "prod",
        ownership: Ownership = Ownership(),
        overrides: Mapping[Signal, AlarmOverride] | None = None,
        dashboard: bool = True,
    ) -> None:
        super().__init__(scope, id)
        _checks.tag_value("environment", environment)
        title = f"{endpoint.endpoint_name}/{endpoint.variant_name}"
        dashboard_name = f"endpointwatch-{environment}-{endpoint.endpoint_name}-{endpoint.variant_name}"
        specs = endpoint_alarms(endpoint.metrics, objectives, overrides or {})
        if endpoint.metrics.shape is None:
            Annotations.of(self).add_info(
                "The instance type is not known, so GPU, GPU memory and CPU are not watched: give instance_type"
            )

        topics = {severity: [alerts.topic(severity).topic_arn] if alerts else [] for severity in Severity}
        common = {
            "endpointwatch:endpoint": endpoint.endpoint_name,
            "endpointwatch:variant": endpoint.variant_name,
            "endpointwatch:environment": environment,
        }
        if dashboard:
            common["endpointwatch:dashboard"] = dashboard_name
        if ownership.team:
            common["team"] = ownership.team
        if ownership.runbook:
            common["runbook"] = ownership.runbook
        self.alarms: dict[Signal, cloudwatch.CfnAlarm] = {
            spec.signal: create_alarm(
                self,
                "".join(word.capitalize() for word in spec.signal.split("-")),
                spec=spec,
                name=f"{title}/{spec.signal}",
                action_arns=topics[spec.severity],
                tags={
                    **common,
                    "endpointwatch:signal": spec.signal,
                    "endpointwatch:severity": spec.severity,
                    "endpointwatch:objective": spec.objective,
                },
            )
            for spec in specs
        }
        self.dashboard: cloudwatch.CfnDashboard | None = None
        if dashboard:
            body = endpoint_dashboard(
                title=title,
                region=_aws("REGION"),
                metrics=endpoint.metrics,
                objectives=objectives,
                alarms=specs,
                alarm_arns=[f"{_alarm_arn_prefix()}{title}/{spec.signal}" for spec in specs],
                runbook=ownership.runbook,
            )
            self.dashboard = cloudwatch.CfnDashboard(
                self, "Dashboard", dashboard_name=dashboard_name, dashboard_body=json.dumps(body)
            )


@cache
def _aws(name: str) -> str:
    """A pseudo parameter; each look-up is a call to jsii, and they never change."""
    value: str = getattr(Aws, name)
    return value


def _alarm_arn_prefix() -> str:
    return f"arn:{_aws('PARTITION')}:cloudwatch:{_aws('REGION')}:{_aws('ACCOUNT_ID')}:alarm:"
