"""Functions behind queues in the embedded AWS: batches, windows, crashes, metrics."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.embedded_aws import Aws, embedded_aws, eventually

ROLE = "arn:aws:iam::000000000000:role/functions"
HANDLER = """
import json, os, time, boto3

sqs = boto3.client("sqs")

def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    sqs.send_message(QueueUrl=os.environ["OUT"], MessageBody=json.dumps({
        "bodies": bodies, "pid": os.getpid(), "attributes": event["Records"][0]["attributes"]}))
    time.sleep(max(float(body.partition(" ")[2] or 0) for body in bodies))
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]
                                  if record["body"].startswith("bad")]}
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """One for the module."""
    with embedded_aws() as running:
        yield running


def queue(aws: Aws, name: str, **attributes: str) -> tuple[str, str]:
    """URL and ARN of a new queue."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


class Fed:
    """A function fed by a queue, and what it was invoked with."""

    def __init__(self, aws: Aws, name: str, *, batch: int = 10, window: int = 0) -> None:
        self.aws, self.name = aws, name
        self.url, arn = queue(aws, f"{name}-source", VisibilityTimeout="60")
        self.out, _ = queue(aws, f"{name}-out")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("main.py", HANDLER)
        functions = aws.client("lambda")
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="main.handler",
            Role=ROLE,
            Timeout=20,
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": {"OUT": self.out}},
        )
        functions.create_event_source_mapping(
            FunctionName=name,
            EventSourceArn=arn,
            BatchSize=batch,
            MaximumBatchingWindowInSeconds=window,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )

    def send(self, *bodies: str) -> None:
        """Put messages on the queue."""
        for start in range(0, len(bodies), 10):
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])]
            self.aws.client("sqs").send_message_batch(QueueUrl=self.url, Entries=entries)

    def invocations(self, count: int, *, within: float = 15) -> list[Any]:
        """So many invocations, the earliest first."""
        found: list[Any] = []

        def look() -> bool:
            received = self.aws.client("sqs").receive_message(QueueUrl=self.out, MaxNumberOfMessages=10)
            found.extend(json.loads(message["Body"]) for message in received.get("Messages", []))
            return len(found) >= count

        eventually(look, within=within)
        return found

    def left(self) -> tuple[int, int]:
        """Messages on the queue, visible and hidden."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.aws.client("sqs").get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])


def control(aws: Aws, path: str, **body: object) -> Any:
    """Ask something of the embedded AWS itself."""
    request = urllib.request.Request(f"{aws.url}/_sandbox/{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def test_a_window_gathers_a_batch_of_more_than_ten(aws: Aws) -> None:
    """Messages wait for the window of two seconds and come as one batch; one as large as allowed goes at once."""
    fed = Fed(aws, "gathering", batch=50, window=2)
    started = time.monotonic()
    fed.send(*(str(number) for number in range(30)))
    (first,) = fed.invocations(1)
    assert len(first["bodies"]) == 30
    assert time.monotonic() - started >= 2
    started = time.monotonic()
    fed.send(*(str(number) for number in range(50)))
    (second,) = fed.invocations(1)
    assert len(second["bodies"]) == 50
    assert time.monotonic() - started < 2


def test_a_record_tells_when_it_was_sent_and_how_often_received(aws: Aws) -> None:
    """Only the failed record of a batch comes back, once it is visible, and counts its receptions."""
    fed = Fed(aws, "counting", window=1)
    fed.send("good", "bad")
    fed.invocations(1)
    eventually(lambda: fed.left() == (0, 1))
    assert control(aws, "visibility", queue="counting-source", seconds=0.2) == {"messages": 1}
    (again,) = fed.invocations(1)
    assert again["bodies"] == ["bad"]
    assert again["attributes"]["ApproximateReceiveCount"] == "2"
    sent = int(again["attributes"]["SentTimestamp"]) / 1000
    assert abs(time.time() - sent) < 30


def test_several_batches_are_worked_on_at_once_by_processes_that_stay(aws: Aws) -> None:
    """Four invocations that take a second run side by side, and later ones are served by the same processes."""
    fed = Fed(aws, "parallel", batch=1)
    fed.send(*["warm 0.5"] * 8)
    warm = {invocation["pid"] for invocation in fed.invocations(8)}
    assert len(warm) == 4
    started = time.monotonic()
    fed.send(*["work 1"] * 4)
    assert {invocation["pid"] for invocation in fed.invocations(4)} <= warm
    eventually(lambda: fed.left() == (0, 0))
    assert time.monotonic() - started < 3


def test_a_function_killed_in_the_middle_leaves_its_message_hidden(aws: Aws) -> None:
    """After SIGKILL the message waits for its visibility timeout, can be shown sooner, and is then handled by another process."""
    fed = Fed(aws, "victim")
    fed.send("work 5")
    (first,) = fed.invocations(1)
    killed = control(aws, "kill", function="VICTIM")
    assert killed == {"function": "victim", "pid": first["pid"]}
    time.sleep(0.5)
    assert fed.left() == (0, 1)
    control(aws, "visibility", queue="victim-source", seconds=0)
    (second,) = fed.invocations(1)
    assert second["pid"] != first["pid"]
    assert second["attributes"]["ApproximateReceiveCount"] == "2"


@pytest.mark.parametrize(
    ("path", "body", "status", "line"),
    [
        ("kill", {"function": "nobody", "within_seconds": 0.1}, 409, "nothing named 'nobody' was invoked within 0.1 s"),
        ("kill", {}, 400, "function: None is not a name"),
        ("kill", {"function": "a", "after": 1}, 400, "after: unknown; send function, after_ms, within_seconds"),
        ("kill", {"function": "a", "after_ms": "1"}, 400, "after_ms: '1' is not a number from 0 to 60000"),
        ("visibility", {"queue": "nobody"}, 404, "there is none named 'nobody'"),
        ("visibility", {"queue": "a", "seconds": -1}, 400, "seconds: -1 is not a number from 0 to 60"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    aws: Aws, path: str, body: dict[str, object], status: int, line: str
) -> None:
    """The field, its value and the fix."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        control(aws, path, **body)
    assert refused.value.code == status
    assert line in json.load(refused.value)["error"]


def test_invocations_by_a_queue_are_metrics(aws: Aws) -> None:
    """Invocations, errors and durations of a function that only its queue invokes are published."""
    fed = Fed(aws, "measured")
    fed.send("work nonsense")
    fed.invocations(1)

    def total(metric: str) -> float:
        now = datetime.now(UTC)
        points = aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": "measured"}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
            Period=300,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    eventually(lambda: total("Errors") == 1)
    assert total("Invocations") == 1
    assert total("Throttles") == 0
    assert total("Duration") > 0


def test_messages_can_be_delayed_and_hidden_for_long(aws: Aws) -> None:
    """DelaySeconds and ChangeMessageVisibility, up to hours, hold a message back from functions as from clients."""
    fed = Fed(aws, "delayed")
    sqs = aws.client("sqs")
    started = time.monotonic()
    sqs.send_message(QueueUrl=fed.url, MessageBody="later", DelaySeconds=2)
    (invocation,) = fed.invocations(1)
    assert 2 <= time.monotonic() - started < 4
    assert invocation["bodies"] == ["later"]
    url, _ = queue(aws, "hidden")
    sqs.send_message(QueueUrl=url, MessageBody="a")
    (received,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=1)["Messages"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"], VisibilityTimeout=43_200)
    time.sleep(1.2)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert control(aws, "visibility", queue="hidden", seconds=0) == {"messages": 1}
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_no_message_is_lost_while_others_are_handled(aws: Aws) -> None:
    """2,000 messages that a topic sends while the function works on earlier ones all arrive, each once."""
    fed = Fed(aws, "busy", batch=50)
    sns = aws.client("sns")
    topic = sns.create_topic(Name="busy")["TopicArn"]
    arn = aws.client("sqs").get_queue_attributes(QueueUrl=fed.url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    for start in range(0, 2000, 10):
        entries = [{"Id": str(n), "Message": f"{start + n}"} for n in range(10)]
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    seen: list[str] = []

    def all_came() -> bool:
        received = aws.client("sqs").receive_message(QueueUrl=fed.out, MaxNumberOfMessages=10).get("Messages", [])
        for message in received:
            seen.extend(json.loads(message["Body"])["bodies"])
        return len(seen) >= 2000

    eventually(all_came, within=60)
    assert sorted(map(int, seen)) == list(range(2000))
    eventually(lambda: fed.left() == (0, 0))
