"""Application Auto Scaling where nothing scales: what is asked for is an empty list."""

from typing import Any

_TARGET = "AnyScaleFrontendService."
_EMPTY = {
    "DescribeScalingActivities": "ScalingActivities",
    "DescribeScalableTargets": "ScalableTargets",
    "DescribeScalingPolicies": "ScalingPolicies",
    "DescribeScheduledActions": "ScheduledActions",
}


def is_for_scaling(target: str) -> bool:
    """Whether a request with this `X-Amz-Target` is for Application Auto Scaling."""
    return target.startswith(_TARGET)


def answer(target: str) -> tuple[int, dict[str, Any]]:
    """Status and body; 501 for an operation that changes something."""
    operation = target.removeprefix(_TARGET)
    if operation in _EMPTY:
        return 200, {_EMPTY[operation]: []}
    message = f"Application Auto Scaling {operation}: the sandbox does not have it; it has {', '.join(_EMPTY)}"
    return 501, {"__type": "NotImplemented", "message": message}
