"""A training, processing or transform job: how it ended and why, and what its log said last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alert_common.alert import Resource
from alert_common.context import Job
from alert_common.redact import redact
from alert_enricher.enrich import logs as log
from alert_enricher.enrich.finding import Finding

STREAMS, LAST_LINES = 3, 200
"""Hosts whose logs are read, and the lines of each."""


@dataclass(frozen=True, kw_only=True)
class _Kind:
    name: str
    """As SageMaker's fields begin."""
    group: str


KINDS: Mapping[str, _Kind] = {
    "training-job": _Kind(name="Training", group="/aws/sagemaker/TrainingJobs"),
    "processing-job": _Kind(name="Processing", group="/aws/sagemaker/ProcessingJobs"),
    "transform-job": _Kind(name="Transform", group="/aws/sagemaker/TransformJobs"),
}


def fetch(resource: Resource, sagemaker: Any) -> Finding:
    """Describe the job."""
    name = KINDS[resource.kind].name
    describe = getattr(sagemaker, f"describe_{name.lower()}_job")
    told: Mapping[str, Any] = describe(**{f"{name}JobName": resource.name})
    machines = _machines(told)
    job = Job(
        status=told.get(f"{name}JobStatus", ""),
        failure=redact(told.get("FailureReason", "") or told.get("ExitMessage", "")),
        instance_type=machines.get("InstanceType", "") or machines.get("SelectedInstanceType", ""),
        instance_count=machines.get("InstanceCount") or machines.get("SelectedInstanceCount"),
        started_at=told.get(f"{name}StartTime"),
        ended_at=told.get(f"{name}EndTime"),
    )
    return Finding(values={"job": job})


def lines(resource: Resource, logs: Any) -> Finding:
    """Read the last lines of its hosts: the errors among them, or else how they end.

    SageMaker names a job's log streams JOB/HOST-TIME.
    """
    group = KINDS[resource.kind].group
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{resource.name}/", limit=STREAMS)
    events: list[tuple[int, str]] = []
    for stream in streams.get("logStreams", []):
        page = logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], limit=LAST_LINES, startFromHead=False
        )
        events += [(e["timestamp"], e["message"]) for e in page.get("events", [])]
    return Finding(values={"logs": log.errors_or_end(events)})


def _machines(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find what it runs on: training has one kind of machine or groups of them, of which the first is told."""
    resources: Mapping[str, Any] = (
        told.get("ResourceConfig") or told.get("ProcessingResources", {}).get("ClusterConfig") or {}
    ) or told.get("TransformResources", {})
    groups = resources.get("InstanceGroups") or [{}]
    return {**groups[0], **resources}
