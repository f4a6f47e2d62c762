"""The running containers of one endpoint config: a variant each."""

import os
import random
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sandbox.aws.sagemaker.container import Container, ContainerError
from sandbox.aws.sagemaker.errors import ServiceError
from sandbox.aws.sagemaker.images import command_for
from sandbox.aws.sagemaker.logs import LogWriter

_STARTUP_SECONDS = 60.0
_RESTART_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class VariantPlan:
    """One production variant as it is to run.

    Args:
        name: variant name.
        image: container image of the model.
        environment: environment variables of the model.
        instance_type: such as `ml.g5.xlarge`; empty for a serverless variant.
        instance_count: instances that the endpoint claims; one process serves them all.
        weight: share of the traffic, relative to the other variants.
        startup_seconds: how long `/ping` may take to answer 200.
    """

    name: str
    image: str
    environment: Mapping[str, str]
    instance_type: str
    instance_count: int
    weight: float
    startup_seconds: float = _STARTUP_SECONDS

    @classmethod
    def from_request(cls, variant: Mapping[str, Any], model: Mapping[str, Any]) -> "VariantPlan":
        """Read a member of `ProductionVariants` and the model that it names.

        Raises:
            ServiceError: the model has no image, or several containers, which the sandbox does not run.
        """
        containers = [model["PrimaryContainer"]] if "PrimaryContainer" in model else model.get("Containers", [])
        if len(containers) != 1 or "Image" not in containers[0]:
            raise ServiceError(
                "ValidationException",
                f"model {model['ModelName']}: has {len(containers)} containers; the sandbox runs one, with an Image",
            )
        return cls(
            name=variant["VariantName"],
            image=containers[0]["Image"],
            environment=containers[0].get("Environment", {}),
            instance_type=variant.get("InstanceType", ""),
            instance_count=max(1, variant.get("InitialInstanceCount", 1)),
            weight=variant.get("InitialVariantWeight", 1.0),
            startup_seconds=variant.get("ContainerStartupHealthCheckTimeoutInSeconds", _STARTUP_SECONDS),
        )


class Variant:
    """A variant that runs.

    Attributes:
        plan: what was asked for.
        started: `time.monotonic()` when its container was started.
        instance_id: name of its log stream's instance, `i-` and 17 hexadecimal digits.
        weight: its present share of the traffic.
        instance_count: its present count of instances.
    """

    def __init__(self, plan: VariantPlan, *, endpoint_name: str, logs: LogWriter) -> None:
        self.plan = plan
        self.started = time.monotonic()
        self.instance_id = f"i-{secrets.token_hex(9)[:17]}"
        self.weight = plan.weight
        self.instance_count = plan.instance_count
        self._last_line = ""
        self._group = f"/aws/sagemaker/Endpoints/{endpoint_name}"
        self._stream = f"{plan.name}/{self.instance_id}"
        self._logs = logs
        self._requests = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.container = self._start()

    def _start(self) -> Container:
        return Container(
            command=command_for(self.plan.image),
            environment={**os.environ, **self.plan.environment},
            on_line=self._on_line,
        )

    def _on_line(self, line: str) -> None:
        self._last_line = line
        self._logs.write(self._group, self._stream, line)

    def wait_until_healthy(self) -> None:
        """Wait for the container.

        Raises:
            ContainerError: in SageMaker's words, with the container's last line.
        """
        try:
            self.container.wait_until_healthy(self.plan.startup_seconds)
        except ContainerError as error:
            raise ContainerError(
                f"The primary container for production variant {self.plan.name} did not pass the ping health check "
                f"({error}; last line: {self._last_line or 'none'}). Please check CloudWatch logs for this endpoint."
            ) from error

    def keep_running(self) -> None:
        """Start the container again whenever its process ends, as the service does, until `stop`."""
        threading.Thread(target=self._keep_running, name=f"variant-{self.plan.name}", daemon=True).start()

    def _keep_running(self) -> None:
        while not self._stopping.is_set():
            code = self.container.wait()
            if not self._stopping.wait(_RESTART_SECONDS):
                self._on_line(f"the container ended with exit code {code} and is started again")
                self.started = time.monotonic()
                self.container = self._start()
        self.container.stop()

    def stop(self) -> None:
        """End the container."""
        self._stopping.set()
        self.container.stop()

    def count_request(self) -> None:
        """Note one request, for the synthetic GPU metrics."""
        with self._lock:
            self._requests += 1

    def take_requests(self) -> int:
        """Requests since the last call."""
        with self._lock:
            taken, self._requests = self._requests, 0
        return taken


class Fleet:
    """All variants of one endpoint config, started together."""

    def __init__(self, variants: Sequence[Variant]) -> None:
        self.variants = tuple(variants)

    @classmethod
    def start(cls, plans: Sequence[VariantPlan], *, endpoint_name: str, logs: LogWriter) -> "Fleet":
        """Start every variant and wait until all are healthy.

        Raises:
            ContainerError: one did not come up; the others are stopped again.
            ServiceError: an image that the sandbox cannot run.
        """
        variants: list[Variant] = []
        try:
            for plan in plans:
                variants.append(Variant(plan, endpoint_name=endpoint_name, logs=logs))  # noqa: PERF401 - stopped below
            for variant in variants:
                variant.wait_until_healthy()
        except (ContainerError, ServiceError, OSError):
            cls(variants).stop()
            raise
        for variant in variants:
            variant.keep_running()
        return cls(variants)

    def choose(self, target: str | None = None) -> Variant | None:
        """The variant named `target`, or one drawn by weight; None when there is none to take."""
        if target is not None:
            return next((variant for variant in self.variants if variant.plan.name == target), None)
        weights = [variant.weight for variant in self.variants]
        if not any(weights):
            return None
        return random.choices(self.variants, weights)[0]  # noqa: S311 - traffic, not a secret

    def retire(self) -> None:
        """Let every container answer the requests it has, then stop them."""
        for variant in self.variants:
            variant.container.drain()
        self.stop()

    def stop(self) -> None:
        """Stop every container, together."""
        if self.variants:
            with ThreadPoolExecutor(len(self.variants)) as pool:
                list(pool.map(Variant.stop, self.variants))
