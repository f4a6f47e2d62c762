"""The metrics of one SageMaker endpoint variant, in the units that people think in.

Names, units and statistics: "Amazon SageMaker AI metrics in Amazon CloudWatch" in the SageMaker developer guide. Latencies are
MICROSECONDS. CPU, GPU and GPU memory come as sums over cores and GPUs and are divided here, so that 100 means full.
"""

from dataclasses import dataclass, replace

from endpointwatch.metrics import MathSpec, MetricSpec, Spec
from endpointwatch.sagemaker.instance_types import InstanceShape

_INVOCATIONS = "AWS/SageMaker"
_INSTANCES = "/aws/sagemaker/Endpoints"


@dataclass(frozen=True, kw_only=True)
class EndpointMetrics:
    """Every metric of a variant that an alarm or a graph needs.

    Args:
        endpoint_name: the endpoint; may be a CDK token.
        variant_name: its production variant; may be a CDK token.
        shape: cores and GPUs of one instance; None when the instance type is not known, and then what has to be divided by
            them is None too.
        instance_period: how often SageMaker publishes about the instances, in seconds, a multiple of 60.
    """

    endpoint_name: str
    variant_name: str
    shape: InstanceShape | None
    instance_period: int = 60

    def invocations(self) -> MetricSpec:
        """Requests in a period (count)."""
        return self._invocation("Invocations", "Sum", "requests")

    def client_error_ratio(self) -> MetricSpec:
        """Share of requests that the model answered with 4XX (0 to 1)."""
        return self._invocation("Invocation4XXErrors", "Average", "4XX")

    def failure_ratio(self, *, least_failures: int = 1) -> MathSpec:
        """Share of requests that failed on our side (0 to 1); 0 in a minute with fewer than `least_failures` of them.

        `InvocationModelErrors` counts whatever is no 2XX: the model's 5XX, but also time-outs and broken connections, which
        `Invocation5XXErrors` misses, and 4XX, which are the clients' doing.
        """
        failures = "IF(m5xx > failed - m4xx, m5xx, failed - m4xx)"
        return MathSpec(
            expression=f"IF({failures} >= {least_failures}, {failures} / requests, 0)",
            using={
                "requests": self.invocations(),
                "m4xx": self._invocation("Invocation4XXErrors", "Sum", "4XX"),
                "m5xx": self._invocation("Invocation5XXErrors", "Sum", "5XX"),
                "failed": self._invocation("InvocationModelErrors", "Sum", "model errors"),
            },
            label="failed requests (share)",
        )

    def model_latency(self, statistic: str = "p99") -> MetricSpec:
        """Time that the model took, as SageMaker saw it (MICROSECONDS)."""
        return self._invocation("ModelLatency", statistic, f"model {statistic}")

    def overhead_latency(self, statistic: str = "Average") -> MetricSpec:
        """Time that SageMaker added (MICROSECONDS); percentiles are not among its documented statistics."""
        return self._invocation("OverheadLatency", statistic, f"SageMaker overhead {statistic}")

    def cpu(self) -> MathSpec | None:
        """Busy share of all cores (percent, 0 to 100)."""
        return self._divided("CPUUtilization", self.shape.vcpus, "CPU") if self.shape else None

    def gpu(self) -> MathSpec | None:
        """Busy share of all GPUs (percent, 0 to 100)."""
        return self._divided("GPUUtilization", self.shape.gpus, "GPU") if self.shape and self.shape.gpus else None

    def gpu_memory(self) -> MathSpec | None:
        """Used share of all GPUs' memory (percent, 0 to 100)."""
        if not (self.shape and self.shape.gpus):
            return None
        return self._divided("GPUMemoryUtilization", self.shape.gpus, "GPU memory")

    def gpu_while_busy(self, *, busy: float) -> MathSpec:
        """GPU work while the model is busy for at least a share `busy` of the time, else 100 (percent of one GPU, summed).

        Near zero, the model works without the GPU: it fell back to the CPU. Busy is the model's latency added up: a lightly
        loaded endpoint, whose GPU has little to do, does not count. A minute without the GPU's metric, which comes late or not at
        all, has no value: IF drops what is missing where its condition is false, and takes it for 0 where it is true.
        """
        period = self.instance_period
        return MathSpec(
            expression=f"IF(worked / {period * 1_000_000} < {busy:g}, 100, gpu)",
            using={
                "worked": replace(self.model_latency("Sum"), period=period),
                "gpu": self._instance("GPUUtilization", "Average", "GPU"),
            },
            label="GPU while busy (%)",
        )

    def memory(self) -> MetricSpec:
        """Used memory of the instance (percent, 0 to 100)."""
        return self._instance("MemoryUtilization", "Maximum", "memory")

    def disk(self) -> MetricSpec:
        """Used disk of the instance (percent, 0 to 100)."""
        return self._instance("DiskUtilization", "Maximum", "disk")

    def _dimensions(self) -> dict[str, str]:
        return {"EndpointName": self.endpoint_name, "VariantName": self.variant_name}

    def _invocation(self, name: str, statistic: str, label: str) -> MetricSpec:
        return MetricSpec(
            namespace=_INVOCATIONS,
            name=name,
            dimensions=self._dimensions(),
            statistic=statistic,
            label=label,
        )

    def _instance(self, name: str, statistic: str, label: str) -> MetricSpec:
        return MetricSpec(
            namespace=_INSTANCES,
            name=name,
            dimensions=self._dimensions(),
            statistic=statistic,
            period=self.instance_period,
            label=label,
        )

    def _divided(self, name: str, count: int, label: str) -> MathSpec:
        return MathSpec(
            expression=f"raw / {count}",
            using={"raw": self._instance(name, "Average", label)},
            label=f"{label} (% of {count})",
        )


def required(spec: Spec | None, *, metric: str) -> Spec:
    """`spec`, or a clear error when the instance type is not known."""
    if spec is None:
        raise ValueError(
            f"{metric}: the endpoint's instance type is not known, or has no GPU; "
            "give instance_type (or instance_shape) to from_endpoint_attributes"
        )
    return spec
