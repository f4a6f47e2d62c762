"""What Application Auto Scaling did to the variants of the endpoint, and what it could not do."""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from alert_common.alert import Alert, Resource
from alert_common.context import Change
from alert_common.redact import redact
from alert_enricher.enrich.changes import AFTERWARDS, LATELY, MOST
from alert_enricher.enrich.finding import Finding

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
TEXT_LIMIT = 300
_FAILED = {"Failed", "Unfulfilled"}
_TARGET = re.compile(r"desired instance count to (\d+)")
_ALARM = re.compile(r"triggered policy (\S+)")


def fetch(alert: Alert, resource: Resource, autoscaling: Any) -> Finding:
    """Return the scaling activities of the last day."""
    response = autoscaling.describe_scaling_activities(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{resource.name}/variant/{resource.variant}",
        ScalableDimension=DIMENSION,
        MaxResults=50,
    )
    began = alert.since or alert.at
    activities = [
        a
        for a in response.get("ScalingActivities", [])
        if began - LATELY <= a["StartTime"].astimezone(UTC) <= alert.at + AFTERWARDS
    ]
    newest = sorted(activities, key=lambda a: a["StartTime"], reverse=True)[:MOST]
    return Finding(values={"changes": tuple(_change(a, resource.variant) for a in newest)})


def _change(activity: Mapping[str, Any], variant: str) -> Change:
    status, description = activity.get("StatusCode", ""), activity.get("Description", "")
    failed = status in _FAILED
    target = _TARGET.search(description)
    what = f"{variant} scaled to {target[1]} instances" if target else description.rstrip(". ")
    if failed:
        what = f"{what}: {status.lower()}, {activity.get('StatusMessage', '')}"
    elif status in {"Pending", "InProgress"}:
        what = f"{what}: under way"
    policy = _ALARM.search(activity.get("Cause", ""))
    return Change(
        at=activity["StartTime"].astimezone(UTC),
        what=redact(what)[:TEXT_LIMIT],
        who=f"scaling policy {policy[1]}" if policy else "Application Auto Scaling",
        kind="scaling",
        failed=failed,
    )
