"""Schedules, CloudTrail and scaling in the embedded AWS, at sixty sandbox seconds a second."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.embedded_aws import Aws, embedded_aws, eventually

TRANSFORMED = {
    "InputPathsMap": {"at": "$.time"},
    "InputTemplate": '{"endpointwatch": "heartbeat", "at": <at>, "ingested": <aws.events.event.ingestion-time>}',
}


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """One for the module."""
    with embedded_aws(speed=60) as running:
        yield running


def topic_into_queue(aws: Aws, name: str) -> tuple[str, str]:
    """ARN of a topic, and URL of the queue that it feeds."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, url


def messages(aws: Aws, url: str, count: int, *, within: float) -> list[Any]:
    """So many messages that a topic put on a queue."""
    found: list[Any] = []

    def look() -> bool:
        received = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        found.extend(json.loads(json.loads(message["Body"])["Message"]) for message in received)
        return len(found) >= count

    eventually(look, within=within)
    return found


def sandbox_now(aws: Aws) -> datetime:
    """The sandbox's time."""
    return datetime.fromisoformat(aws.page("health")["now"])


def test_a_rule_fires_every_five_sandbox_minutes_at_a_topic_with_a_transformed_input(aws: Aws) -> None:
    """At speed 60 a rate of five minutes is five seconds; the message carries sandbox time, twice."""
    topic, url = topic_into_queue(aws, "heartbeats")
    events = aws.client("events")
    events.put_rule(Name="heartbeat", ScheduleExpression="rate(5 minutes)")
    events.put_targets(Rule="heartbeat", Targets=[{"Id": "1", "Arn": topic, "InputTransformer": TRANSFORMED}])
    first, second = messages(aws, url, 2, within=14)[:2]
    assert first["endpointwatch"] == "heartbeat"
    apart = datetime.fromisoformat(second["at"]) - datetime.fromisoformat(first["at"])
    assert timedelta(minutes=5) <= apart <= timedelta(minutes=6)
    for field in ("at", "ingested"):
        assert abs(sandbox_now(aws) - datetime.fromisoformat(second[field])) < timedelta(minutes=5)
    events.remove_targets(Rule="heartbeat", Ids=["1"])


def test_a_schedule_of_the_scheduler_follows_the_sandboxs_clock_too(aws: Aws) -> None:
    """A schedule every two minutes fires within a few seconds, and its input says for when it was scheduled."""
    topic, url = topic_into_queue(aws, "scheduled")
    aws.client("scheduler").create_schedule(
        Name="heartbeat",
        ScheduleExpression="rate(2 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": topic,
            "RoleArn": "arn:aws:iam::000000000000:role/r",
            "Input": '{"endpointwatch": "heartbeat", "at": "<aws.scheduler.scheduled-time>"}',
        },
    )
    first, second = messages(aws, url, 2, within=8)[:2]
    assert first["endpointwatch"] == "heartbeat"
    apart = datetime.fromisoformat(second["at"]) - datetime.fromisoformat(first["at"])
    assert timedelta(minutes=2) <= apart <= timedelta(minutes=3)
    assert abs(sandbox_now(aws) - datetime.fromisoformat(second["at"])) < timedelta(minutes=5)


def test_calls_that_changed_an_endpoint_are_in_the_trail(aws: Aws) -> None:
    """LookupEvents names who did what to which config, in sandbox time, and no reading call."""
    sagemaker, trail = aws.client("sagemaker"), aws.client("cloudtrail")
    role = "arn:aws:iam::000000000000:role/model"
    sagemaker.create_model(ModelName="m", PrimaryContainer={"Image": "endpointwatch/magika"}, ExecutionRoleArn=role)
    variant = {"VariantName": "A", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="ranker-7", ProductionVariants=[variant])
    sagemaker.describe_endpoint_config(EndpointConfigName="ranker-7")
    time.sleep(0.1)
    found = trail.lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "ranker-7"}],
        StartTime=sandbox_now(aws) - timedelta(minutes=30),
        EndTime=sandbox_now(aws) + timedelta(minutes=1),
    )["Events"]
    (event,) = found
    assert (event["EventName"], event["EventSource"], event["Username"]) == (
        "CreateEndpointConfig",
        "sagemaker.amazonaws.com",
        "test",
    )
    assert event["Resources"] == [{"ResourceType": "AWS::SageMaker::EndpointConfig", "ResourceName": "ranker-7"}]
    assert abs(sandbox_now(aws) - event["EventTime"].astimezone(UTC)) < timedelta(minutes=5)
    told = json.loads(event["CloudTrailEvent"])
    assert told["requestParameters"]["endpointConfigName"] == "ranker-7"
    assert told["requestParameters"]["productionVariants"][0]["modelName"] == "m"


def test_nothing_scales(aws: Aws) -> None:
    """Whoever asks for scaling activities gets an empty list."""
    scaling = aws.client("application-autoscaling")
    asked = {"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/ranker/variant/AllTraffic"}
    assert scaling.describe_scaling_activities(**asked)["ScalingActivities"] == []
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_a_datapoint_without_a_time_gets_the_sandboxs(aws: Aws) -> None:
    """What a function publishes is found where alarms look: at sandbox time."""
    cloudwatch = aws.client("cloudwatch")
    dimensions = [{"Name": "Sink", "Value": "slack"}]
    cloudwatch.put_metric_data(
        Namespace="endpointwatch", MetricData=[{"MetricName": "Heartbeats", "Dimensions": dimensions, "Value": 1.0}]
    )
    now = sandbox_now(aws)
    (point,) = cloudwatch.get_metric_statistics(
        Namespace="endpointwatch",
        MetricName="Heartbeats",
        Dimensions=dimensions,
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=5),
        Period=900,
        Statistics=["Sum"],
    )["Datapoints"]
    assert point["Sum"] == 1


def test_a_stack_can_mute_alarms(aws: Aws) -> None:
    """A mute rule of a template is there for boto3, with its own ARN, and is gone with its stack."""
    schedule = {"Expression": "cron(0 2 * * SUN)", "Duration": "PT4H", "Timezone": "Europe/Berlin"}
    template = {
        "Resources": {
            "Rule": {
                "Type": "AWS::CloudWatch::AlarmMuteRule",
                "Properties": {"Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["ranker/errors"]}},
            }
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Rule", "Arn"]}}},
    }
    cloudformation, cloudwatch = aws.client("cloudformation"), aws.client("cloudwatch")
    cloudformation.create_stack(StackName="maintenance", TemplateBody=json.dumps(template))

    def created() -> Any:
        (stack,) = cloudformation.describe_stacks(StackName="maintenance")["Stacks"]
        return stack if stack["StackStatus"] == "CREATE_COMPLETE" else None

    arn = eventually(created)["Outputs"][0]["OutputValue"]
    (summary,) = cloudwatch.list_alarm_mute_rules(AlarmName="ranker/errors")["AlarmMuteRuleSummaries"]
    assert (summary["AlarmMuteRuleArn"], summary["MuteType"]) == (arn, "RECURRING")
    rule = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=arn.partition("alarm-mute-rule:")[2])
    assert rule["Rule"]["Schedule"] == schedule
    cloudformation.delete_stack(StackName="maintenance")
    eventually(lambda: not cloudwatch.list_alarm_mute_rules()["AlarmMuteRuleSummaries"])
