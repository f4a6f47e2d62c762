"""What `EndpointMonitoring` makes of names, tokens and wishes."""

import json
from typing import Any

import botocore.loaders
import pytest
from aws_cdk import App, CfnParameter, Duration, Stack
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Annotations, Match, Template

from endpointwatch import (
    INSTANCE_SHAPES,
    AlarmOverride,
    AlertTopics,
    EndpointMonitoring,
    GpuEndpoint,
    MetricsConfig,
    Objectives,
    Severity,
    Signal,
)

OBJECTIVES = Objectives(latency_p99=Duration.millis(200))


def _watch(
    stack: Stack, *, endpoint_name: str = "ranker", instance_type: str | None = "ml.g5.12xlarge", **settings: Any
) -> EndpointMonitoring:
    endpoint = GpuEndpoint.from_endpoint_attributes(
        stack, "Endpoint", endpoint_name=endpoint_name, instance_type=instance_type
    )
    return EndpointMonitoring(stack, "Monitoring", endpoint=endpoint, **{"objectives": OBJECTIVES, **settings})


def _alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    found = Template.from_stack(stack).find_resources("AWS::CloudWatch::Alarm")
    return {logical_id: resource["Properties"] for logical_id, resource in found.items()}


def test_names_alone_are_enough() -> None:
    """Without an instance type there is no GPU count, so what needs it is left out, and the app says so."""
    stack = Stack(App(), "Watch")
    monitoring = _watch(stack, instance_type=None)
    assert set(Signal) - set(monitoring.alarms) == {Signal.GPU, Signal.GPU_MEMORY, Signal.CPU}
    Annotations.from_stack(stack).has_info("/Watch/Monitoring", Match.string_like_regexp("give instance_type"))


def test_tokens_never_reach_construct_ids() -> None:
    """An endpoint whose name is a parameter gets the same logical ids as one with a plain name."""
    plain, with_token = Stack(), Stack()
    _watch(plain)
    name = CfnParameter(with_token, "Name").value_as_string
    _watch(with_token, endpoint_name=name)
    assert set(_alarms(plain)) == set(_alarms(with_token))
    (errors,) = (alarm for logical_id, alarm in _alarms(with_token).items() if "Errors" in logical_id)
    assert errors["AlarmName"] == {"Fn::Join": ["", [{"Ref": "Name"}, "/AllTraffic/errors"]]}


def test_dashboard_with_tokens_is_json() -> None:
    """The dashboard's body stays JSON when the endpoint's name is known to CloudFormation only."""
    stack = Stack()
    _watch(stack, endpoint_name=CfnParameter(stack, "Name").value_as_string)
    (dashboard,) = Template.from_stack(stack).find_resources("AWS::CloudWatch::Dashboard").values()
    _, parts = dashboard["Properties"]["DashboardBody"]["Fn::Join"]
    body = json.loads("".join(part if isinstance(part, str) else "x" for part in parts))
    assert body["widgets"]


def test_alarms_go_to_topics_of_your_own() -> None:
    """Any topic will do; critical and warning alarms go to different ones."""
    stack = Stack()
    urgent, calm = sns.Topic(stack, "Urgent"), sns.Topic(stack, "Calm")
    monitoring = _watch(stack, alerts=AlertTopics(critical=urgent, warning=calm))
    actions = {
        signal: stack.resolve(monitoring.alarms[signal].alarm_actions)[0]["Ref"]
        for signal in (Signal.ERRORS, Signal.DISK)
    }
    assert actions[Signal.ERRORS].startswith("Urgent")
    assert actions[Signal.DISK].startswith("Calm")


def test_overrides_change_one_alarm_only() -> None:
    """A team changes what it knows better, and switches off what it does not want; the rest stays."""
    stack = Stack()
    monitoring = _watch(
        stack,
        overrides={
            Signal.DISK: AlarmOverride(enabled=False),
            Signal.GPU: AlarmOverride(threshold=99, severity=Severity.CRITICAL),
        },
        dashboard=False,
    )
    assert Signal.DISK not in monitoring.alarms
    assert monitoring.alarms[Signal.GPU].threshold == 99
    assert monitoring.alarms[Signal.MEMORY].threshold == 90
    assert monitoring.dashboard is None


def test_alarms_on_instances_keep_to_the_published_frequency() -> None:
    """Metrics that come every five minutes are looked at in periods of five minutes, over the same span."""
    stack = Stack()
    endpoint = GpuEndpoint.from_endpoint_attributes(
        stack,
        "Endpoint",
        endpoint_name="ranker",
        instance_type="ml.g5.xlarge",
        metrics_config=MetricsConfig(publish_frequency_seconds=300),
    )
    monitoring = EndpointMonitoring(stack, "Monitoring", endpoint=endpoint, objectives=OBJECTIVES)
    memory, disk = monitoring.alarms[Signal.MEMORY], monitoring.alarms[Signal.DISK]
    assert [(alarm.period, alarm.evaluation_periods) for alarm in (memory, disk)] == [(300, 1), (300, 1)]
    assert monitoring.alarms[Signal.GPU].evaluation_periods == 3
    assert monitoring.alarms[Signal.LATENCY].period == 60


def test_environment_is_that_of_the_routing() -> None:
    """Said once, where the routing is made; an alarm of staging never calls itself prod."""
    stack = Stack()
    topic = sns.Topic(stack, "Topic")
    _watch(stack, alerts=AlertTopics(critical=topic, warning=topic, environment="staging"))
    (dashboard,) = Template.from_stack(stack).find_resources("AWS::CloudWatch::Dashboard").values()
    assert dashboard["Properties"]["DashboardName"] == "endpointwatch-staging-ranker-AllTraffic"
    for alarm in _alarms(stack).values():
        assert {"Key": "endpointwatch:environment", "Value": "staging"} in alarm["Tags"]


def test_no_silence_alarm_where_silence_is_fine() -> None:
    """An endpoint that may be idle has no silence alarm."""
    stack = Stack()
    monitoring = _watch(stack, objectives=Objectives(latency_p99=Duration.millis(200), silence=None))
    assert Signal.SILENCE not in monitoring.alarms


@pytest.mark.parametrize(("instance_type", "gpus"), [("ml.g5.12xlarge", 4), ("ml.p5en.48xlarge", 8)])
def test_gpu_metric_is_divided_by_the_count(instance_type: str, gpus: int) -> None:
    """`metric_gpu_utilization` is 0 to 100 whatever the number of GPUs."""
    stack = Stack()
    endpoint = GpuEndpoint.from_endpoint_attributes(stack, "E", endpoint_name="ranker", instance_type=instance_type)
    metric = stack.resolve(endpoint.metric_gpu_utilization().to_metric_config().math_expression.expression)  # type: ignore[union-attr]
    assert metric == f"raw / {gpus}"


def test_metrics_are_there_for_graphs_of_your_own() -> None:
    """Every `metric_*` of an endpoint is a CDK metric."""
    endpoint = GpuEndpoint.from_endpoint_attributes(Stack(), "E", endpoint_name="ranker", instance_type="ml.g5.xlarge")
    names = [name for name in dir(endpoint) if name.startswith("metric_")]
    assert {"metric_invocations", "metric_failure_ratio", "metric_gpu_utilization"} < set(names)
    for name in names:
        config = getattr(endpoint, name)().to_metric_config()
        assert config.math_expression or config.metric_stat


def test_every_gpu_type_of_sagemaker_is_known() -> None:
    """The table has each GPU type that SageMaker hosts endpoints on, and no other."""
    model = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")
    hosted = model["shapes"]["ProductionVariantInstanceType"]["enum"]
    assert {name for name in hosted if name.startswith(("ml.g", "ml.p"))} == set(INSTANCE_SHAPES)
