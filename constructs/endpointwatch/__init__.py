"""Watch deep-learning endpoints on GPUs: alarms from objectives, dashboards, and one enriched page.

Names are imported when they are first used: an app that only watches an endpoint does not pay for loading the half of the CDK
that routing needs, which costs more than synthesizing ten endpoints.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from endpointwatch.alarms import AlarmOverride, AlertTargets, AlertTopics, Objectives, Ownership
    from endpointwatch.routing import (
        AlertRouting,
        CustomSink,
        Email,
        Hours,
        PagerDuty,
        Rate,
        Route,
        Sink,
        Slack,
        Webhook,
    )
    from endpointwatch.sagemaker import (
        INSTANCE_SHAPES,
        DataCapture,
        EndpointMetrics,
        EndpointMonitoring,
        GpuEndpoint,
        InstanceShape,
        MetricsConfig,
        Signal,
        WatchedEndpoint,
    )
    from endpointwatch.severity import Severity

__all__ = [
    "INSTANCE_SHAPES",
    "AlarmOverride",
    "AlertRouting",
    "AlertTargets",
    "AlertTopics",
    "CustomSink",
    "DataCapture",
    "Email",
    "EndpointMetrics",
    "EndpointMonitoring",
    "GpuEndpoint",
    "Hours",
    "InstanceShape",
    "MetricsConfig",
    "Objectives",
    "Ownership",
    "PagerDuty",
    "Rate",
    "Route",
    "Severity",
    "Signal",
    "Sink",
    "Slack",
    "WatchedEndpoint",
    "Webhook",
]

_HOMES = {
    "endpointwatch.alarms": ("AlarmOverride", "AlertTargets", "AlertTopics", "Objectives", "Ownership"),
    "endpointwatch.routing": (
        "AlertRouting",
        "CustomSink",
        "Email",
        "Hours",
        "PagerDuty",
        "Rate",
        "Route",
        "Sink",
        "Slack",
        "Webhook",
    ),
    "endpointwatch.severity": ("Severity",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'endpointwatch' has no attribute {name!r}")
    value = getattr(import_module(_HOME.get(name, "endpointwatch.sagemaker")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
