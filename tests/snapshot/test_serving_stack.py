"""What must hold in the serving stack, whatever else changes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

Templates = Callable[[str, str], Template]


@pytest.fixture
def serving(template: Templates) -> Template:
    """The serving stack of prod."""
    return template("Serving", "prod")


def _alarm(serving: Template, signal: str) -> dict[str, Any]:
    (alarm,) = (
        resource["Properties"]
        for resource in serving.find_resources("AWS::CloudWatch::Alarm").values()
        if resource["Properties"]["AlarmName"] == f"ranker/AllTraffic/{signal}"
    )
    return dict(alarm)


def test_model_and_configuration_are_unnamed(serving: Template) -> None:
    """A change replaces the configuration and rolls the endpoint over: named ones could not be replaced."""
    serving.all_resources_properties("AWS::SageMaker::EndpointConfig", {"EndpointConfigName": Match.absent()})
    serving.all_resources_properties("AWS::SageMaker::Model", {"ModelName": Match.absent()})
    serving.has_resource_properties(
        "AWS::SageMaker::Endpoint", {"EndpointName": "ranker", "RetainAllVariantProperties": False}
    )


def test_metrics_config_is_explicit(serving: Template) -> None:
    """Detailed observability, which SageMaker turned on by default and bills, is said explicitly."""
    serving.has_resource_properties(
        "AWS::SageMaker::EndpointConfig",
        {
            "MetricsConfig": {
                "EnableDetailedObservability": False,
                "EnableEnhancedMetrics": False,
                "MetricPublishFrequencyInSeconds": 60,
            }
        },
    )


def test_capture_goes_encrypted_to_our_bucket_as_text(serving: Template) -> None:
    """Inputs and outputs are captured, encrypted with our key, JSON as JSON and not in BASE64."""
    serving.has_resource_properties(
        "AWS::SageMaker::EndpointConfig",
        {
            "DataCaptureConfig": {
                "EnableCapture": True,
                "InitialSamplingPercentage": 20,
                "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                "CaptureContentTypeHeader": Match.object_like(
                    {"JsonContentTypes": ["application/json", "application/jsonlines"]}
                ),
                "DestinationS3Uri": Match.any_value(),
                "KmsKeyId": Match.any_value(),
            },
            # g5 has local NVMe storage, for which SageMaker refuses a volume key.
            "KmsKeyId": Match.absent(),
        },
    )
    serving.has_resource_properties(
        "AWS::S3::Bucket",
        {
            "BucketEncryption": Match.any_value(),
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "LifecycleConfiguration": Match.any_value(),
        },
    )


def test_there_is_an_alarm_for_every_signal(serving: Template) -> None:
    """Ten alarms, each telling one topic when it fires and the same when it is over."""
    alarms = [resource["Properties"] for resource in serving.find_resources("AWS::CloudWatch::Alarm").values()]
    assert sorted(alarm["AlarmName"].rsplit("/")[-1] for alarm in alarms) == sorted(
        ["errors", "latency", "overhead", "silence", "gpu-idle", "gpu", "gpu-memory", "cpu", "memory", "disk"]
    )
    for alarm in alarms:
        assert len(alarm["AlarmActions"]) == 1
        assert alarm["OKActions"] == alarm["AlarmActions"]
        assert "InsufficientDataActions" not in alarm


def test_latency_objective_is_in_microseconds(serving: Template) -> None:
    """200 ms become a threshold of 200,000: ModelLatency counts microseconds."""
    alarm = _alarm(serving, "latency")
    assert (alarm["MetricName"], alarm["ExtendedStatistic"], alarm["Threshold"]) == ("ModelLatency", "p99", 200_000)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert "Metrics" not in alarm  # a label would make it a math alarm, whose notification has another shape


def test_errors_follow_the_availability_objective(serving: Template) -> None:
    """99.9 % promised: the alarm fires at 14.4 times the budget of 0.1 %, and never on a single failure in a minute."""
    alarm = _alarm(serving, "errors")
    (expression,) = (query for query in alarm["Metrics"] if query["ReturnData"])
    assert alarm["Threshold"] == pytest.approx(0.0144)
    assert expression["Expression"] == (
        "IF(IF(m5xx > failed - m4xx, m5xx, failed - m4xx) >= 2, IF(m5xx > failed - m4xx, m5xx, failed - m4xx) / requests, 0)"
    )
    assert {query["MetricStat"]["Metric"]["MetricName"] for query in alarm["Metrics"] if "MetricStat" in query} == {
        "Invocations",
        "Invocation4XXErrors",
        "Invocation5XXErrors",
        "InvocationModelErrors",
    }


def test_silence_is_missing_data(serving: Template) -> None:
    """Without traffic there is no datapoint at all; a new endpoint has an hour to get its first request."""
    alarm = _alarm(serving, "silence")
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"], alarm["Period"]) == (15, 15, 60)
    assert alarm["WarmUpConfiguration"]["WarmUpPeriodDurationInMinutes"] == 60


@pytest.mark.parametrize(("signal", "expression"), [("gpu", "raw / 1"), ("gpu-memory", "raw / 1"), ("cpu", "raw / 8")])
def test_hardware_is_divided_by_its_count(serving: Template, signal: str, expression: str) -> None:
    """An ml.g5.2xlarge has 1 GPU and 8 cores, over which SageMaker adds up: 100 has to mean full."""
    (query,) = (query for query in _alarm(serving, signal)["Metrics"] if query["ReturnData"])
    assert query["Expression"] == expression


def test_page_context_travels_as_tags(serving: Template) -> None:
    """Owner, runbook, dashboard and objective are on the alarm, where the enricher looks them up."""
    tags = {tag["Key"]: tag["Value"] for tag in _alarm(serving, "errors")["Tags"]}
    assert tags["endpointwatch:endpoint"] == "ranker"
    assert tags["endpointwatch:severity"] == "critical"
    assert tags["endpointwatch:dashboard"] == "endpointwatch-prod-ranker-AllTraffic"
    assert tags["team"] == "ml-platform"
    assert tags["runbook"].startswith("https://")
    assert tags["endpointwatch:objective"] == "99.9 percent of requests answered without a failure"
    assert (tags["endpointwatch:objective-value"], tags["endpointwatch:unit"]) == ("0.001", "share")
    assert (tags["endpointwatch:gpus"], tags["endpointwatch:vcpus"]) == ("1", "8")


def test_dashboard_shows_every_alarm_and_divides_too(serving: Template) -> None:
    """The dashboard lists all alarms; its ids are unique within each graph, as CloudWatch demands."""
    (dashboard,) = serving.find_resources("AWS::CloudWatch::Dashboard").values()
    _, parts = dashboard["Properties"]["DashboardBody"]["Fn::Join"]
    body = json.loads("".join(part if isinstance(part, str) else part["Ref"].replace("::", "-") for part in parts))
    (alarms,) = (widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm")
    assert len(alarms) == 10
    graphs = [widget["properties"]["metrics"] for widget in body["widgets"] if widget["type"] == "metric"]
    assert len(graphs) == 6
    for rows in graphs:
        ids = [row[-1]["id"] for row in rows if "id" in row[-1]]
        assert len(ids) == len(set(ids))


def test_what_is_captured_outlives_the_stack_in_prod(template: Templates) -> None:
    """Captured data and its key outlive the stack in prod, and go with it in dev."""
    for environment, policy in (("prod", "Retain"), ("dev", "Delete")):
        stack = template("Serving", environment).to_json()
        kept = sorted(
            (resource["Type"], resource["DeletionPolicy"])
            for resource in stack["Resources"].values()
            if resource["Type"] in {"AWS::S3::Bucket", "AWS::KMS::Key"}
        )
        assert kept == [("AWS::KMS::Key", policy), ("AWS::S3::Bucket", policy)]


def test_role_reads_its_image_and_nothing_else(serving: Template) -> None:
    """The container pulls from one repository, writes captures below one prefix, and cannot read them."""
    (policy,) = serving.find_resources("AWS::IAM::Policy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    actions = {
        action for s in statements for action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    }
    assert "s3:PutObject" in actions
    assert not {
        action for action in actions if action.startswith(("s3:Get", "s3:List", "s3:Delete", "sagemaker:", "iam:"))
    }
