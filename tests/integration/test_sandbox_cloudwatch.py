"""CloudWatch of the sandbox as its clients see it: ministack in a process of its own, boto3 against it."""

import io
import json
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.clock import Clock
from tests.integration.embedded_aws import Aws, embedded_aws, eventually

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

SPEED = 60
NAMESPACE = "AWS/SageMaker"
RANKER: list[Any] = [{"Name": "EndpointName", "Value": "ranker"}, {"Name": "VariantName", "Value": "AllTraffic"}]
OTHER: list[Any] = [{"Name": "EndpointName", "Value": "other"}, {"Name": "VariantName", "Value": "AllTraffic"}]


class Sandbox:
    """A running sandbox: its address, its clients and its clock."""

    def __init__(self, aws: Aws) -> None:
        self.url = aws.url
        self.client = aws.client
        shown = datetime.fromisoformat(aws.page("health")["now"]).timestamp()
        self._clock = Clock.from_reading(now=shown, wall=time.time(), speed=SPEED)

    @property
    def now(self) -> datetime:
        """Sandbox time."""
        return self._clock.now_utc()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An embedded AWS at speed 60, in a process of its own."""
    with embedded_aws(speed=SPEED) as aws:
        yield Sandbox(aws)


@pytest.fixture(scope="module")
def cloudwatch(sandbox: Sandbox) -> "CloudWatchClient":
    """A client of it."""
    client: CloudWatchClient = sandbox.client("cloudwatch")
    return client


def put(client: "CloudWatchClient", name: str, value: float, at: datetime, dimensions: list[Any] = RANKER) -> None:
    """Publish one value."""
    client.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[{"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": at, "Unit": "Count"}],
    )


def topic_with_queue(sandbox: Sandbox, name: str) -> tuple[str, Callable[[], list[dict[str, Any]]]]:
    """A topic, and a function that gives the messages it delivered since the last call."""
    sns, sqs = sandbox.client("sns"), sandbox.client("sqs")
    topic = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def received() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    return topic, received


def test_alarm_goes_through_its_states_and_tells_the_topic(sandbox: Sandbox, cloudwatch: "CloudWatchClient") -> None:
    """Two of three breaching minutes of exactly its dimensions raise an alarm, good ones end it; SNS hears of both."""
    topic, received = topic_with_queue(sandbox, "critical")
    cloudwatch.put_metric_alarm(
        AlarmName="ranker/AllTraffic/errors",
        AlarmDescription="Errors",
        Namespace=NAMESPACE,
        MetricName="Invocation5XXErrors",
        Dimensions=RANKER,
        Statistic="Average",
        Period=60,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        Threshold=0.01,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic],
        OKActions=[topic],
        Tags=[{"Key": "team", "Value": "ml-platform"}],
    )

    def publish_until(state: str, ranker: float, other: float) -> list[dict[str, Any]]:
        def step() -> list[dict[str, Any]]:
            put(cloudwatch, "Invocation5XXErrors", ranker, sandbox.now)
            put(cloudwatch, "Invocation5XXErrors", other, sandbox.now, OTHER)
            time.sleep(0.2)
            return [m for m in received() if json.loads(m["Message"])["NewStateValue"] == state]

        return eventually(step)

    first = publish_until("OK", 0.0, 1.0)
    assert json.loads(first[0]["Message"])["OldStateValue"] == "INSUFFICIENT_DATA"
    [raised] = publish_until("ALARM", 0.5, 0.0)
    message = json.loads(raised["Message"])
    assert raised["Subject"] == 'ALARM: "ranker/AllTraffic/errors" in US East (N. Virginia)'
    # Not the whole sentence: on a busy machine a sandbox minute may pass without a sample.
    assert "were greater than the threshold (0.01)" in message["NewStateReason"]
    assert message["Trigger"] == {
        "MetricName": "Invocation5XXErrors",
        "Namespace": NAMESPACE,
        "StatisticType": "Statistic",
        "Statistic": "AVERAGE",
        "Unit": None,
        "Dimensions": [{"name": item["Name"], "value": item["Value"]} for item in RANKER],
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.01,
        "TreatMissingData": "notBreaching",
        "EvaluateLowSampleCountPercentile": "",
    }
    [alarm] = cloudwatch.describe_alarms(AlarmNames=["ranker/AllTraffic/errors"])["MetricAlarms"]
    changed = alarm["StateTransitionedTimestamp"]
    assert alarm["StateValue"] == "ALARM"
    assert message["StateChangeTime"] == f"{changed:%Y-%m-%dT%H:%M}:00.000+0000"
    assert sandbox.now - changed < timedelta(minutes=30)
    assert sandbox.now - datetime.now(UTC) > timedelta(minutes=1)
    assert json.loads(alarm["StateReasonData"])["threshold"] == 0.01
    assert cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"] == [
        {"Key": "team", "Value": "ml-platform"}
    ]
    [resolved] = publish_until("OK", 0.0, 1.0)
    assert "not greater than the threshold (0.01)" in json.loads(resolved["Message"])["NewStateReason"]
    history = cloudwatch.describe_alarm_history(
        AlarmName="ranker/AllTraffic/errors", HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history] == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]


def test_math_alarm_fires(sandbox: Sandbox, cloudwatch: "CloudWatchClient") -> None:
    """An alarm on an expression is evaluated, and its message carries Metrics instead of one metric."""
    topic, received = topic_with_queue(sandbox, "math")
    stat: dict[str, Any] = {"Metric": {"Namespace": NAMESPACE, "Dimensions": RANKER}, "Period": 60, "Stat": "Sum"}

    def metric(name: str) -> Any:
        return {**stat, "Metric": {**stat["Metric"], "MetricName": name}}

    cloudwatch.put_metric_alarm(
        AlarmName="burn",
        Metrics=[
            {"Id": "rate", "Expression": "IF(calls > 5, errors / calls, 0)", "Label": "rate", "ReturnData": True},
            {"Id": "errors", "MetricStat": metric("BurnErrors"), "ReturnData": False},
            {"Id": "calls", "MetricStat": metric("BurnCalls"), "ReturnData": False},
        ],
        EvaluationPeriods=1,
        Threshold=0.5,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    minute = sandbox.now.replace(second=0, microsecond=0)
    for ahead in range(10):
        put(cloudwatch, "BurnErrors", 9, minute + timedelta(minutes=ahead))
        put(cloudwatch, "BurnCalls", 10, minute + timedelta(minutes=ahead))
    message = json.loads(eventually(received)[0]["Message"])
    assert message["NewStateValue"] == "ALARM"
    assert "[0.9 (" in message["NewStateReason"]
    assert "MetricName" not in message["Trigger"]
    assert message["Trigger"]["Metrics"][0] == {
        "Expression": "IF(calls > 5, errors / calls, 0)",
        "Id": "rate",
        "Label": "rate",
        "ReturnData": True,
    }


def test_composite_waits_for_its_suppressor(sandbox: Sandbox, cloudwatch: "CloudWatchClient") -> None:
    """A composite follows its children at once; its actions wait in sandbox time, and it names what triggered it."""
    topic, received = topic_with_queue(sandbox, "composite")
    for name in ("child", "deployment"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="None",
            MetricName=name,
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="set by the test")
    cloudwatch.put_composite_alarm(
        AlarmName="service",
        AlarmRule='ALARM("child")',
        ActionsSuppressor="deployment",
        ActionsSuppressorWaitPeriod=180,
        ActionsSuppressorExtensionPeriod=60,
        AlarmActions=[topic],
        Tags=[{"Key": "team", "Value": "ml-platform"}],
    )
    cloudwatch.set_alarm_state(AlarmName="child", StateValue="ALARM", StateReason="set by the test")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=["service"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert (alarm["StateValue"], alarm["ActionsSuppressedBy"]) == ("ALARM", "WaitPeriod")
    [envelope] = eventually(received)
    message = json.loads(envelope["Message"])
    waited = datetime.fromisoformat(message["StateChangeTime"]) - alarm["StateTransitionedTimestamp"]
    assert timedelta(seconds=179) < waited < timedelta(seconds=181)
    assert "Trigger" not in message
    assert message["AlarmRule"] == 'ALARM("child")'
    assert [child["State"]["Value"] for child in message["TriggeringChildren"]] == ["ALARM"]
    children = cloudwatch.describe_alarms(ChildrenOfAlarmName="service")["MetricAlarms"]
    assert [child["AlarmName"] for child in children] == ["child"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"][0]["Key"] == "team"


FUNCTION = """
import json, os, boto3

def handler(event, context):
    queue = boto3.client("sqs", endpoint_url=os.environ["SANDBOX"])
    queue.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""


def test_event_bus_and_direct_lambda_action(sandbox: Sandbox, cloudwatch: "CloudWatchClient") -> None:
    """A transition reaches a rule on the default bus and a function that is the alarm's action, in sandbox time."""
    sqs, events = sandbox.client("sqs"), sandbox.client("events")
    queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("from-bus", "from-function")}
    events.put_rule(Name="alarms", EventPattern=json.dumps({"source": ["aws.cloudwatch"]}))
    arn = sqs.get_queue_attributes(QueueUrl=queues["from-bus"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_targets(Rule="alarms", Targets=[{"Id": "queue", "Arn": arn}])
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", FUNCTION)
    function = sandbox.client("lambda").create_function(
        FunctionName="direct",
        Runtime="python3.11",
        Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/direct",
        Code={"ZipFile": package.getvalue()},
        Timeout=30,
        Environment={"Variables": {"QUEUE": queues["from-function"], "SANDBOX": sandbox.url}},
    )["FunctionArn"]
    cloudwatch.put_metric_alarm(
        AlarmName="direct",
        Namespace=NAMESPACE,
        MetricName="Nothing",
        Dimensions=RANKER,
        ExtendedStatistic="p99",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
        AlarmActions=[function],
    )
    cloudwatch.set_alarm_state(AlarmName="direct", StateValue="ALARM", StateReason="set by the test")

    def body(name: str) -> Callable[[], dict[str, Any] | None]:
        def receive() -> dict[str, Any] | None:
            for message in sqs.receive_message(QueueUrl=queues[name], MaxNumberOfMessages=10).get("Messages", []):
                found: dict[str, Any] = json.loads(message["Body"])
                if "direct" in (found.get("detail") or found["alarmData"])["alarmName"]:
                    return found
            return None

        return receive

    event = eventually(body("from-bus"))
    payload = eventually(body("from-function"), within=40)
    assert event is not None
    assert payload is not None
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"] == payload["alarmData"]
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["detail"]["configuration"]["metrics"][0]["metricStat"]["stat"] == "p99"
    assert abs(datetime.fromisoformat(event["time"]) - datetime.fromisoformat(payload["time"])) < timedelta(seconds=1)
    assert payload["source"] == "aws.cloudwatch"


def test_get_metric_data_evaluates_expressions(sandbox: Sandbox, cloudwatch: "CloudWatchClient") -> None:
    """Metrics keep their dimensions apart, and expressions are computed from them, in the order asked for."""
    minute = sandbox.now.replace(second=0, microsecond=0) - timedelta(minutes=30)
    for index, latency in enumerate([100.0, 200.0, 300.0]):
        put(cloudwatch, "Latency", latency, minute + timedelta(minutes=index))
        put(cloudwatch, "Latency", 9e9, minute + timedelta(minutes=index), OTHER)
    metric: Any = {"Namespace": NAMESPACE, "MetricName": "Latency", "Dimensions": RANKER}
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p99"}, "ReturnData": False},
            {"Id": "e", "Expression": "m / 1000", "Label": "milliseconds"},
        ],
        StartTime=minute,
        EndTime=minute + timedelta(minutes=5),
        ScanBy="TimestampAscending",
    )
    [result] = answer["MetricDataResults"]
    assert result["Values"] == [0.1, 0.2, 0.3]
    assert result["Timestamps"][0] == minute
    assert result["Label"] == "milliseconds"
    statistics = cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName="Latency",
        Dimensions=RANKER,
        StartTime=minute,
        EndTime=minute + timedelta(minutes=5),
        Period=300,
        Statistics=["Maximum"],
        ExtendedStatistics=["p50"],
    )["Datapoints"]
    assert max(point["Maximum"] for point in statistics) == 300.0


def test_refuses_what_it_does_not_do_by_name(cloudwatch: "CloudWatchClient") -> None:
    """An expression beyond the supported subset is refused with the alarm's name and the function's."""
    with pytest.raises(cloudwatch.exceptions.ClientError, match=r"alarm 'odd'.*an alarm takes no SEARCH"):
        cloudwatch.put_metric_alarm(
            AlarmName="odd",
            Metrics=[{"Id": "e", "Expression": "SEARCH('x', 'Sum', 60)"}],
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )


def test_widget_image_is_a_png_of_the_size_asked_for(sandbox: Sandbox, cloudwatch: "CloudWatchClient") -> None:
    """A widget with an expression, a threshold and a moment becomes a PNG of its width and height."""
    widget = {
        "metrics": [
            [NAMESPACE, "Latency", "EndpointName", "ranker", "VariantName", "AllTraffic", {"id": "m", "stat": "p99"}],
            ["...", "other", ".", "."],
            [{"expression": "m / 1000", "label": "ms", "yAxis": "right"}],
        ],
        "width": 600,
        "height": 300,
        "period": 60,
        "start": "-PT1H",
        "annotations": {
            "horizontal": [{"value": 250, "label": "objective", "fill": "above"}],
            "vertical": [{"value": (sandbox.now - timedelta(minutes=20)).isoformat(), "label": "deployed"}],
        },
    }
    image = cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(widget))["MetricWidgetImage"]
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", image[16:24]) == (600, 300)


def test_templates_create_update_and_delete_alarms(sandbox: Sandbox, cloudwatch: "CloudWatchClient") -> None:
    """CloudFormation creates alarms of both types with their tags, updates them in place and deletes them in order."""
    template: dict[str, Any] = {
        "Resources": {
            "Child": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "Metrics": [
                        {"Id": "e", "Expression": "m * 2"},
                        {
                            "Id": "m",
                            "ReturnData": False,
                            "MetricStat": {
                                "Metric": {"Namespace": "N", "MetricName": "M"},
                                "Period": "60",
                                "Stat": "Sum",
                            },
                        },
                    ],
                    "EvaluationPeriods": 3,
                    "Threshold": "5",
                    "ComparisonOperator": "GreaterThanThreshold",
                    "Tags": [{"Key": "team", "Value": "ml-platform"}],
                },
            },
            "Parent": {
                "Type": "AWS::CloudWatch::CompositeAlarm",
                "Properties": {"AlarmName": "parent", "AlarmRule": {"Fn::Sub": 'ALARM("${Child}") OR FALSE'}},
            },
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Parent", "Arn"]}}, "Name": {"Value": {"Ref": "Child"}}},
    }
    formation = sandbox.client("cloudformation")
    formation.create_stack(StackName="alarms", TemplateBody=json.dumps(template))
    formation.get_waiter("stack_create_complete").wait(StackName="alarms", WaiterConfig={"Delay": 1})
    outputs = {
        item["OutputKey"]: item["OutputValue"]
        for item in formation.describe_stacks(StackName="alarms")["Stacks"][0]["Outputs"]
    }
    assert outputs["Arn"] == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:parent"
    [child] = cloudwatch.describe_alarms(AlarmNames=[outputs["Name"]])["MetricAlarms"]
    assert (child["Threshold"], child["Metrics"][1]["MetricStat"]["Period"]) == (5.0, 60)
    assert cloudwatch.list_tags_for_resource(ResourceARN=child["AlarmArn"])["Tags"][0]["Value"] == "ml-platform"
    template["Resources"]["Child"]["Properties"]["Threshold"] = 7
    formation.update_stack(StackName="alarms", TemplateBody=json.dumps(template))
    formation.get_waiter("stack_update_complete").wait(StackName="alarms", WaiterConfig={"Delay": 1})
    [child] = cloudwatch.describe_alarms(AlarmNames=[outputs["Name"]])["MetricAlarms"]
    assert child["Threshold"] == 7.0
    formation.delete_stack(StackName="alarms")
    formation.get_waiter("stack_delete_complete").wait(StackName="alarms", WaiterConfig={"Delay": 1})
    assert not cloudwatch.describe_alarms(AlarmNames=[outputs["Name"]])["MetricAlarms"]


def test_warm_up_delays_evaluation(sandbox: Sandbox, cloudwatch: "CloudWatchClient") -> None:
    """Of two new alarms on silence, one without data fires after its warm-up, one with data is evaluated before."""
    silence: dict[str, Any] = {
        "Namespace": NAMESPACE,
        "Dimensions": RANKER,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 2,
        "Threshold": 1,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
    }
    silent = {"AlarmName": "silent", "MetricName": "NeverInvoked"}
    warm_up = {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": "4"}}
    template = {"Resources": {"Silent": {"Type": "AWS::CloudWatch::Alarm", "Properties": silence | silent | warm_up}}}
    sandbox.client("cloudformation").create_stack(StackName="warm-up", TemplateBody=json.dumps(template))
    cloudwatch.put_metric_alarm(
        AlarmName="called",
        MetricName="Invoked",
        WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 2880},
        **silence,
    )
    first = sandbox.now.replace(second=0, microsecond=0) + timedelta(minutes=2)
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {"MetricName": "Invoked", "Dimensions": RANKER, "Value": 1, "Timestamp": first + timedelta(minutes=ahead)}
            for ahead in range(60)
        ],
    )

    def alarm(name: str) -> Any:
        return next(iter(cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]), None)

    fresh = eventually(lambda: alarm("silent"))
    assert (fresh["StateValue"], fresh["EvaluationState"]) == ("INSUFFICIENT_DATA", "IN_WARM_UP")
    assert fresh["WarmUpConfiguration"] == {"WarmUpPeriodDurationInMinutes": 4}
    eventually(lambda: alarm("called")["StateValue"] == "OK" and alarm("silent")["StateValue"] == "ALARM")
    called, silent_now = alarm("called"), alarm("silent")
    assert called["StateTransitionedTimestamp"] - first >= timedelta(minutes=2)
    waited = silent_now["StateTransitionedTimestamp"] - silent_now["AlarmConfigurationUpdatedTimestamp"]
    assert timedelta(minutes=4) <= waited < timedelta(minutes=5)
    assert "EvaluationState" not in called
    assert "EvaluationState" not in silent_now
