"""SageMaker Runtime: InvokeEndpoint."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.aws.sagemaker.capture import CaptureSettings, DataCapture, Exchange
from sandbox.aws.sagemaker.container import ContainerReply
from sandbox.aws.sagemaker.control import ControlPlane
from sandbox.aws.sagemaker.endpoint import Endpoint
from sandbox.aws.sagemaker.errors import ServiceError, invalid
from sandbox.aws.sagemaker.fleet import Variant
from sandbox.aws.sagemaker.metrics import Outcome, Record, record_invocation

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
_MAX_BODY_BYTES = 25 * 1024 * 1024
_FORWARDED = {
    "content-type": "Content-Type",
    "accept": "Accept",
    "x-amzn-sagemaker-custom-attributes": "X-Amzn-SageMaker-Custom-Attributes",
}
_DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class InvocationReply:
    """The response of InvokeEndpoint."""

    headers: Mapping[str, str]
    body: bytes


class Runtime:
    """Invokes endpoints, and records what each invocation did."""

    def __init__(self, *, control: ControlPlane, record: Record, capture: DataCapture) -> None:
        self._control = control
        self._record = record
        self._capture = capture

    def invoke(
        self, endpoint_name: str, body: bytes, headers: Mapping[str, str], *, received: float
    ) -> InvocationReply:
        """Send a request to one of the endpoint's variants; blocks until the container answered.

        Args:
            endpoint_name: name of the endpoint.
            body: the request's body.
            headers: its headers, names in lower case.
            received: `time.perf_counter()` when the request arrived.

        Raises:
            ServiceError: ValidationError for what cannot be invoked, ModelError when the container failed.
        """
        if len(body) > _MAX_BODY_BYTES:
            raise ServiceError("ValidationError", f"HTTP content length exceeded {_MAX_BODY_BYTES} bytes.", status=413)
        endpoint, variant = self._target(endpoint_name, headers.get("x-amzn-sagemaker-target-variant"))
        forwarded = {name: headers[key] for key, name in _FORWARDED.items() if key in headers}
        forwarded.setdefault("Content-Type", _DEFAULT_TYPE)
        variant.count_request()
        sent = time.perf_counter()
        reply = variant.container.invoke(body, forwarded)
        answered = time.perf_counter()
        self._count(endpoint, variant, reply.status, received=received, sent=sent, answered=answered)
        if not 200 <= reply.status < 300:
            raise _model_error(endpoint_name, reply)
        response = _response_headers(reply, variant.plan.name)
        self._offer_capture(
            endpoint,
            variant,
            Exchange(
                inference_id=headers.get("x-amzn-sagemaker-inference-id"),
                input_type=forwarded["Content-Type"],
                input=body,
                output_type=response["Content-Type"],
                output=reply.body,
            ),
        )
        return InvocationReply(headers=response, body=reply.body)

    def _target(self, endpoint_name: str, variant_name: str | None) -> tuple[Endpoint, Variant]:
        try:
            endpoint = self._control.endpoint(endpoint_name)
        except ServiceError:
            raise ServiceError(
                "ValidationError", f"Endpoint {endpoint_name} of account 000000000000 not found."
            ) from None
        fleet = endpoint.fleet
        if fleet is None:
            raise ServiceError(
                "ValidationError", f"Endpoint {endpoint_name} is not in service: it is {endpoint.status}."
            )
        variant = fleet.choose(variant_name)
        if variant is None:
            wanted = f"has no variant {variant_name}" if variant_name else "has no variant with a weight above 0"
            raise ServiceError("ValidationError", f"Endpoint {endpoint_name} {wanted}.")
        return endpoint, variant

    def _count(
        self, endpoint: Endpoint, variant: Variant, status: int, *, received: float, sent: float, answered: float
    ) -> None:
        model_seconds = answered - sent
        record_invocation(
            self._record,
            dimensions={"EndpointName": endpoint.name, "VariantName": variant.plan.name},
            instances=variant.instance_count,
            outcome=Outcome(
                status=status,
                model_seconds=model_seconds,
                overhead_seconds=time.perf_counter() - received - model_seconds,
            ),
        )

    def _offer_capture(self, endpoint: Endpoint, variant: Variant, exchange: Exchange) -> None:
        try:
            config = self._control.config(endpoint.config_name)
        except ServiceError:  # the config may be deleted while the endpoint serves
            return
        settings = CaptureSettings.from_config(config.get("DataCaptureConfig"))
        if settings is not None:
            self._capture.offer(exchange, settings, endpoint_name=endpoint.name, variant_name=variant.plan.name)


def not_supported(path: str) -> ServiceError:
    """The answer to a runtime operation that the sandbox does not have."""
    return invalid(
        f"{path}: the sandbox serves POST /endpoints/NAME/invocations only, no streams and no async requests"
    )


def _response_headers(reply: ContainerReply, variant_name: str) -> dict[str, str]:
    headers = {
        "Content-Type": reply.headers.get("Content-Type", _DEFAULT_TYPE),
        "x-Amzn-Invoked-Production-Variant": variant_name,
    }
    attributes = reply.headers.get("X-Amzn-SageMaker-Custom-Attributes")
    if attributes is not None:
        headers["X-Amzn-SageMaker-Custom-Attributes"] = attributes
    return headers


def _model_error(endpoint_name: str, reply: ContainerReply) -> ServiceError:
    group = f"/aws/sagemaker/Endpoints/{endpoint_name}"
    text = reply.body.decode(errors="replace")
    side = "client" if 400 <= reply.status < 500 else "server"
    return ServiceError(
        "ModelError",
        f'Received {side} error ({reply.status}) from primary with message "{text}". See the log group {group} in '
        "account 000000000000 for more information.",
        status=424,
        OriginalStatusCode=reply.status or 500,
        OriginalMessage=text,
        LogStreamArn=f"arn:aws:logs:us-east-1:000000000000:log-group:{group}",
    )
