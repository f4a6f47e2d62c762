"""Events of SageMaker that are worth a page."""

from collections.abc import Sequence

from aws_cdk import aws_events as events

from endpointwatch import _checks


def endpoint_events(endpoint_names: Sequence[str]) -> events.EventPattern:
    """Endpoints that fail to be made, updated or rolled back, and that serve again."""
    for name in _names("endpoint_names", endpoint_names):
        _checks.resource_name("endpoint_names", name)
    return events.EventPattern(
        source=["aws.sagemaker"],
        detail_type=["SageMaker Endpoint State Change"],
        detail={
            "EndpointName": list(endpoint_names),
            "EndpointStatus": ["FAILED", "OUT_OF_SERVICE", "ROLLING_BACK", "UPDATE_ROLLBACK_FAILED", "IN_SERVICE"],
        },
    )


def job_events(name_prefixes: Sequence[str]) -> events.EventPattern:
    """Training jobs that fail."""
    for prefix in _names("name_prefixes", name_prefixes):
        _checks.text("name_prefixes", prefix, fix="write how the jobs' names begin, such as ranker-")
    return events.EventPattern(
        source=["aws.sagemaker"],
        detail_type=["SageMaker Training Job State Change"],
        detail={
            "TrainingJobName": [{"prefix": prefix} for prefix in name_prefixes],
            "TrainingJobStatus": ["Failed"],
        },
    )


def _names(field: str, names: Sequence[str]) -> Sequence[str]:
    _checks.instance(field, names, list, tuple, fix="give a list, such as ['ranker']")
    if not names:
        raise ValueError(f"{field}: is empty; give at least one")
    return names
