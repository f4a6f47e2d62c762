"""The demo, run once as `make demo` runs it: what it reports is what a newcomer sees."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.embedded_aws import NEEDS_PROC, eventually
from tests.integration.sandbox_process import NEEDS_CLI, Command

pytestmark = NEEDS_CLI


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A demo that has ended."""

    report: dict[str, Any]
    said: str
    command: Command

    @property
    def page(self) -> dict[str, Any]:
        """The PagerDuty event that opened the incident."""
        event: dict[str, Any] = self.report["pagerduty"][0]
        return event

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was said in Slack about the alert, without uploads and without news of deployments."""
        return [body for body in self.report["slack"] if "blocks" in body and "is in service" not in body["text"]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, after it has said that all went well."""
    folder = tmp_path_factory.mktemp("out")
    log = folder / "said.txt"
    command = Command()
    process = command.start(["demo", f"--out={folder}"], log=log)
    try:
        returncode = process.wait(timeout=150)
    finally:
        process.terminate()
        process.wait()
    assert returncode == 0, log.read_text()
    report = json.loads((folder / "demo" / "report.json").read_text())
    return Demo(report=report, said=log.read_text(), command=command)


def test_one_incident_opens_and_ends(demo: Demo) -> None:
    """PagerDuty got one trigger and one resolve, under the same key; the webhook heard of the same, and nobody was mailed."""
    events = demo.report["pagerduty"]
    assert [event["event_action"] for event in events] == ["trigger", "resolve"]
    assert events[0]["dedup_key"] == events[1]["dedup_key"] != ""
    assert demo.report["resolved"] is True
    kinds = [body["type"] for body in demo.report["webhook"]]
    assert (kinds[0], kinds[-1], kinds.count("incident.opened")) == ("incident.opened", "incident.closed", 1)
    assert demo.report["email"] == []


def test_only_the_errors_alarm_fired(demo: Demo) -> None:
    """A bad release that fails requests sets off the alarm on errors, and no other; its page came within seconds."""
    assert [alarm["alarm"] for alarm in demo.report["alarms_fired"]] == ["ranker/AllTraffic/errors"]
    assert 0 < demo.report["alarm_to_page_seconds"] < 15


def test_slack_has_one_message_and_its_thread(demo: Demo) -> None:
    """The message opens the channel, is updated in its place, and the end is told in its thread."""
    opened, *followed = demo.messages
    assert "thread_ts" not in opened
    assert "ts" not in opened
    assert any("ts" in body for body in followed)
    assert any("thread_ts" in body and "recovered" in body["text"] for body in followed)
    assert any("ts" in body and "over after" in body["text"] for body in followed)
    assert len({body.get("ts") or body["thread_ts"] for body in followed}) == 1


def test_nothing_is_lost_or_skipped(demo: Demo) -> None:
    """Every queue is empty, every resource of every stack was created."""
    assert demo.report["undelivered"] == {}
    assert len(demo.report["stacks"]) == 3
    for stack in demo.report["stacks"]:
        assert stack["skipped"] == []
        assert {row["logical_id"] for row in stack["created"]} == {row["logical_id"] for row in stack["declared"]}


def test_the_model_served(demo: Demo) -> None:
    """Hundreds of requests were answered; only the bad release failed some."""
    assert demo.report["requests_served"] > 100
    assert 0 < demo.report["requests_failed"] < demo.report["requests_served"]


def test_the_page_answers_in_one_look(demo: Demo) -> None:
    """What, since when, how bad against which objective, what changed, what to do first, and what the model said."""
    payload = demo.page["payload"]
    details = payload["custom_details"]
    assert "ranker is failing" in payload["summary"]
    assert "UTC" in details["Since"]
    assert "%" in details["How bad"]
    assert details["Objective"] == "99.9 % of requests answered without a failure"
    assert "ranker-v2" in details["What changed"]
    assert demo.report["diagnosis"] == details["Diagnosis"]
    assert "ranker-v2" in details["Diagnosis"]
    assert "Roll" in details["Do first"][0]
    assert any("MAX_INPUT_BYTES=2048" in line for line in details["Last error lines"])
    assert {"Requests", "Errors", "Latency p99", "GPU"} <= set(details["Signals, before → since"])
    assert "Missing" not in json.dumps(details)


def test_the_story_is_told_as_it_goes(demo: Demo) -> None:
    """A person reads the deployment, the break, the alarm, the page, the fix and its end, in this order."""
    told = [
        "cdk deploy",
        "BREAK:",
        "ALARM: ranker/AllTraffic/errors",
        "PAGE:",
        "DIAGNOSIS:",
        "FIX:",
        "RESOLVED:",
        "GPU metrics are synthetic",
    ]
    assert [word for word in sorted(told, key=demo.said.find) if word in demo.said] == told


@NEEDS_PROC
def test_no_process_is_left(demo: Demo) -> None:
    """Neither servers nor models, workers, Node or browsers outlive the demo."""
    eventually(lambda: not demo.command.processes(), within=5)
