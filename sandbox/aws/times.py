"""Sandbox time inside ministack's own services, where a reader compares it with metrics, and for what runs on a schedule."""

import time
from datetime import UTC, datetime, tzinfo
from types import SimpleNamespace
from typing import Any

from ministack.services import cloudwatch_logs, eventbridge, scheduler

from sandbox.clock import Clock

_TICK = 10.0
"""Sandbox seconds between looks at what is scheduled: ministack's own, in its seconds."""
_SHORTEST_TICK = 0.1


def install(clock: Clock) -> None:
    """Let log timestamps, the time of events and schedules follow `clock`."""
    append = cloudwatch_logs._append_log_events

    def append_in_sandbox_time(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
        append(stream, [_shifted(event, clock) for event in events])

    cloudwatch_logs._append_log_events = append_in_sandbox_time
    tick = max(clock.wall_seconds(_TICK), _SHORTEST_TICK)
    eventbridge._now_ts = clock.now
    eventbridge.datetime = _datetime_of(clock)
    eventbridge._SCHEDULER_TICK_INTERVAL = tick
    scheduler.time = SimpleNamespace(time=clock.now, sleep=time.sleep)
    scheduler._SCHEDULE_TICK_INTERVAL = tick
    invoke_target = eventbridge._invoke_target

    def invoke_target_in_context(target: dict[str, Any], event: dict[str, Any], *others: Any) -> None:
        if event["Source"] == "aws.scheduler" and target.get("Input"):
            target = {**target, "Input": _in_context(target["Input"], event)}
        invoke_target(target, event, *others)

    eventbridge._invoke_target = invoke_target_in_context


def _in_context(text: str, event: dict[str, Any]) -> str:
    """The input of a schedule's target, with the context attributes that EventBridge Scheduler writes into it."""
    attributes = {
        "schedule-arn": event["Resources"][0],
        "scheduled-time": datetime.fromtimestamp(event["Time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": event["EventId"],
        "attempt-number": "1",
    }
    for name, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _datetime_of(clock: Clock) -> type[datetime]:
    class SandboxDatetime(datetime):
        """A datetime whose now is the sandbox's."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "SandboxDatetime":
            return cls.fromtimestamp(clock.now(), tz)

    return SandboxDatetime


def _shifted(event: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """A log event whose service stamped it by itself, as Lambda does, has the wall-clock time of its ingestion."""
    ingested = round(clock.at(event["ingestionTime"] / 1000) * 1000)
    stamped_here = event["timestamp"] == event["ingestionTime"]
    return {**event, "ingestionTime": ingested, "timestamp": ingested if stamped_here else event["timestamp"]}
