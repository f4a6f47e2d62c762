"""The sandbox left running, as `make sandbox` does: its addresses, its parts, and its end."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.__main__ import main
from sandbox.ports import free_port
from tests.integration.embedded_aws import NEEDS_PROC, eventually
from tests.integration.sandbox_process import NEEDS_CLI, ROOT, Command
from tests.unit.functions.samples import sns_alarm

pytestmark = NEEDS_CLI
KEYS = ["endpoint_url", "region", "topics", "inbox_url", "model_url", "endpoint_name"]


@dataclass(frozen=True, kw_only=True)
class Up:
    """A sandbox that runs."""

    addresses: dict[str, Any]
    path: Path
    process: subprocess.Popen[bytes]
    command: Command
    log: Path

    def inbox(self, what: str, body: object = None) -> Any:
        """What the inbox's API answers."""
        data = None if body is None else json.dumps(body).encode()
        return json.loads(_http(f"{self.addresses['inbox_url']}/api/{what}", data))

    def publish(self, alarm: dict[str, Any]) -> None:
        """Publish an alarm's message as CloudWatch does."""
        topics = boto3.client(
            "sns",
            endpoint_url=self.addresses["endpoint_url"],
            region_name=self.addresses["region"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        topics.publish(TopicArn=self.addresses["topics"]["critical"], Message=json.dumps(alarm))


def _http(url: str, body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(url, data=body, timeout=10) as answer:
        content: bytes = answer.read()
        return content


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A sandbox on free ports, stopped at the end whatever happens."""
    folder = tmp_path_factory.mktemp("out")
    log, path = folder / "said.txt", folder / "sandbox.json"
    command = Command()
    ports = [f"--port={free_port()}", f"--inbox-port={free_port()}"]
    process = command.start(["up", *ports, f"--out={folder}", "--rate=5"], log=log)
    try:
        eventually(lambda: path.exists() or process.poll() is not None, within=100)
        assert process.poll() is None, log.read_text()
        # Written a moment after it is there.
        addresses = eventually(lambda: path.read_text().endswith("}\n") and json.loads(path.read_text()))
        yield Up(addresses=addresses, path=path, process=process, command=command, log=log)
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_other_programs_find_everything(up: Up) -> None:
    """sandbox.json holds the keys of the contract, and a topic for each severity."""
    assert list(up.addresses) == KEYS
    assert set(up.addresses["topics"]) == {"critical", "warning", "info"}
    assert up.addresses["endpoint_name"] == "ranker"
    assert json.dumps(up.addresses, indent=2) in up.log.read_text()


def test_the_model_answers_a_plain_post(up: Up) -> None:
    """At model_url, magika tells what a document is."""
    answer = json.loads(_http(up.addresses["model_url"], Path(__file__).read_bytes()))
    assert "python" in json.dumps(answer)


def test_an_alarm_message_becomes_a_page_and_a_thread(up: Up) -> None:
    """What is published to a topic goes through the deployed functions to PagerDuty and Slack, and its end resolves it."""
    up.publish(sns_alarm())
    [incident] = eventually(lambda: up.inbox("incidents"), within=30)
    assert incident["status"] == "triggered"
    assert "ranker" in incident["summary"]
    eventually(lambda: "ranker" in json.dumps(up.inbox("messages")))
    up.publish(sns_alarm(NewStateValue="OK", OldStateValue="ALARM", StateChangeTime="2026-11-23T14:21:04.250+0000"))
    eventually(lambda: [row["status"] for row in up.inbox("incidents")] == ["resolved"], within=30)
    eventually(lambda: "recovered" in json.dumps(up.inbox("messages")), within=30)


def test_a_fault_delays_a_message_and_loses_none(up: Up) -> None:
    """After a 429 the same message comes again and is taken; PagerDuty hears of the alarm at once."""

    def posts() -> list[tuple[int, str]]:
        return [
            (event["status"], event["body"]["text"])
            for event in up.inbox("events")
            if event["path"].endswith("chat.postMessage") and "searcher" in event["body"]["text"]
        ]

    def is_quiet() -> bool:
        before = len(up.inbox("events"))
        time.sleep(3)
        return len(up.inbox("events")) == before

    eventually(is_quiet, within=30)  # or the chart of an earlier page would take the fault
    up.inbox("faults", {"sink": "slack", "status": 429, "retry_after": 1, "count": 1})
    name = "searcher/AllTraffic/errors"
    arn = f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}"
    up.publish(json.loads(json.dumps(sns_alarm(AlarmName=name, AlarmArn=arn)).replace("ranker", "searcher")))
    refused, taken = eventually(lambda: found if len(found := posts()) > 1 else None, within=30)[:2]
    assert (refused[0], taken[0]) == (429, 200)
    assert refused[1] == taken[1]
    assert any("searcher" in row["summary"] for row in up.inbox("incidents"))


def test_a_taken_port_is_one_clear_line(up: Up, tmp_path: Path) -> None:
    """Exit code 1, and a line that names the port and the option; the sandbox that has the port goes on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "sandbox", "up", f"--port={port}", f"--out={tmp_path}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr.strip().startswith(f"sandbox: port {port} is taken; ")
    assert "--port" in ended.stderr
    assert ended.stderr.strip().count("\n") == 0
    assert up.process.poll() is None


@pytest.mark.parametrize("option", ["--port", "--inbox-port"])
@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_what_is_no_port_is_refused(option: str, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the option and the value, before anything starts."""
    with pytest.raises(SystemExit):
        main(["up", f"{option}={port}"])
    assert f"argument {option}: '{port}' is not a port from 1 to 65535" in capsys.readouterr().err


def test_a_second_run_in_the_same_folder_is_refused(up: Up) -> None:
    """One line and exit code 1, before anything is started or written."""
    ports = [f"--port={free_port()}", f"--inbox-port={free_port()}"]
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "up", *ports, f"--out={up.path.parent}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert "another run writes to" in ended.stderr
    assert up.path.exists()


@NEEDS_PROC
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_end_half_way_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """While the CDK CLI deploys, the sandbox is ended or killed: no process is left, and the next run may begin."""
    command, log = Command(), tmp_path / "said.txt"
    process = command.start(["demo", f"--out={tmp_path}"], log=log)
    try:
        eventually(lambda: "cdk bootstrap" in log.read_text(), within=60)
        eventually(lambda: any("aws-cdk/bin/cdk deploy" in line for line in command.processes()))
        process.send_signal(number)
        process.wait(timeout=20)
        eventually(lambda: not command.processes(), within=10)
    finally:
        process.terminate()
        process.wait()
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert log.read_text().endswith("sandbox: interrupted; everything that was started is stopped\n")


@NEEDS_PROC
def test_ctrl_c_stops_everything(up: Up) -> None:
    """Within seconds no process is left, the addresses are gone, and the exit code is 0. Last: it ends what the others use."""
    assert len(up.command.processes()) > 3
    asked = time.monotonic()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(timeout=30) == 0, up.log.read_text()
    assert time.monotonic() - asked < 20
    eventually(lambda: not up.command.processes(), within=5)
    assert not up.path.exists()
    assert "Traceback" not in up.log.read_text()
