"""Watch deep-learning endpoints on GPUs: alarms from objectives, dashboards, and one enriched page."""

from endpointwatch.alarms import AlarmOverride, Objectives, Ownership, Signal
from endpointwatch.routing import AlertRouting, AlertTargets, AlertTopics, Email, PagerDuty, Route, Sink, Slack
from endpointwatch.sagemaker import (
    INSTANCE_SHAPES,
    DataCapture,
    EndpointMetrics,
    EndpointMonitoring,
    GpuEndpoint,
    InstanceShape,
    MetricsConfig,
    WatchedEndpoint,
)
from endpointwatch.severity import Severity

__all__ = [
    "INSTANCE_SHAPES",
    "AlarmOverride",
    "AlertRouting",
    "AlertTargets",
    "AlertTopics",
    "DataCapture",
    "Email",
    "EndpointMetrics",
    "EndpointMonitoring",
    "GpuEndpoint",
    "InstanceShape",
    "MetricsConfig",
    "Objectives",
    "Ownership",
    "PagerDuty",
    "Route",
    "Severity",
    "Signal",
    "Sink",
    "Slack",
    "WatchedEndpoint",
]
