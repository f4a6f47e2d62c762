"""SageMaker as one service: its parts wired together, started and stopped together."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox.aws.sagemaker.capture import DataCapture, PutObject
from sandbox.aws.sagemaker.control import ControlPlane, Trail
from sandbox.aws.sagemaker.endpoint import Endpoint, PutEvent
from sandbox.aws.sagemaker.errors import ServiceError
from sandbox.aws.sagemaker.logs import LogWriter, PutLogEvents
from sandbox.aws.sagemaker.metrics import InstanceMetrics, Record
from sandbox.aws.sagemaker.requests import operation_of
from sandbox.aws.sagemaker.runtime import Runtime
from sandbox.clock import Clock


class SageMaker:
    """SageMaker's control plane and runtime.

    Args:
        clock: the sandbox's clock.
        record: takes metrics.
        put_log_events: takes the containers' output.
        put_event: takes state changes of endpoints.
        put_object: takes captured data.
        trail: takes calls that succeeded: operation, request, who called.

    Attributes:
        control: models, endpoint configs and endpoints.
        runtime: invocations.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        record: Record,
        put_log_events: PutLogEvents,
        put_event: PutEvent,
        put_object: PutObject,
        trail: Trail,
    ) -> None:
        self._logs = LogWriter(clock=clock, put=put_log_events)
        self._capture = DataCapture(clock=clock, put_object=put_object)
        self.control = ControlPlane(
            clock=clock, logs=self._logs, put_event=put_event, on_deleted=self._deleted, trail=trail
        )
        self.runtime = Runtime(control=self.control, record=record, capture=self._capture)
        self._metrics = InstanceMetrics(clock=clock, record=record, endpoints=self.control.endpoints)

    def start(self) -> None:
        """Start publishing."""
        self._capture.start()
        self._metrics.start()

    def close(self) -> None:
        """Stop every container and thread; the services that take logs and captured data must still be there."""
        self._metrics.close()
        endpoints = self.control.endpoints()
        if endpoints:
            with ThreadPoolExecutor(len(endpoints)) as pool:
                list(pool.map(Endpoint.stop, endpoints))
        self._capture.close()
        self._logs.close()

    def answer(self, target: str, body: bytes, *, who: str) -> dict[str, Any]:
        """Answer a control-plane request: its `X-Amz-Target` header, its JSON body, and who sent it.

        Raises:
            ServiceError: the error to answer.
        """
        operation = operation_of(target)
        try:
            request = json.loads(body or b"{}")
        except ValueError as error:
            raise ServiceError("SerializationException", f"the body is not JSON: {error}") from error
        if not isinstance(request, dict):
            raise ServiceError("SerializationException", "the body is not a JSON object")
        return self.control.call(operation, request, who=who)

    def _deleted(self, endpoint: Endpoint) -> None:  # noqa: ARG002 - what was captured of all endpoints is written
        self._capture.flush()
