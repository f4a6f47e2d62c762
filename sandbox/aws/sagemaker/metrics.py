"""The CloudWatch metrics of an endpoint: one function for a request, one thread for the instances."""

import math
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.aws.sagemaker.endpoint import Endpoint
from sandbox.aws.sagemaker.fleet import Variant
from sandbox.aws.sagemaker.instances import gpu_count
from sandbox.clock import Clock

_MINUTE = 60.0
_SHORTEST_PAUSE = 0.25  # seconds of the wall clock between two looks at the processes, however fast the clock runs


class Record(Protocol):
    """Stores one value of a metric, stamped with sandbox time (Unix seconds) `at`, by default now."""

    def __call__(
        self,
        namespace: str,
        name: str,
        value: float,
        *,
        unit: str,
        dimensions: Mapping[str, str],
        at: float | None = None,
    ) -> None:
        """Store it."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one invocation went.

    Args:
        status: HTTP status of the container; 0 when it did not answer.
        model_seconds: from sending the request to the container to its answer.
        overhead_seconds: the rest of the time that the request took.
    """

    status: int
    model_seconds: float
    overhead_seconds: float


def record_invocation(record: Record, *, dimensions: Mapping[str, str], instances: int, outcome: Outcome) -> None:
    """Record the `AWS/SageMaker` metrics of one request; latencies in microseconds, errors as 0 or 1."""
    failed = not 200 <= outcome.status < 300
    values = {
        "Invocations": ("None", 1.0),
        "InvocationsPerInstance": ("None", 1 / instances),
        "Invocation4XXErrors": ("None", float(400 <= outcome.status < 500)),
        "Invocation5XXErrors": ("None", float(failed and not 400 <= outcome.status < 500)),
        "InvocationModelErrors": ("None", float(failed)),
        "ModelLatency": ("Microseconds", outcome.model_seconds * 1e6),
        "OverheadLatency": ("Microseconds", outcome.overhead_seconds * 1e6),
    }
    for name, (unit, value) in values.items():
        record("AWS/SageMaker", name, value, unit=unit, dimensions=dimensions)


def synthetic_gpu(*, requests_per_second: float, gpus: int) -> tuple[float, float]:
    """GPUUtilization and GPUMemoryUtilization, both 0 to 100 times `gpus`. SYNTHETIC: this machine has no GPU.

    The weights lie in memory from the start; utilization grows with the request rate and saturates, as a GPU that
    batches does: 0 when idle, 40 % at 15 requests a second, at most 90 %.
    """
    if requests_per_second <= 0:
        return 0.0, 30.0 * gpus
    load = requests_per_second / (requests_per_second + 20)
    return (5 + 85 * load) * gpus, (30 + 25 * load) * gpus


@dataclass(frozen=True)
class _Use:
    cpu_seconds: float
    memory_bytes: int


class InstanceMetrics:
    """Publishes `/aws/sagemaker/Endpoints` once a sandbox minute, from one thread.

    CPU and memory are those of the container's process, read from /proc (without it, on macOS, they are left out);
    disk is that of this machine; GPU metrics are synthetic, see `synthetic_gpu`.
    """

    def __init__(self, *, clock: Clock, record: Record, endpoints: Callable[[], list[Endpoint]]) -> None:
        self._clock = clock
        self._record = record
        self._endpoints = endpoints
        self._ended = threading.Event()
        self._before: dict[int, tuple[float, _Use | None]] = {}  # by process id: when, and what it had used by then

    def start(self) -> None:
        """Publish until `close`."""
        threading.Thread(target=self._run, name="instance-metrics", daemon=True).start()

    def close(self) -> None:
        """Publish no more."""
        self._ended.set()

    def _run(self) -> None:
        published = math.floor(self._clock.now() / _MINUTE)
        pause = max(self._clock.wall_seconds(_MINUTE / 4), _SHORTEST_PAUSE)
        while not self._ended.wait(pause):
            minute = math.floor(self._clock.now() / _MINUTE)
            if minute > published:
                self._publish([number * _MINUTE for number in range(published, minute)])
                published = minute

    def _publish(self, minutes: list[float]) -> None:
        seen = {}
        for endpoint in self._endpoints():
            for variant in endpoint.variants():
                pid = variant.container.pid
                seen[pid] = self._publish_variant(endpoint.name, variant, pid, minutes)
        self._before = seen

    def _publish_variant(
        self, endpoint_name: str, variant: Variant, pid: int, minutes: list[float]
    ) -> tuple[float, _Use | None]:
        now, use = time.monotonic(), _use_of(pid)
        requests = variant.take_requests()
        before, use_before = self._before.get(pid, (variant.started, _Use(0.0, 0)))
        percents = {"DiskUtilization": _disk_percent()}
        if use is not None:
            percents["MemoryUtilization"] = 100 * use.memory_bytes / _machine_memory()
            if use_before is not None:
                percents["CPUUtilization"] = 100 * (use.cpu_seconds - use_before.cpu_seconds) / (now - before)
        gpus = gpu_count(variant.plan.instance_type)
        if gpus:
            rate = requests / (now - before) / variant.instance_count
            percents["GPUUtilization"], percents["GPUMemoryUtilization"] = synthetic_gpu(
                requests_per_second=rate, gpus=gpus
            )
        dimensions = {"EndpointName": endpoint_name, "VariantName": variant.plan.name}
        for at in minutes:
            for name, percent in percents.items():
                self._record("/aws/sagemaker/Endpoints", name, percent, unit="Percent", dimensions=dimensions, at=at)
        return now, use


def _use_of(pid: int) -> _Use | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    ticks = int(fields[11]) + int(fields[12])  # utime and stime, proc(5)
    return _Use(cpu_seconds=ticks / os.sysconf("SC_CLK_TCK"), memory_bytes=int(fields[21]) * os.sysconf("SC_PAGE_SIZE"))


def _machine_memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _disk_percent() -> float:
    usage = shutil.disk_usage("/")
    return 100 * usage.used / usage.total
