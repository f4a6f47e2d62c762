"""Everything that watches one endpoint: its alarms and its dashboard."""

import json
from collections.abc import Mapping
from functools import cache

from aws_cdk import Annotations, Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from constructs import Construct
from endpointwatch import _checks
from endpointwatch.alarms.alarm import create_alarm
from endpointwatch.alarms.objectives import Objectives
from endpointwatch.alarms.spec import AlarmOverride, Ownership
from endpointwatch.alarms.targets import AlertTargets
from endpointwatch.sagemaker.endpoint import WatchedEndpoint
from endpointwatch.sagemaker.endpoint_alarms import endpoint_alarms
from endpointwatch.sagemaker.endpoint_dashboard import endpoint_dashboard
from endpointwatch.sagemaker.signals import Signal
from endpointwatch.severity import Severity


class EndpointMonitoring(Construct):
    """Alarms and a dashboard for one endpoint variant, from what it promises.

    Works with names alone, also when they are CDK tokens: construct ids never hold them.

    Args:
        endpoint: a `GpuEndpoint`, or `GpuEndpoint.from_endpoint_attributes(...)` for one that exists already.
        objectives: what it promises; the thresholds follow from it.
        alerts: where alarms go: an `AlertRouting`, or `AlertTopics` for topics of your own. None makes alarms that tell nobody.
        environment: such as `prod`; part of the dashboard's name and of the page. That of `alerts` when it is left out.
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
        environment: str | None = None,
        ownership: Ownership = Ownership(),
        overrides: Mapping[Signal, AlarmOverride] | None = None,
        dashboard: bool = True,
    ) -> None:
        super().__init__(scope, id)
        _checks.instance("endpoint", endpoint, WatchedEndpoint, fix="give GpuEndpoint.from_endpoint_attributes(...)")
        _checks.instance("objectives", objectives, Objectives, fix="write Objectives(latency_p99=Duration.millis(200))")
        _checks.instance("ownership", ownership, Ownership, fix="write Ownership(team=..., runbook=...)")
        if alerts is not None and not hasattr(alerts, "topic"):
            raise TypeError(f"alerts: {alerts!r} has no topics; give an AlertRouting, AlertTopics or None")
        if environment is None and alerts is not None:
            environment = alerts.environment
        if environment is not None:
            _checks.environment(environment)
        title = f"{endpoint.endpoint_name}/{endpoint.variant_name}"
        names = ["endpointwatch", environment, endpoint.endpoint_name, endpoint.variant_name]
        dashboard_name = "-".join(name for name in names if name)
        specs = endpoint_alarms(endpoint.metrics, objectives, overrides or {})
        if endpoint.metrics.shape is None:
            Annotations.of(self).add_info(
                "The instance type is not known, so GPU, GPU memory and CPU are not watched: give instance_type"
            )

        topics = {severity: [alerts.topic(severity).topic_arn] if alerts else [] for severity in Severity}
        tags = _tags(endpoint, environment, ownership, dashboard_name if dashboard else None)
        self.alarms: dict[Signal, cloudwatch.CfnAlarm] = {
            Signal(spec.signal): create_alarm(
                self,
                "".join(word.capitalize() for word in spec.signal.split("-")),
                spec=spec,
                name=f"{title}/{spec.signal}",
                action_arns=topics[spec.severity],
                tags=tags,
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

    def maintenance_window(
        self, id: str, *, schedule: cloudwatch.ScheduleExpression, duration: Duration, description: str | None = None
    ) -> cloudwatch.AlarmMuteRule:
        """Mutes all alarms of this endpoint while it is worked on.

        They go on being evaluated; one that still fires when the window ends is told then, marked as late.

        Args:
            id: id of the construct.
            schedule: `ScheduleExpression.cron(hour="2", minute="0", week_day="SUN", time_zone=TimeZone.of("Europe/Berlin"))` for
                every Sunday, `ScheduleExpression.at(...)` for once; in UTC unless it says otherwise.
            duration: how long each window lasts.
            description: what is worked on.
        """
        _checks.instance("duration", duration, Duration, fix="write Duration.hours(1)")
        return cloudwatch.AlarmMuteRule(
            self,
            id,
            alarms=list(self.alarms.values()),
            schedule=schedule,
            duration=duration,
            description=description,
        )


def _tags(
    endpoint: WatchedEndpoint, environment: str | None, ownership: Ownership, dashboard_name: str | None
) -> dict[str, str]:
    """What every alarm of the endpoint tells the page."""
    shape = endpoint.metrics.shape
    tags = {
        "endpointwatch:endpoint": endpoint.endpoint_name,
        "endpointwatch:variant": endpoint.variant_name,
        "endpointwatch:environment": environment,
        "endpointwatch:dashboard": dashboard_name,
        "endpointwatch:vcpus": str(shape.vcpus) if shape else None,
        "endpointwatch:gpus": str(shape.gpus) if shape else None,
        "team": ownership.team,
        "runbook": ownership.runbook,
    }
    return {key: value for key, value in tags.items() if value}


@cache
def _aws(name: str) -> str:
    """A pseudo parameter; each look-up is a call to jsii, and they never change."""
    value: str = getattr(Aws, name)
    return value


def _alarm_arn_prefix() -> str:
    return f"arn:{_aws('PARTITION')}:cloudwatch:{_aws('REGION')}:{_aws('ACCOUNT_ID')}:alarm:"
