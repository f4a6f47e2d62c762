"""SageMaker in the embedded AWS: real containers, invoked through the APIs that a client uses."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.environment import client_environment
from tests.integration.embedded_aws import NEEDS_PROC, Aws, children, embedded_aws, eventually

SPEED = 60
PYTHON = b"import os\n\n\ndef main() -> None:\n    print(os.getcwd())\n\n\nif __name__ == '__main__':\n    main()\n"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000040000000400806000000aa6971de") + bytes(range(200))
DIMENSIONS = [{"Name": "EndpointName", "Value": "ranker"}, {"Name": "VariantName", "Value": "AllTraffic"}]
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/endpointwatch/magika:1"
ROLE = "arn:aws:iam::000000000000:role/model"


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """An embedded AWS with the endpoint `ranker` in service; its model fails above 1000 bytes under config `v2`."""
    with embedded_aws(speed=SPEED) as running:
        running.client("s3").create_bucket(Bucket="captured")
        create_config(running, "v1", {})
        create_config(running, "v2", {"MAX_INPUT_BYTES": "50"})
        running.client("sagemaker").create_endpoint(EndpointName="ranker", EndpointConfigName="v1")
        settled(running, "ranker")
        yield running


def create_config(aws: Aws, name: str, environment: dict[str, str], *, image: str = IMAGE) -> None:
    """Create a model and an endpoint config of that name, one variant on four declared GPUs, everything captured."""
    sagemaker = aws.client("sagemaker")
    container = {"Image": image, "Environment": environment}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": name,
                "InstanceType": "ml.g5.12xlarge",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": 1,
            }
        ],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": "s3://captured/raw",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        },
    )


def settled(aws: Aws, endpoint: str) -> dict[str, Any]:
    """The endpoint's description once it is in service or failed."""

    def look() -> dict[str, Any] | None:
        described: dict[str, Any] = aws.client("sagemaker").describe_endpoint(EndpointName=endpoint)
        return described if described["EndpointStatus"] in {"InService", "Failed"} else None

    return eventually(look, within=60)


def invoke(aws: Aws, body: bytes, endpoint: str = "ranker") -> dict[str, Any]:
    """The model's answer, and the variant that gave it."""
    answer = aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, Body=body, ContentType="application/octet-stream"
    )
    return {**json.loads(answer["Body"].read()), "variant": answer["InvokedProductionVariant"]}


def switch(aws: Aws, config: str) -> dict[str, Any]:
    """Update `ranker` to the config and return its description afterwards."""
    aws.client("sagemaker").update_endpoint(EndpointName="ranker", EndpointConfigName=config)
    return settled(aws, "ranker")


def total(aws: Aws, namespace: str, name: str, statistic: str = "Sum") -> float | None:
    """A metric of `ranker` over half a day."""
    now = datetime.fromisoformat(aws.page("health")["now"])
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": DIMENSIONS}
    answer = aws.client("cloudwatch").get_metric_data(
        StartTime=now - timedelta(hours=12),
        EndTime=now + timedelta(hours=1),
        MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": metric, "Period": 86400, "Stat": statistic}}],
    )
    values = answer["MetricDataResults"][0]["Values"]
    return sum(values) if values else None


def test_a_python_source_and_a_png_header_are_recognized(aws: Aws) -> None:
    """InvokeEndpoint answers what the real model says, and which variant it was."""
    source = invoke(aws, PYTHON)
    assert (source["label"], source["group"], source["variant"]) == ("python", "code", "AllTraffic")
    assert source["score"] > 0.9
    assert invoke(aws, PNG)["label"] == "png"


def test_an_invocation_needs_no_signature(aws: Aws) -> None:
    """What `curl --data-binary @file URL/endpoints/ranker/invocations` sends is answered as any other invocation."""
    request = Request(f"{aws.url}/endpoints/ranker/invocations", data=PYTHON, method="POST")
    with urlopen(request, timeout=10) as response:
        assert response.headers["x-Amzn-Invoked-Production-Variant"] == "AllTraffic"
        assert json.load(response)["label"] == "python"


def test_only_plain_invocations_need_no_signature(aws: Aws) -> None:
    """A bucket named `endpoints` stays reachable: other methods, longer paths, queries and signatures are S3's."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="endpoints")
    key = {"Bucket": "endpoints", "Key": "ranker/invocations"}
    s3.put_object(**key, Body=b"mine")
    url = f"{aws.url}/endpoints/ranker/invocations"
    with urlopen(url, timeout=10) as response:
        assert response.read() == b"mine"
    for upload in (
        s3.create_multipart_upload(**key),
        s3.create_multipart_upload(Bucket="endpoints", Key="ranker/invocations/more"),
    ):
        assert upload["UploadId"]
    presigned = s3.generate_presigned_url("create_multipart_upload", Params=key)
    with urlopen(Request(presigned, data=b"", method="POST"), timeout=10) as response:
        assert b"<UploadId>" in response.read()


def test_every_invocation_is_counted_and_timed(aws: Aws) -> None:
    """One request adds one to Invocations; ModelLatency is in microseconds: a pass costs 0.1 ms to 1 s."""
    before = total(aws, "AWS/SageMaker", "Invocations") or 0
    invoke(aws, PYTHON)
    assert total(aws, "AWS/SageMaker", "Invocations") == before + 1
    latency = total(aws, "AWS/SageMaker", "ModelLatency", "Minimum")
    assert latency is not None
    assert 100 < latency < 1_000_000
    overhead = total(aws, "AWS/SageMaker", "OverheadLatency", "Minimum")
    assert overhead is not None
    assert 0 < overhead < 1_000_000


@NEEDS_PROC
def test_instances_report_utilization_each_sandbox_minute(aws: Aws) -> None:
    """CPU and memory are measured; GPU metrics go to 100 times the four GPUs of an ml.g5.12xlarge."""
    invoke(aws, PYTHON)
    namespace = "/aws/sagemaker/Endpoints"
    for name in ("CPUUtilization", "MemoryUtilization", "DiskUtilization", "GPUUtilization"):
        value = eventually(lambda name=name: total(aws, namespace, name, "Maximum"))  # type: ignore[misc]
        assert value > 0, name
    memory = eventually(lambda: total(aws, namespace, "GPUMemoryUtilization", "Minimum"))
    assert 4 * 30 <= memory <= 4 * 100


def test_a_failing_model_is_a_model_error_with_metrics_and_logs(aws: Aws) -> None:
    """Under v2 a large input is ModelError 424 with the original status, counted as 5XX, its traceback in Logs."""
    try:
        assert switch(aws, "v2")["EndpointConfigName"] == "v2"
        errors = total(aws, "AWS/SageMaker", "Invocation5XXErrors") or 0
        with pytest.raises(ClientError) as raised:
            invoke(aws, PYTHON)
        response: Any = raised.value.response
        assert response["Error"]["Code"] == "ModelError"
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
        assert response["OriginalStatusCode"] == 500
        assert "MAX_INPUT_BYTES=50" in response["OriginalMessage"]
        assert response["LogStreamArn"].endswith(":log-group:/aws/sagemaker/Endpoints/ranker")
        assert total(aws, "AWS/SageMaker", "Invocation5XXErrors") == errors + 1
        assert total(aws, "AWS/SageMaker", "InvocationModelErrors") == errors + 1
        assert total(aws, "AWS/SageMaker", "Invocation4XXErrors") == 0
        events = eventually(lambda: traceback_lines(aws))
        now = datetime.fromisoformat(aws.page("health")["now"]).timestamp()
        assert abs(events[-1]["timestamp"] / 1000 - now) < 10 * SPEED
        assert events[-1]["logStreamName"].startswith("AllTraffic/i-")
    finally:
        assert switch(aws, "v1")["EndpointConfigName"] == "v1"
    assert invoke(aws, PYTHON)["label"] == "python"


def traceback_lines(aws: Aws) -> list[dict[str, Any]]:
    """Log events of `ranker` that hold a ValueError."""
    found: list[dict[str, Any]] = aws.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/Endpoints/ranker", filterPattern="ValueError"
    )["events"]
    return found


def test_an_update_lets_requests_under_way_finish(aws: Aws) -> None:
    """A request that the old container has is answered by it, although traffic has moved on."""
    create_config(aws, "slow", {"MODEL_PASSES": "600"})
    switch(aws, "slow")
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(invoke, aws, PYTHON)
        switch(aws, "v1")
        assert not under_way.done(), "the request must outlive the switch, or nothing is shown"
        assert under_way.result()["label"] == "python"


def test_an_update_that_does_not_come_up_is_rolled_back(aws: Aws) -> None:
    """The old config goes on serving, and the reason names the container's last line."""
    create_config(aws, "broken", {"MODEL_PASSES": "many"})
    described = switch(aws, "broken")
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "v1")
    assert "MODEL_PASSES: 'many' is not a whole number" in described["FailureReason"]
    assert invoke(aws, PYTHON)["label"] == "python"


@NEEDS_PROC
def test_a_container_that_dies_is_started_again(aws: Aws) -> None:
    """Meanwhile invocations are ModelErrors; Logs say what happened."""
    for pid in children(aws.process.pid):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(ClientError) as raised:
        invoke(aws, PYTHON)
    assert raised.value.response["Error"]["Code"] == "ModelError"

    def answers() -> bool:
        with contextlib.suppress(ClientError):
            return bool(invoke(aws, PYTHON)["label"] == "python")
        return False

    eventually(answers)
    logs = aws.client("logs")
    events = logs.filter_log_events(logGroupName="/aws/sagemaker/Endpoints/ranker", filterPattern="started")["events"]
    assert events[-1]["message"] == "the container ended with exit code -9 and is started again"


def test_an_unknown_image_fails_the_endpoint(aws: Aws) -> None:
    """The reason names the image and those that can run."""
    create_config(aws, "other", {}, image="nginx:latest")
    aws.client("sagemaker").create_endpoint(EndpointName="other", EndpointConfigName="other")
    described = settled(aws, "other")
    assert described["EndpointStatus"] == "Failed"
    assert "nginx:latest" in described["FailureReason"]
    assert "endpointwatch/magika" in described["FailureReason"]


def test_transitions_are_events(aws: Aws) -> None:
    """EventBridge sees the states of an endpoint in order, in upper case."""
    sqs, events = aws.client("sqs"), aws.client("events")
    queue = sqs.create_queue(QueueName="transitions")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:*", "Resource": arn}
        ]
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    pattern = {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Endpoint State Change"]}
    events.put_rule(Name="transitions", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="transitions", Targets=[{"Id": "queue", "Arn": arn}])
    switch(aws, "v1")
    seen: list[str] = []

    def collect() -> list[str] | None:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        seen.extend(json.loads(message["Body"])["detail"]["EndpointStatus"] for message in messages)
        return seen if len(seen) >= 2 else None

    assert eventually(collect) == ["UPDATING", "IN_SERVICE"]


def test_captured_requests_lie_in_s3(aws: Aws) -> None:
    """JSON lines under prefix/endpoint/variant/yyyy/mm/dd/hh, BASE64 unless the config lists the content type."""
    invoke(aws, PYTHON)
    s3 = aws.client("s3")
    listed = eventually(lambda: s3.list_objects_v2(Bucket="captured", Prefix="raw/ranker/AllTraffic/").get("Contents"))
    assert len(listed[0]["Key"].split("/")) == 8
    line = json.loads(s3.get_object(Bucket="captured", Key=listed[0]["Key"])["Body"].read().splitlines()[0])
    data = line["captureData"]
    assert (data["endpointInput"]["mode"], data["endpointInput"]["encoding"]) == ("INPUT", "BASE64")
    assert data["endpointOutput"]["encoding"] == "JSON"
    assert "label" in json.loads(data["endpointOutput"]["data"])
    assert line["eventVersion"] == "0"


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code"),
    [
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "absent", "Body": b"x"}, "ValidationError"),
        (
            "sagemaker-runtime",
            "invoke_endpoint",
            {"EndpointName": "ranker", "Body": b"x", "TargetVariant": "absent"},
            "ValidationError",
        ),
        ("sagemaker", "describe_endpoint", {"EndpointName": "absent"}, "ValidationException"),
        (
            "sagemaker",
            "create_endpoint",
            {"EndpointName": "two words", "EndpointConfigName": "v1"},
            "ValidationException",
        ),
        (
            "sagemaker",
            "create_endpoint",
            {"EndpointName": "ranker", "EndpointConfigName": "v1"},
            "ValidationException",
        ),
        ("sagemaker", "list_training_jobs", {}, "NotImplemented"),
    ],
)
def test_wrong_requests_are_refused(
    aws: Aws, service: str, operation: str, arguments: dict[str, Any], code: str
) -> None:
    """Each with the error code of the API that was called."""
    with pytest.raises(ClientError) as raised:
        getattr(aws.client(service), operation)(**arguments)
    assert raised.value.response["Error"]["Code"] == code


def test_too_large_a_request_is_refused(aws: Aws) -> None:
    """25 MiB is the most that a real-time endpoint takes."""
    with pytest.raises(ClientError, match="HTTP content length exceeded 26214400 bytes"):
        invoke(aws, b"x" * (25 * 1024 * 1024 + 1))


def test_the_sagemaker_sdk_invokes_the_endpoint(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """SageMaker's own Python SDK finds and invokes it through AWS_ENDPOINT_URL."""
    for name, value in client_environment(aws.url).items():
        monkeypatch.setenv(name, value)
    resources = pytest.importorskip("sagemaker.core.resources", reason="the SageMaker Python SDK is not installed")
    endpoint = resources.Endpoint.get("ranker")
    assert endpoint.endpoint_status == "InService"
    answer = endpoint.invoke(body=PYTHON, content_type="application/octet-stream")
    assert json.loads(answer.body.read())["label"] == "python"
