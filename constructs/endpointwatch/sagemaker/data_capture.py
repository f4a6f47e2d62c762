"""What of an endpoint's inputs and outputs is kept, and for how long."""

from dataclasses import dataclass
from typing import Literal

from endpointwatch import _checks

Captured = Literal["Input", "Output"]


@dataclass(frozen=True, kw_only=True)
class DataCapture:
    """Capture of requests and responses to S3.

    Args:
        sampling_percentage: share of requests that is kept, 0 to 100. The default keeps a fifth: enough to compare
            distributions, without doubling what the endpoint writes.
        captured: inputs, outputs, or both.
        csv_content_types: content types that are kept as text. What is in neither list is kept in BASE64, which most
            readers do not expect.
        json_content_types: content types that are kept as JSON.
        expire_after_days: when S3 deletes what was captured (days); payloads may hold personal data.
    """

    sampling_percentage: int = 20
    captured: tuple[Captured, ...] = ("Input", "Output")
    csv_content_types: tuple[str, ...] = ("text/csv",)
    json_content_types: tuple[str, ...] = ("application/json", "application/jsonlines")
    expire_after_days: int = 30

    def __post_init__(self) -> None:
        _checks.whole("sampling_percentage", self.sampling_percentage, low=0, high=100, fix="give a percentage")
        _checks.whole("expire_after_days", self.expire_after_days, low=1, high=36500, fix="give days")
        if not self.captured:
            raise ValueError("captured: is empty; choose Input, Output or both, or set data_capture=None")
        for mode in self.captured:
            _checks.one_of("captured", mode, ("Input", "Output"))


@dataclass(frozen=True, kw_only=True)
class MetricsConfig:
    """What SageMaker publishes about the endpoint; always said explicitly, because its defaults changed.

    Args:
        detailed_observability: per-GPU, per-host and per-container metrics over OTLP, queried with PromQL and billed. SageMaker
            switches it ON for new endpoints unless told otherwise.
        enhanced_metrics: adds InstanceId, ContainerId and a GPU dimension; every combination is billed as a custom metric.
        publish_frequency_seconds: 10, 30, 60, 120, 180, 240 or 300.
    """

    detailed_observability: bool = False
    enhanced_metrics: bool = False
    publish_frequency_seconds: int = 60

    def __post_init__(self) -> None:
        _checks.one_of("publish_frequency_seconds", self.publish_frequency_seconds, (10, 30, 60, 120, 180, 240, 300))
