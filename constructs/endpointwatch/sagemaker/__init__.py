"""SageMaker endpoints."""

from endpointwatch.sagemaker.data_capture import DataCapture, MetricsConfig
from endpointwatch.sagemaker.endpoint import GpuEndpoint, WatchedEndpoint
from endpointwatch.sagemaker.endpoint_metrics import EndpointMetrics
from endpointwatch.sagemaker.instance_types import INSTANCE_SHAPES, InstanceShape
from endpointwatch.sagemaker.monitoring import EndpointMonitoring
from endpointwatch.sagemaker.signals import Signal

__all__ = [
    "INSTANCE_SHAPES",
    "DataCapture",
    "EndpointMetrics",
    "EndpointMonitoring",
    "GpuEndpoint",
    "InstanceShape",
    "MetricsConfig",
    "Signal",
    "WatchedEndpoint",
]
