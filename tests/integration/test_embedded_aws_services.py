"""What the alert path leans on in the embedded AWS: queues, functions, mail, stacks, and a clean end."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.ports import free_port
from tests.integration.embedded_aws import NEEDS_PROC, ROOT, Aws, alive, children, embedded_aws, eventually

ROLE = "arn:aws:iam::000000000000:role/function"
# Fails the records whose body is "bad", and proves with what it writes that boto3 reaches the embedded AWS.
HANDLER = """
import os, time, boto3
queues = boto3.client("sqs")
def handler(event, context):
    failed = []
    for record in event["Records"]:
        print("got", record["body"], record["attributes"]["ApproximateReceiveCount"])
        if record["body"].startswith("bad"):
            queues.change_message_visibility(
                QueueUrl=os.environ["SOURCE"], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0)
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            queues.send_message(QueueUrl=os.environ["OUT"], MessageBody=f"{record['body']} {time.time()}")
    return {"batchItemFailures": failed}
"""


class Inbox(HTTPServer):
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), InboxHandler)


class InboxHandler(BaseHTTPRequestHandler):
    """Takes every POST."""

    server: Inbox

    def do_POST(self) -> None:
        """Keep the body."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    """A server that takes the e-mail."""
    with Inbox() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def aws(inbox: Inbox) -> Iterator[Aws]:
    """An embedded AWS whose clock runs 20 times faster."""
    with embedded_aws(speed=20, inbox=f"http://127.0.0.1:{inbox.server_address[1]}") as running:
        yield running


def create_queue(aws: Aws, name: str, **attributes: str) -> tuple[str, str]:
    """URL and ARN of a new queue."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def bodies(aws: Aws, url: str) -> list[str]:
    """Bodies of the messages that wait in a queue."""
    messages = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in messages]


@pytest.fixture(scope="module")
def function(aws: Aws) -> tuple[str, str, str]:
    """URLs of the queue that feeds a function, of its dead letters, and of what the function sends."""
    dead, dead_arn = create_queue(aws, "dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3})
    source, source_arn = create_queue(aws, "source", RedrivePolicy=redrive, VisibilityTimeout="60")
    out, _ = create_queue(aws, "out")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("main.py", HANDLER)
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName="taker",
        Runtime="python3.13",
        Handler="main.handler",
        Role=ROLE,
        Timeout=20,
        Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": {"OUT": out, "SOURCE": source}},
    )
    functions.create_event_source_mapping(
        FunctionName="taker",
        EventSourceArn=source_arn,
        BatchSize=10,
        MaximumBatchingWindowInSeconds=0,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    return source, dead, out


def test_a_queue_feeds_a_function_at_once(aws: Aws, function: tuple[str, str, str]) -> None:
    """Once warm, a message is with its function within half a second; the function reaches SQS with boto3."""
    source, _, out = function
    sqs = aws.client("sqs")
    sqs.send_message(QueueUrl=source, MessageBody="warm-up")
    eventually(lambda: bodies(aws, out), within=30)
    sent = time.time()
    sqs.send_message(QueueUrl=source, MessageBody="good")
    name, arrived = eventually(lambda: bodies(aws, out))[0].split()
    assert name == "good"
    assert float(arrived) - sent < 0.5


def test_only_the_failed_record_comes_back_and_ends_as_a_dead_letter(aws: Aws, function: tuple[str, str, str]) -> None:
    """Of a batch, what succeeded is not sent again; what failed is received three times, then dead-lettered."""
    source, dead, out = function
    entries = [{"Id": name, "MessageBody": name} for name in ("bad", "fine")]
    aws.client("sqs").send_message_batch(QueueUrl=source, Entries=entries)
    assert eventually(lambda: bodies(aws, dead), within=30) == ["bad"]
    # The two may have come to the function one by one, and the second of them to a process that was just starting.
    assert [body.split()[0] for body in eventually(lambda: bodies(aws, out))] == ["fine"]
    assert bodies(aws, out) == []


def test_a_functions_output_lands_in_logs_in_sandbox_time(aws: Aws, function: tuple[str, str, str]) -> None:
    """Log events carry the time of the sandbox's clock, like the metrics beside which they are read."""
    logs = aws.client("logs")

    def look() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = logs.filter_log_events(logGroupName="/aws/lambda/taker", filterPattern="logged")[
            "events"
        ]
        return found

    before = eventually(lambda: now if (now := sandbox_time(aws)) > time.time() + 30 else None, within=5)
    aws.client("sqs").send_message(QueueUrl=function[0], MessageBody="logged")
    event = eventually(look)[-1]
    assert before <= event["timestamp"] / 1000 <= sandbox_time(aws)


LOGS = "/aws/sagemaker/Endpoints/searched"
BEGUN = 1_795_446_000_000


@pytest.fixture(scope="module")
def log_group(aws: Aws) -> str:
    """Two variants' streams; every second of each says something, and every fourth an error."""
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=LOGS)
    for stream in ("AllTraffic/i-1", "Shadow/i-2"):
        logs.create_log_stream(logGroupName=LOGS, logStreamName=stream)
        events = [
            {"timestamp": BEGUN + 1000 * second, "message": f"{stream} {'ERROR: bad' if second % 4 == 0 else 'ok'}"}
            for second in range(20)
        ]
        logs.put_log_events(logGroupName=LOGS, logStreamName=stream, logEvents=events)
    return LOGS


def test_a_search_finds_what_the_enricher_looks_for(aws: Aws, log_group: str) -> None:
    """Its own pattern and request: the error lines of one variant, up to and including the end."""
    from alert_enricher.enrich.logs import PATTERN

    found = aws.client("logs").filter_log_events(
        logGroupName=log_group,
        startTime=BEGUN + 4_000,
        endTime=BEGUN + 16_000,
        filterPattern=PATTERN,
        logStreamNamePrefix="AllTraffic/",
    )
    assert [(event["timestamp"] - BEGUN, event["logStreamName"]) for event in found["events"]] == [
        (at, "AllTraffic/i-1") for at in (4_000, 8_000, 12_000, 16_000)
    ]
    assert {event["message"] for event in found["events"]} == {"AllTraffic/i-1 ERROR: bad"}
    assert "nextToken" not in found


def test_a_search_comes_in_pages(aws: Aws, log_group: str) -> None:
    """Pages of any size tell every event once and in order, two of the same time included."""
    pages = aws.client("logs").get_paginator("filter_log_events")

    def told(limit: int) -> list[tuple[int, str]]:
        found = pages.paginate(logGroupName=log_group, filterPattern="?ERROR", limit=limit)
        return [(event["timestamp"], event["logStreamName"]) for page in found for event in page["events"]]

    whole = [(BEGUN + at, stream) for at in range(0, 20_000, 4_000) for stream in ("AllTraffic/i-1", "Shadow/i-2")]
    assert [told(limit) for limit in (1, 3, 10, 100)] == [whole] * 4


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        ({"filterPattern": "error: 5"}, "Invalid character.* 'error:'"),
        ({"logStreamNamePrefix": "A", "logStreamNames": ["AllTraffic/i-1"]}, "mutually exclusive"),
        ({"nextToken": "again"}, "nextToken is invalid"),
    ],
)
def test_a_search_that_the_service_refuses_is_refused(
    aws: Aws, log_group: str, request_: dict[str, Any], refusal: str
) -> None:
    """InvalidParameterException, with the reason."""
    with pytest.raises(ClientError, match=f"InvalidParameterException.*{refusal}"):
        aws.client("logs").filter_log_events(logGroupName=log_group, **request_)


def test_structured_patterns_and_unknown_prefixes(aws: Aws, log_group: str) -> None:
    """A pattern for JSON is taken, not refused as terms; a prefix of no stream finds nothing."""
    logs = aws.client("logs")
    assert logs.filter_log_events(logGroupName=log_group, filterPattern='{ $.level = "ERROR" }')["events"]
    assert logs.filter_log_events(logGroupName=log_group, logStreamNamePrefix="Canary/")["events"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.filter_log_events(logGroupName="/no/such", logStreamNamePrefix="Canary/")


def sandbox_time(aws: Aws) -> float:
    """What the sandbox's clock shows, in Unix seconds."""
    return datetime.fromisoformat(aws.page("health")["now"]).timestamp()


def test_mail_of_a_topic_reaches_the_inbox(aws: Aws, inbox: Inbox) -> None:
    """To, subject, body and topic are what SNS would mail; a filtered subscription gets none."""
    sns = aws.client("sns")
    topic = sns.create_topic(Name="critical")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="oncall@example.com")
    sns.subscribe(
        TopicArn=topic,
        Protocol="email",
        Endpoint="nobody@example.com",
        Attributes={"FilterPolicy": json.dumps({"team": ["other"]})},
    )
    sns.publish(TopicArn=topic, Subject="ranker is down", Message="since 12:00")
    eventually(lambda: inbox.received)
    time.sleep(0.2)
    mail = {"to": "oncall@example.com", "subject": "ranker is down", "body": "since 12:00", "topic": topic}
    assert inbox.received == [("/email", mail)]


def template(*, passes: str) -> str:
    """An endpoint, and a resource of a type that the sandbox does not have."""
    container = {"Image": "endpointwatch/magika:1", "Environment": {"MODEL_PASSES": passes}}
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
        "InstanceType": "ml.g5.xlarge",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1,
    }
    endpoint = {
        "EndpointName": "stacked",
        "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
        "Tags": [{"Key": "team", "Value": "ranking"}],
    }
    return json.dumps(
        {
            "Resources": {
                "Model": {
                    "Type": "AWS::SageMaker::Model",
                    "Properties": {"ExecutionRoleArn": ROLE, "PrimaryContainer": container},
                },
                "Config": {
                    "Type": "AWS::SageMaker::EndpointConfig",
                    "Properties": {"ProductionVariants": [variant]},
                },
                "Endpoint": {"Type": "AWS::SageMaker::Endpoint", "Properties": endpoint},
                "Grid": {"Type": "AWS::AppRunner::Service", "Properties": {}},
            },
            "Outputs": {
                "Ref": {"Value": {"Ref": "Endpoint"}},
                "Name": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}},
                "Url": {"Value": {"Fn::GetAtt": ["Grid", "ServiceUrl"]}},
            },
        }
    )


def stack_status(aws: Aws, name: str) -> dict[str, Any]:
    """The stack once nothing of it is in progress."""
    cloudformation = aws.client("cloudformation")

    def look() -> dict[str, Any] | None:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

    return eventually(look, within=60)


def test_a_stack_creates_updates_and_deletes_an_endpoint(aws: Aws) -> None:
    """Ref is the ARN, GetAtt the name; a change of the model reaches the endpoint; deleting leaves nothing."""
    cloudformation, sagemaker = aws.client("cloudformation"), aws.client("sagemaker")
    cloudformation.create_stack(StackName="serving", TemplateBody=template(passes="1"))
    stack = stack_status(aws, "serving")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    arn = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/stacked"
    assert (outputs["Ref"], outputs["Name"]) == (arn, "stacked")
    assert outputs["Url"] == "skipped-by-sandbox-ServiceUrl"
    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
    assert tags["team"] == "ranking"

    first = sagemaker.describe_endpoint(EndpointName="stacked")["EndpointConfigName"]
    cloudformation.update_stack(StackName="serving", TemplateBody=template(passes="2"))
    assert stack_status(aws, "serving")["StackStatus"] == "UPDATE_COMPLETE"
    second = sagemaker.describe_endpoint(EndpointName="stacked")["EndpointConfigName"]
    assert second != first
    assert [row["EndpointConfigName"] for row in sagemaker.list_endpoint_configs()["EndpointConfigs"]] == [second]

    cloudformation.delete_stack(StackName="serving")
    eventually(lambda: "serving" not in [row["name"] for row in aws.page("stacks")])
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_models()["Models"] == []


def test_a_change_set_is_answered_once_its_stack_is_done(aws: Aws) -> None:
    """So the CDK CLI's first look, right after its request, sees the end instead of waiting five seconds more."""
    cloudformation = aws.client("cloudformation")
    names = {"StackName": "changed", "ChangeSetName": "first"}
    cloudformation.create_change_set(**names, ChangeSetType="CREATE", TemplateBody=template(passes="1"))
    cloudformation.get_waiter("change_set_create_complete").wait(**names)
    cloudformation.execute_change_set(**names)
    assert cloudformation.describe_stacks(StackName="changed")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    cloudformation.delete_stack(StackName="changed")
    assert "changed" not in [row["name"] for row in aws.page("stacks")]


def test_a_stack_whose_endpoint_does_not_come_up_fails_with_the_reason(aws: Aws) -> None:
    """The stack event names what the container said, and nothing of the stack is left."""
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="failing", TemplateBody=template(passes="none"))
    assert stack_status(aws, "failing")["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName="failing")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert "MODEL_PASSES: 'none' is not a whole number" in reasons[0]
    with pytest.raises(ClientError, match="Could not find endpoint"):
        aws.client("sagemaker").describe_endpoint(EndpointName="stacked")


def test_what_a_stack_did_not_get_is_reported(aws: Aws) -> None:
    """A skipped resource is named with its type and a reason, an emulated one with what is not real about it."""
    aws.client("cloudformation").create_stack(StackName="reported", TemplateBody=template(passes="1"))
    assert stack_status(aws, "reported")["StackStatus"] == "CREATE_COMPLETE"
    report = next(row for row in aws.page("stacks") if row["name"] == "reported")
    assert {row["logical_id"] for row in report["declared"]} == {"Model", "Config", "Endpoint", "Grid"}
    assert {row["logical_id"] for row in report["created"]} == {"Model", "Config", "Endpoint"}
    assert [(row["logical_id"], row["type"]) for row in report["skipped"]] == [("Grid", "AWS::AppRunner::Service")]
    assert report["skipped"][0]["reason"]
    emulated = {row["logical_id"]: " ".join(row["what"]) for row in report["emulated"]}
    assert "GPU metrics are synthetic" in emulated["Config"]
    aws.client("cloudformation").delete_stack(StackName="reported")


@NEEDS_PROC
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_end_leaves_no_process_and_no_file(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model container, a function's worker and the process that draws end within seconds, even when it is killed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with embedded_aws() as running:
        running.client("cloudformation").create_stack(StackName="short", TemplateBody=template(passes="1"))
        assert stack_status(running, "short")["StackStatus"] == "CREATE_COMPLETE"
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("main.py", "def handler(event, context): return 1")
        functions = running.client("lambda")
        functions.create_function(
            FunctionName="one",
            Runtime="python3.13",
            Handler="main.handler",
            Role=ROLE,
            Code={"ZipFile": archive.getvalue()},
        )
        functions.invoke(FunctionName="one")
        started = children(running.process.pid)
        assert len(started) == 3
        asked = time.monotonic()
        os.kill(running.process.pid, number)
        running.process.wait(timeout=10)
        eventually(lambda: not any(alive(pid) for pid in started), within=5)
        assert time.monotonic() - asked < 5
    if number == signal.SIGKILL:
        with embedded_aws():
            pass  # the next one cleans up what a killed one left
    assert list(tmp_path.iterdir()) == []


@NEEDS_PROC
def test_it_ends_with_the_process_that_started_it() -> None:
    """A supervisor that is killed leaves no embedded AWS behind."""
    script = (
        "import subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'sandbox.aws', '--port', sys.argv[1], '--inbox', 'http://127.0.0.1:1']\n"
        "print(subprocess.Popen(command).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(free_port())]
    supervisor = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    time.sleep(1)
    assert alive(pid)
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    eventually(lambda: not alive(pid), within=5)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--port", "{taken}"], "sandbox.aws: --port: {taken}: "),
        (["--port", "70000"], "sandbox.aws: --port: 70000 is not between 1 and 65535"),
        (["--port", "0"], "sandbox.aws: --port: 0 is not between 1 and 65535"),
        (["--port", "{free}", "--speed", "0"], "sandbox.aws: --speed: 0.0 is not between 1 and 3600"),
    ],
)
def test_bad_arguments_are_one_clear_line(aws: Aws, arguments: list[str], line: str) -> None:
    """Exit code 2, and a single line that names the argument and its value."""
    names = {"taken": aws.url.rpartition(":")[2], "free": str(free_port())}
    command = [sys.executable, "-m", "sandbox.aws", "--inbox", "http://127.0.0.1:1"]
    command += [argument.format(**names) for argument in arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith(line.format(**names))
    assert ended.stderr.count("\n") == 1
