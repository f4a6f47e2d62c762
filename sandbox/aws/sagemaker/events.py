"""State changes of endpoints as EventBridge events."""

import re
from typing import Any, Protocol


class EndpointFacts(Protocol):
    """What an event tells about an endpoint."""

    name: str
    arn: str
    config_name: str
    status: str
    created: float
    modified: float
    failure_reason: str | None
    tags: dict[str, str]


def state_change(endpoint: EndpointFacts, variants: list[dict[str, Any]]) -> dict[str, Any]:
    """The detail of a "SageMaker Endpoint State Change": upper-case status, times in epoch milliseconds."""
    detail: dict[str, Any] = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config_name,
        "ProductionVariants": variants,
        "EndpointStatus": event_status(endpoint.status),
        "CreationTime": round(endpoint.created * 1000),
        "LastModifiedTime": round(endpoint.modified * 1000),
        "Tags": dict(endpoint.tags),
    }
    if endpoint.failure_reason:
        detail["FailureReason"] = endpoint.failure_reason
    return detail


def event_status(status: str) -> str:
    """`InService` in the API is `IN_SERVICE` in an event."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()
