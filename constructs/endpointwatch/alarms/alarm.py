"""From an alarm as a value to one in CloudFormation."""

from collections.abc import Mapping, Sequence

from aws_cdk import CfnTag
from aws_cdk import aws_cloudwatch as cloudwatch

from constructs import Construct
from endpointwatch.alarms.spec import AlarmSpec


def create_alarm(
    scope: Construct,
    id: str,
    *,
    spec: AlarmSpec,
    name: str | None,
    action_arns: Sequence[str],
    tags: Mapping[str, str],
    tells_when_over: bool = True,
) -> cloudwatch.CfnAlarm:
    """The alarm of `spec`, telling `action_arns` when it fires and, if it `tells_when_over`, when it is over.

    An L1, because the L2 has no warm-up. CloudFormation names it where `name` is None; `tags` are joined by what the spec itself
    tells the page.
    """
    told = {
        "endpointwatch:signal": spec.signal,
        "endpointwatch:severity": spec.severity,
        "endpointwatch:unit": spec.unit,
    }
    if spec.objective is not None:
        told["endpointwatch:objective"] = spec.objective
    if spec.objective_value is not None:
        told["endpointwatch:objective-value"] = f"{spec.objective_value:.12g}"
    actions = list(action_arns) or None
    return cloudwatch.CfnAlarm(
        scope,
        id,
        alarm_name=name,
        alarm_description=spec.description,
        **spec.watches.alarm_properties(),
        comparison_operator=spec.comparison,
        threshold=spec.threshold,
        datapoints_to_alarm=spec.datapoints,
        evaluation_periods=spec.periods,
        treat_missing_data=spec.missing,
        warm_up_configuration=None
        if spec.warm_up_minutes is None
        else cloudwatch.CfnAlarm.WarmUpConfigurationProperty(
            warm_up_period_duration_in_minutes=spec.warm_up_minutes,
            only_start_evaluating_after_warm_up_period_ends=False,
        ),
        alarm_actions=actions,
        ok_actions=actions if tells_when_over else None,
        tags=[CfnTag(key=key, value=value) for key, value in {**tags, **told}.items()],
    )
