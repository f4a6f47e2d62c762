"""The command `endpointwatch` against an embedded AWS; a thread plays the functions, with their own table of states."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from alert_common.alert import Severity
from alert_common.incident import Incident, Stage
from alert_common.store import Store
from endpointwatch.cli.state import group_of
from tests.integration.embedded_aws import Aws, embedded_aws, eventually

SINKS = ("pagerduty", "slack")
QUEUES = ("Alerts", "AlertsDead", "Undelivered", *(f"{sink}{end}" for sink in SINKS for end in ("", "Dead")))


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """An embedded AWS, for all tests of this module."""
    with embedded_aws() as running:
        yield running


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A stack with the outputs of a routing, and what they name; no functions."""

    aws: Aws
    stack: str

    def queue(self, name: str) -> str:
        """URL of a queue."""
        return str(self.aws.client("sqs").get_queue_url(QueueName=f"{self.stack}-{name}")["QueueUrl"])

    def bodies(self, name: str) -> list[str]:
        """What lies in a queue, taken out of it."""
        sqs, url = self.aws.client("sqs"), self.queue(name)
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    def tests(self) -> Iterator[dict[str, Any]]:
        """Test messages that lie in the queue of alerts."""
        for body in self.bodies("Alerts"):
            yield json.loads(json.loads(body)["Message"])

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """The command, running."""
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "endpointwatch.cli", *arguments, "--stack", self.stack],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
                "AWS_ENDPOINT_URL": self.aws.url,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": "us-east-1",
            },
            # Tests that run in a shell's background ignore Ctrl-C, and what they start would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no lock is taken in it
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """The command's exit status, and what it wrote."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


@pytest.fixture
def deployed(aws: Aws, request: pytest.FixtureRequest) -> Iterator[Deployed]:
    """A routing without functions, for one test."""
    stack = f"Routing{abs(hash(request.node.name))}"
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(_template(stack)))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    yield Deployed(aws=aws, stack=stack)
    cloudformation.delete_stack(StackName=stack)


def _template(stack: str) -> dict[str, Any]:
    resources: dict[str, Any] = {
        name: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{stack}-{name}"}} for name in QUEUES
    }
    resources["Critical"] = {
        "Type": "AWS::SNS::Topic",
        "Properties": {"Subscription": [{"Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Alerts", "Arn"]}}]},
    }
    resources["State"] = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }
    parts: dict[str, list[Any]] = {
        "Routes": ['{"topics": {"', {"Ref": "Critical"}, '": "critical"}, "settle_seconds": 0}'],
        "Sinks": ['{"sinks": {'],
    }
    for number, sink in enumerate(SINKS):
        parts["Sinks"] += [
            f'{"," if number else ""}"{sink}": {{"queue": "',
            {"Ref": sink},
            '", "dead_letters": "',
            {"Ref": f"{sink}Dead"},
            '"}',
        ]
    parts["Sinks"].append("}}")
    for name, text in parts.items():
        resources[name] = {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Fn::Join": ["", text]}},
        }
    values = {
        "Environment": "test",
        "Settings": {"Fn::Join": [",", [{"Ref": name} for name in parts]]},
        "StateTable": {"Ref": "State"},
        "AlertsQueue": {"Ref": "Alerts"},
        "AlertsDeadLetters": {"Ref": "AlertsDead"},
        "Undelivered": {"Ref": "Undelivered"},
        "EnricherLogs": "logs-of-enricher",
        "DispatcherLogs": "logs-of-dispatcher",
    }
    outputs = {f"RoutingEndpointwatch{name}0123ABCD": {"Value": value} for name, value in values.items()}
    return {"Resources": resources, "Outputs": outputs}


@contextmanager
def functions(deployed: Deployed, *, sinks: tuple[str, ...] = SINKS, joins: str = "") -> Iterator[list[str]]:
    """Play enricher and dispatcher: a test opens an incident that is for all sinks, but only `sinks` take it.

    Args:
        deployed: where.
        sinks: who takes it.
        joins: who takes it two seconds later, as the fallback of another.

    Yields:
        The states of the tests that came, as they come.
    """
    outputs = deployed.aws.client("cloudformation").describe_stacks(StackName=deployed.stack)["Stacks"][0]["Outputs"]
    (table,) = (output["OutputValue"] for output in outputs if "StateTable" in output["OutputKey"])
    store = Store(deployed.aws.client("dynamodb"), table)
    seen: list[str] = []
    stop = threading.Event()

    def handle(test: dict[str, Any]) -> None:
        group, id = group_of(test["id"]), f"incident-of-{test['id']}"
        if test["state"] == "ALARM":
            store.save(
                Incident(
                    id=id,
                    group=group,
                    opened_at=datetime.now(UTC),
                    severity=Severity.CRITICAL,
                    sinks=dict.fromkeys(SINKS, 0),
                )
            )
            store.point(group, to=id, instead_of="")
        if joins and test["state"] == "ALARM":
            time.sleep(2)
            incident = store.incident(id)
            assert incident is not None
            store.save(replace(incident, sinks={**incident.sinks, joins: 0}))
        for sink in (*sinks, *([joins] if joins else [])):
            turn = store.take_turn(sink, id)
            stage = Stage.OPEN if test["state"] == "ALARM" else Stage.OVER
            store.end_turn(store.tell(turn, replace(turn.told, seq=turn.told.seq + 1, stage=stage)))
        seen.append(test["state"])

    def play() -> None:
        while not stop.wait(0.1):
            for test in deployed.tests():
                handle(test)

    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def test_a_test_alert_that_everybody_takes(deployed: Deployed) -> None:
    """Each sink is named when it took the alert and when it took its end; exit status 0."""
    with functions(deployed) as seen:
        status, out, err = deployed.run("send-test-alert", "--severity", "critical", "--resolve-after", "1")
    assert (status, err, seen) == (0, "", ["ALARM", "OK"])
    lines = [line.split("s  ", 1)[1] for line in out.splitlines()]
    assert lines[1:] == [
        "pagerduty took it",
        "slack took it",
        "sent its end",
        "pagerduty took its end",
        "slack took its end",
    ]


def test_a_sink_that_does_not_take_it(deployed: Deployed) -> None:
    """Exit status 1; the sink, its queues and the log to look at are named, and the alert is ended all the same."""
    with functions(deployed, sinks=("pagerduty",)) as seen:
        status, out, _ = deployed.run("send-test-alert", "--severity", "critical", "--timeout", "2")
        eventually(lambda: len(seen) == 2)
    assert (status, seen) == (1, ["ALARM", "OK"])
    assert "slack: nobody took it. Its queue: 0 messages to take" in out
    assert "pagerduty: nobody" not in out
    assert "Look at the log group logs-of-dispatcher" in out


def test_an_alert_that_nobody_hands_on(deployed: Deployed) -> None:
    """Without an enricher: its queue, with what lies in it, and its log are named."""
    status, out, _ = deployed.run("send-test-alert", "--severity", "critical", "--timeout", "1")
    assert status == 1
    assert "the enricher has not handed it on. Its queue: " in out
    assert "Look at the log group logs-of-enricher" in out
    assert [test["state"] for test in deployed.tests()] == ["ALARM", "OK"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_test_ends_its_alert_first(deployed: Deployed, how: signal.Signals) -> None:
    """Ctrl-C, or a kill: whoever was paged is told that it is over."""
    with functions(deployed) as seen:
        process = deployed.start("send-test-alert", "--severity", "critical", "--resolve-after", "60")
        eventually(lambda: "ALARM" in seen)
        process.send_signal(how)
        _, err = process.communicate(timeout=20)
        eventually(lambda: len(seen) == 2)
    assert seen == ["ALARM", "OK"]
    assert (process.returncode, err) == (130, "endpointwatch: interrupted; what was begun has been ended\n")


def _bury(deployed: Deployed, queue: str, body: str, **attributes: str) -> None:
    deployed.aws.client("sqs").send_message(
        QueueUrl=deployed.queue(queue),
        MessageBody=body,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )


def _delivery(sink: str, number: int) -> str:
    return json.dumps({"sink": sink, "kind": "incident", "id": f"incident-{number}"})


def test_dead_letters_go_back_to_where_they_belong(deployed: Deployed) -> None:
    """A dry run lists all with their reasons and moves none; then each goes back, what came before any sink to the alerts."""
    for number in range(12):  # more than SQS hands over at once
        _bury(deployed, "slackDead", _delivery("slack", number), reason="HTTP 400: invalid_blocks")
    _bury(deployed, "AlertsDead", "one")
    _bury(deployed, "Undelivered", '{"detail-type": "AWS Health Event"}', ERROR_MESSAGE="no permission")
    status, out, _ = deployed.run("redrive", "--dry-run")
    assert status == 0
    assert out.count("HTTP 400: invalid_blocks") == 12
    assert "alerts: AWS Health Event, 0 min old: no permission" in out
    assert out.splitlines()[-1] == "14 dead letters"

    status, out, _ = deployed.run("redrive", "--sink", "slack")
    assert (status, out.splitlines()[-1]) == (0, "12 dead letters put back")
    back = [body for _ in range(3) for body in deployed.bodies("slack")]
    assert sorted(back) == sorted(_delivery("slack", number) for number in range(12))

    status, out, _ = deployed.run("redrive")
    assert (status, out.splitlines()[-1]) == (0, "2 dead letters put back")
    assert sorted(deployed.bodies("Alerts")) == ["one", '{"detail-type": "AWS Health Event"}']
    assert deployed.run("redrive")[1] == "0 dead letters put back\n"


def test_what_is_refused_again_does_not_go_round(deployed: Deployed) -> None:
    """A sink that refuses at once what comes back: each letter is put back once, and the command ends and says so."""
    sqs = deployed.aws.client("sqs")
    for number in range(30):
        _bury(deployed, "slackDead", _delivery("slack", number), reason="HTTP 400")
    stop = threading.Event()

    def refuse() -> None:
        while not stop.is_set():
            for body in deployed.bodies("slack"):
                sqs.send_message(QueueUrl=deployed.queue("slackDead"), MessageBody=body)

    thread = threading.Thread(target=refuse)
    thread.start()
    try:
        status, out, _ = deployed.run("redrive", "--sink", "slack")
    finally:
        stop.set()
        thread.join()
    *_, left, last = out.splitlines()
    assert (status, last) == (0, "30 dead letters put back")
    assert re.fullmatch(r"slack: \d+ came while this ran, and are left where they are", left)
    assert deployed.run("redrive", "--dry-run")[1].splitlines()[-1] == "30 dead letters"


def test_what_cannot_be_put_back_stays(deployed: Deployed) -> None:
    """The queue that it belongs to is gone: the letter stays dead, and one line says why."""
    _bury(deployed, "slackDead", _delivery("slack", 1), reason="HTTP 400")
    sqs = deployed.aws.client("sqs")
    sqs.delete_queue(QueueUrl=deployed.queue("slack"))
    status, _, err = deployed.run("redrive")
    assert status == 1
    assert err.startswith("endpointwatch: SendMessage: ")
    attributes = sqs.get_queue_attributes(QueueUrl=deployed.queue("slackDead"), AttributeNames=["All"])["Attributes"]
    left = int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])
    assert left == 1


def test_an_unknown_sink_lists_those_there_are(deployed: Deployed) -> None:
    """One line, with what may be written."""
    status, _, err = deployed.run("redrive", "--sink", "slak")
    assert (status, err) == (
        1,
        "endpointwatch: --sink: 'slak' is not known; choose one of alerts, pagerduty, slack\n",
    )


def test_a_stack_that_is_not_there(deployed: Deployed) -> None:
    """CloudFormation's own words, in one line."""
    status, _, err = replace(deployed, stack="Nowhere").run("redrive")
    assert status == 1
    assert err.startswith("endpointwatch: DescribeStacks: ")
    assert err.count("\n") == 1


def test_who_stands_in_is_named_so(deployed: Deployed) -> None:
    """A fallback joins the incident when the sink of its route fails; the line says that it is not of the route."""
    with functions(deployed, sinks=("pagerduty",), joins="mail"):
        status, out, _ = deployed.run("send-test-alert", "--severity", "critical", "--timeout", "3")
    assert status == 1
    assert "mail took it, standing in for another" in out
    assert "slack: nobody took it" in out
