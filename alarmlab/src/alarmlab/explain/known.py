"""What is known of AWS's own metrics: their units, how often they come, and whether they come at all when nothing happens.

From the services' pages of metrics, such as https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from alarmlab.model.metrics import MetricId


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a metric.

    Args:
        unit: `microseconds`, `milliseconds`, `seconds`, `percent`, `share`, `count`, `bytes`; empty for not known.
        resolution: seconds between two datapoints.
        on_demand: published only when something happens: no traffic, no datapoint.
        errors: counts what went wrong; most of the time there is nothing to count.
        adds_up: a percentage that adds up over the GPUs or CPUs of an instance, so that it may pass 100.
        outcome: 1 or 0 for each request, so that its average is a share.
    """

    unit: str = ""
    resolution: int = 60
    on_demand: bool = False
    errors: bool = False
    adds_up: bool = False
    outcome: bool = False


_COUNT = Known(unit="count")
_TRAFFIC = Known(unit="count", on_demand=True)
_ERRORS = Known(unit="count", on_demand=True, errors=True)
_OUTCOME = Known(unit="count", on_demand=True, errors=True, outcome=True)
_MICROSECONDS = Known(unit="microseconds", on_demand=True)
_MILLISECONDS = Known(unit="milliseconds", on_demand=True)
_PERCENT = Known(unit="percent")
_ADDS_UP = Known(unit="percent", adds_up=True)

_METRICS: Mapping[str, Mapping[str, Known]] = {
    "AWS/SageMaker": {
        **dict.fromkeys(("Invocations", "InvocationsPerInstance", "InvocationsPerCopy"), _TRAFFIC),
        **dict.fromkeys(("Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors"), _OUTCOME),
        **dict.fromkeys(("MidStreamErrors", "InvocationFailures", "ExpiredRequests"), _ERRORS),
        **dict.fromkeys(
            ("ModelLatency", "OverheadLatency", "FirstChunkLatency", "ModelSetupTime", "TimeInBacklog"), _MICROSECONDS
        ),
        **dict.fromkeys(("ModelLoadingWaitTime", "ModelLoadingTime", "ModelDownloadingTime"), _MICROSECONDS),
        "TotalProcessingTime": _MILLISECONDS,
        "ApproximateBacklogSize": _COUNT,
        "ApproximateBacklogSizePerInstance": _COUNT,
        "ApproximateAgeOfOldestRequest": Known(unit="seconds"),
        "ConcurrentRequestsPerModel": Known(unit="count", resolution=10),
        "ConcurrentRequestsPerCopy": Known(unit="count", resolution=10),
    },
    "/aws/sagemaker/Endpoints": {
        **dict.fromkeys(("CPUUtilization", "GPUUtilization", "GPUMemoryUtilization"), _ADDS_UP),
        **dict.fromkeys(("MemoryUtilization", "DiskUtilization"), _PERCENT),
    },
    "AWS/Lambda": {
        "Invocations": _TRAFFIC,
        "Errors": Known(unit="count", on_demand=True, outcome=True, errors=True),
        **dict.fromkeys(("Throttles", "DeadLetterErrors", "DestinationDeliveryFailures"), _ERRORS),
        "Duration": _MILLISECONDS,
        "IteratorAge": _MILLISECONDS,
        "ConcurrentExecutions": _TRAFFIC,
    },
    "AWS/SQS": {
        "ApproximateNumberOfMessagesVisible": _COUNT,
        "ApproximateNumberOfMessagesNotVisible": _COUNT,
        "ApproximateAgeOfOldestMessage": Known(unit="seconds"),
        "NumberOfMessagesSent": _COUNT,
        "NumberOfMessagesReceived": _COUNT,
    },
    "AWS/SNS": {
        "NumberOfNotificationsFailed": _ERRORS,
        "NumberOfNotificationsDelivered": _TRAFFIC,
        "NumberOfMessagesPublished": _TRAFFIC,
    },
    "AWS/ApplicationELB": {
        "RequestCount": _TRAFFIC,
        "TargetResponseTime": Known(unit="seconds", on_demand=True),
        **dict.fromkeys(("HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count", "HTTPCode_Target_4XX_Count"), _ERRORS),
        "UnHealthyHostCount": _COUNT,
        "HealthyHostCount": _COUNT,
    },
    "AWS/ApiGateway": {
        "Count": _TRAFFIC,
        "4XXError": _OUTCOME,
        "5XXError": _OUTCOME,
        "Latency": _MILLISECONDS,
        "IntegrationLatency": _MILLISECONDS,
    },
    "AWS/DynamoDB": {
        **dict.fromkeys(
            ("SystemErrors", "UserErrors", "ReadThrottleEvents", "WriteThrottleEvents", "ThrottledRequests"), _ERRORS
        ),
        "SuccessfulRequestLatency": _MILLISECONDS,
    },
    "AWS/EC2": {
        "CPUUtilization": Known(unit="percent", resolution=300),
        **dict.fromkeys(("NetworkIn", "NetworkOut"), Known(unit="bytes", resolution=300)),
    },
    "AWS/ECS": dict.fromkeys(("CPUUtilization", "MemoryUtilization"), _PERCENT),
    "AWS/RDS": {
        "CPUUtilization": _PERCENT,
        "FreeStorageSpace": Known(unit="bytes"),
        "FreeableMemory": Known(unit="bytes"),
        "ReadLatency": Known(unit="seconds"),
        "WriteLatency": Known(unit="seconds"),
        "DatabaseConnections": _COUNT,
    },
    "AWS/S3": dict.fromkeys(("BucketSizeBytes", "NumberOfObjects"), Known(resolution=86_400)),
    "AWS/States": {
        **dict.fromkeys(("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionThrottled"), _ERRORS),
        "ExecutionTime": _MILLISECONDS,
    },
}
_ERROR_NAME = re.compile(r"error|fault|fail|4xx|5xx|throttl|dropped|rejected|timed?_?out|expired", re.IGNORECASE)
_UNKNOWN = Known()
_UNKNOWN_ERRORS = Known(on_demand=True, errors=True)


def known(metric: MetricId) -> Known:
    """What is known of a metric; of one that is not AWS's, what its name tells."""
    found = _METRICS.get(metric.namespace, {}).get(metric.name)
    if found is not None:
        return found
    return _UNKNOWN_ERRORS if _ERROR_NAME.search(metric.name) else _UNKNOWN
