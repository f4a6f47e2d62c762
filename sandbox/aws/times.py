"""Sandbox time inside ministack's own services, where a reader compares it with metrics."""

from typing import Any

from ministack.services import cloudwatch_logs, eventbridge

from sandbox.clock import Clock


def install(clock: Clock) -> None:
    """Let log timestamps and the time of events follow `clock`."""
    append = cloudwatch_logs._append_log_events

    def append_in_sandbox_time(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
        append(stream, [_shifted(event, clock) for event in events])

    cloudwatch_logs._append_log_events = append_in_sandbox_time
    eventbridge._now_ts = clock.now


def _shifted(event: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """A log event whose service stamped it by itself, as Lambda does, has the wall-clock time of its ingestion."""
    ingested = round(clock.at(event["ingestionTime"] / 1000) * 1000)
    stamped_here = event["timestamp"] == event["ingestionTime"]
    return {**event, "ingestionTime": ingested, "timestamp": ingested if stamped_here else event["timestamp"]}
