"""The demo: a healthy endpoint, a bad deployment, one page, a roll-back, and the page resolved."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from sandbox.children import SandboxError
from sandbox.load import Load
from sandbox.running import ENDPOINT, VARIANT, Running, Say

SPEED = 60.0
"""Sandbox seconds a second: alarms look at minutes, and nobody wants to watch them pass."""

RATE = 25.0
"""Requests a second."""

BAD_SETTING = {"MAX_INPUT_BYTES": "2048"}
"""What the bad deployment changes: four of ten documents are longer."""

T = TypeVar("T")

_HEALTHY_MINUTES = 8
_PATIENCE_SECONDS = 90


@dataclass(kw_only=True)
class Story:
    """What happened, and when.

    Args:
        moments: (wall-clock time, sandbox time, what), oldest first.
        alarms: transitions to ALARM: alarm name and time.
        answered, failed: requests.
        page_seconds: wall-clock seconds from the alarm's transition to its page.
        diagnosis: the cause that the page names.
        resolved: whether the page was resolved.
    """

    moments: list[tuple[float, float, str]] = field(default_factory=list)
    alarms: list[dict[str, str]] = field(default_factory=list)
    answered: int = 0
    failed: int = 0
    page_seconds: float | None = None
    diagnosis: str | None = None
    resolved: bool = False


def play(sandbox: Running, say: Say, look: Callable[[Running], object]) -> Story:
    """Plays the story against a deployed sandbox.

    Args:
        sandbox: a sandbox that runs.
        say: called with what happens.
        look: called while the page is open.

    Raises:
        SandboxError: a step did not happen in time; the message says which.
    """
    story = Story()
    sagemaker, cloudwatch = sandbox.client("sagemaker"), sandbox.client("cloudwatch")

    def note(what: str) -> None:
        wall = time.time()
        story.moments.append((wall, sandbox.clock.at(wall), what))
        say(what)

    with ExitStack() as stack:
        load = stack.enter_context(Load(sandbox.client("sagemaker-runtime"), ENDPOINT, rate=RATE))
        try:
            _wait(sandbox, "the endpoint to answer", lambda: load.answered > 0)
            note(f"clients call {ENDPOINT} ({RATE:g} requests a second, in bursts); the magika model answers")
            time.sleep(sandbox.clock.wall_seconds(60 * _HEALTHY_MINUTES))
            note(f"{_HEALTHY_MINUTES} healthy minutes: {load.answered} answered, {load.failed} failed")

            good = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
            _deploy_bad_model(sagemaker, good)
            _wait(sandbox, "the bad deployment", lambda: _settled(sagemaker, other_than=good))
            name, value = next(iter(BAD_SETTING.items()))
            note(f"BREAK: a new model version is deployed with {name}={value}; longer documents fail")

            alarm = _wait(sandbox, "an alarm", lambda: _alarming(cloudwatch))
            note(f"ALARM: {alarm['AlarmName']}")
            incident = _wait(sandbox, "a page in PagerDuty", lambda: _incident(sandbox, alarm["AlarmName"]))
            _wait(sandbox, "a message in Slack", lambda: _message(sandbox, "is failing"))
            changed = sandbox.clock.wall(alarm["StateUpdatedTimestamp"].timestamp())
            story.page_seconds = round(datetime.fromisoformat(incident["opened"]).timestamp() - changed, 3)
            story.diagnosis = incident["body"]["payload"]["custom_details"].get("Diagnosis")
            note(f"PAGE: {incident['summary']}")
            note(f"DIAGNOSIS: {story.diagnosis or 'no rule matched'}")
            look(sandbox)

            sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=good)
            _wait(sandbox, "the roll-back", lambda: _settled(sagemaker, other_than=None))
            note("FIX: the endpoint is rolled back to the configuration before")
            _wait(sandbox, "the page to resolve", lambda: _resolved(sandbox, incident["dedup_key"]))
            over = _wait(sandbox, "Slack to say so", lambda: _header(sandbox, "over after"))
            note(f"RESOLVED: {over}")
            story.resolved = True
            # Heartbeats go on for ever, and a message is deleted from its queue a moment after it was delivered.
            _stop_schedules(sandbox)
            with suppress(SandboxError):
                _wait(sandbox, "the queues to be empty", lambda: not undelivered(sandbox), seconds=10)
        finally:
            story.answered, story.failed = load.answered, load.failed
            story.alarms = _fired(cloudwatch)
    return story


def undelivered(sandbox: Running) -> dict[str, int]:
    """Messages that wait in a queue, dead letters included, by queue; queues without any are left out."""
    sqs = sandbox.client("sqs")
    counts = {}
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        )["Attributes"]
        if count := sum(int(value) for value in attributes.values()):
            counts[url.rsplit("/", 1)[-1]] = count
    return counts


def _deploy_bad_model(sagemaker: Any, good: str) -> None:
    """What a release does: a new model, a new configuration, an update of the endpoint."""
    config = sagemaker.describe_endpoint_config(EndpointConfigName=good)
    variant = config["ProductionVariants"][0]
    model = sagemaker.describe_model(ModelName=variant["ModelName"])
    container = model["PrimaryContainer"]
    container["Environment"] = {**container.get("Environment", {}), **BAD_SETTING}
    sagemaker.create_model(
        ModelName=f"{ENDPOINT}-v2", PrimaryContainer=container, ExecutionRoleArn=model["ExecutionRoleArn"]
    )
    kept = {name: config[name] for name in ("DataCaptureConfig", "MetricsConfig", "KmsKeyId") if config.get(name)}
    sagemaker.create_endpoint_config(
        EndpointConfigName=f"{ENDPOINT}-v2", ProductionVariants=[{**variant, "ModelName": f"{ENDPOINT}-v2"}], **kept
    )
    sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=f"{ENDPOINT}-v2")


def _settled(sagemaker: Any, *, other_than: str | None) -> bool:
    endpoint = sagemaker.describe_endpoint(EndpointName=ENDPOINT)
    if endpoint["EndpointStatus"] in {"Failed", "UpdateRollbackFailed"}:
        raise SandboxError(f"the endpoint failed: {endpoint.get('FailureReason')}")
    return bool(endpoint["EndpointStatus"] == "InService" and endpoint["EndpointConfigName"] != other_than)


def _alarming(cloudwatch: Any) -> dict[str, Any] | None:
    alarms: list[dict[str, Any]] = cloudwatch.describe_alarms(
        AlarmNamePrefix=f"{ENDPOINT}/{VARIANT}/errors", StateValue="ALARM"
    )["MetricAlarms"]
    return alarms[0] if alarms else None


def _incident(sandbox: Running, alarm_name: str) -> dict[str, Any] | None:
    return next((incident for incident in sandbox.inbox("incidents") if alarm_name in json.dumps(incident)), None)


def _resolved(sandbox: Running, dedup_key: str) -> bool:
    return any(
        incident["dedup_key"] == dedup_key and incident["status"] == "resolved"
        for incident in sandbox.inbox("incidents")
    )


def _message(sandbox: Running, words: str) -> bool:
    return words in json.dumps(sandbox.inbox("messages"))


def _header(sandbox: Running, words: str) -> str | None:
    """What the newest message of the channel with these words says, replies aside."""
    heads = [head for channel in sandbox.inbox("messages") for head in channel["messages"]]
    return next((head["text"] for head in reversed(heads) if words in head["text"]), None)


def _stop_schedules(sandbox: Running) -> None:
    scheduler = sandbox.client("scheduler")
    for listed in scheduler.list_schedules()["Schedules"]:
        found = scheduler.get_schedule(Name=listed["Name"], GroupName=listed["GroupName"])
        kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
        scheduler.update_schedule(**{name: found[name] for name in kept}, State="DISABLED")


def _told(events: list[dict[str, Any]], sink: str) -> list[Any]:
    """What a sink was sent for people to read: neither heartbeats nor calls that only look or upload."""
    bodies = [event["body"] for event in events if event["sink"] == sink and event["accepted"]]
    silent = {"pagerduty": lambda body: "payload" not in body, "slack": lambda body: not body.get("text")}
    silent["webhook"] = lambda body: body.get("type") == "heartbeat"
    return [body for body in bodies if sink not in silent or not silent[sink](body)]


def _fired(cloudwatch: Any) -> list[dict[str, str]]:
    history = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate", MaxRecords=100)["AlarmHistoryItems"]
    return [
        {"alarm": item["AlarmName"], "at": item["Timestamp"].astimezone(UTC).isoformat()}
        for item in reversed(history)
        if item["HistorySummary"].endswith("to ALARM")
    ]


def _wait(sandbox: Running, what: str, probe: Callable[[], T | None], *, seconds: float = _PATIENCE_SECONDS) -> T:
    """Asks `probe` until it answers; a process that ends meanwhile is an error at once."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := probe():
            return answer
        sandbox.children.check()
        time.sleep(0.2)
    raise SandboxError(f"waited {seconds:g} s for {what}; the logs: {sandbox.children.log('aws').parent}")


def report(sandbox: Running, story: Story) -> dict[str, object]:
    """What `report.json` holds; times are wall-clock unless they say otherwise."""
    events = sandbox.inbox("events")
    return {
        "speed": sandbox.clock.speed,
        "stacks": sandbox.stacks(),
        "requests_served": story.answered,
        "requests_failed": story.failed,
        "alarms_fired": story.alarms,
        "alarm_to_page_seconds": story.page_seconds,
        "diagnosis": story.diagnosis,
        **{sink: _told(events, sink) for sink in ("pagerduty", "slack", "email", "webhook")},
        "resolved": story.resolved,
        "undelivered": undelivered(sandbox),
        "timeline": [
            {
                "at": datetime.fromtimestamp(wall, UTC).isoformat(),
                "sandbox_time": datetime.fromtimestamp(inside, UTC).isoformat(),
                "what": what,
            }
            for wall, inside, what in story.moments
        ],
        "synthetic_metrics": ["GPUUtilization", "GPUMemoryUtilization"],
    }
