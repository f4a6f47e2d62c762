"""SageMaker's resource types for CloudFormation: Model, EndpointConfig and Endpoint."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.sagemaker.control import ControlPlane
from sandbox.aws.sagemaker.errors import ServiceError

MODEL = "AWS::SageMaker::Model"
ENDPOINT_CONFIG = "AWS::SageMaker::EndpointConfig"
ENDPOINT = "AWS::SageMaker::Endpoint"

# Properties whose change replaces the resource; the template reference marks all others "No interruption".
REPLACING: dict[str, tuple[str, ...]] = {
    MODEL: (
        "ModelName",
        "PrimaryContainer",
        "Containers",
        "ExecutionRoleArn",
        "VpcConfig",
        "EnableNetworkIsolation",
        "InferenceExecutionConfig",
    ),
    ENDPOINT_CONFIG: (
        "EndpointConfigName",
        "ProductionVariants",
        "ShadowProductionVariants",
        "DataCaptureConfig",
        "AsyncInferenceConfig",
        "ExplainerConfig",
        "MetricsConfig",
        "KmsKeyId",
        "ExecutionRoleArn",
        "VpcConfig",
        "EnableNetworkIsolation",
    ),
    ENDPOINT: ("EndpointName",),
}
_TRANSITION_SECONDS = 600.0
_WHO = "AWSCloudFormation"
"""Who CloudTrail names for what a stack does: the session of its role."""

Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]


class Resources:
    """Create, update and delete functions of the three types, in the shape of ministack's table of handlers.

    `Ref` is the ARN and `Fn::GetAtt` gives the name, as the template reference says.

    Args:
        control: where the resources live.
        name: makes a physical name from stack name and logical id.
    """

    def __init__(self, *, control: ControlPlane, name: Callable[[str, str], str]) -> None:
        self._control = control
        self._name = name

    def handlers(self) -> dict[str, dict[str, Callable[..., Any]]]:
        """Resource type to its functions."""
        return {
            MODEL: {
                "create": lambda logical_id, properties, stack: self._create("Model", logical_id, properties, stack),
                "update": self._update_tags,
                "delete": lambda physical_id, _: self._delete("Model", physical_id),
            },
            ENDPOINT_CONFIG: {
                "create": lambda logical_id, properties, stack: self._create(
                    "EndpointConfig", logical_id, properties, stack
                ),
                "update": self._update_tags,
                "delete": lambda physical_id, _: self._delete("EndpointConfig", physical_id),
            },
            ENDPOINT: {
                "create": self._create_endpoint,
                "update": self._update_endpoint,
                "delete": self._delete_endpoint,
            },
        }

    def _create(self, kind: str, logical_id: str, properties: Properties, stack: str) -> Created:
        name = properties.get(f"{kind}Name") or self._name(stack, logical_id)
        response = self._control.call(f"Create{kind}", {**properties, f"{kind}Name": name}, who=_WHO)
        return response[f"{kind}Arn"], {f"{kind}Name": name}

    def _create_endpoint(self, logical_id: str, properties: Properties, stack: str) -> Created:
        physical_id, attributes = self._create("Endpoint", logical_id, properties, stack)
        try:
            self._wait(attributes["EndpointName"])
        except ServiceError:
            # CloudFormation deletes what it could not create; the engine does not know it yet.
            self._delete_endpoint(physical_id, properties)
            raise
        return physical_id, attributes

    def _update_endpoint(self, physical_id: str, old: Properties, new: Properties, _stack: str) -> Created:
        name = _name_in(physical_id)
        if old.get("EndpointConfigName") != new["EndpointConfigName"]:
            self._control.call(
                "UpdateEndpoint",
                {"EndpointName": name, "EndpointConfigName": new["EndpointConfigName"]},
                who=_WHO,
            )
            self._wait(name)
            endpoint = self._control.endpoint(name)
            if endpoint.config_name != new["EndpointConfigName"]:
                raise ServiceError("NotStabilized", f"Endpoint {name} was rolled back: {endpoint.failure_reason}")
        self._update_tags(physical_id, old, new, _stack)
        return physical_id, {"EndpointName": name}

    def _update_tags(self, physical_id: str, old: Properties, new: Properties, _stack: str) -> Created:
        kept = {tag["Key"] for tag in new.get("Tags", [])}
        dropped = [tag["Key"] for tag in old.get("Tags", []) if tag["Key"] not in kept]
        if dropped:
            self._control.call("DeleteTags", {"ResourceArn": physical_id, "TagKeys": dropped}, who=_WHO)
        if kept:
            self._control.call("AddTags", {"ResourceArn": physical_id, "Tags": new["Tags"]}, who=_WHO)
        kind = "Model" if ":model/" in physical_id else "EndpointConfig"
        return physical_id, {f"{kind}Name": _name_in(physical_id)}

    def _delete(self, kind: str, physical_id: str) -> None:
        self._control.call(f"Delete{kind}", {f"{kind}Name": _name_in(physical_id)}, who=_WHO)

    def _delete_endpoint(self, physical_id: str, _properties: Properties) -> None:
        endpoint = self._control.endpoint(_name_in(physical_id))
        endpoint.wait_until_settled(_TRANSITION_SECONDS)
        self._delete("Endpoint", physical_id)
        endpoint.wait_until_settled(_TRANSITION_SECONDS)

    def _wait(self, name: str) -> None:
        endpoint = self._control.endpoint(name)
        status = endpoint.wait_until_settled(_TRANSITION_SECONDS)
        if status != "InService":
            raise ServiceError(
                "NotStabilized", f"Endpoint {name} is {status}: {endpoint.failure_reason or 'no reason given'}"
            )


def emulated(resource_type: str, properties: Mapping[str, Any]) -> list[str]:
    """What of a resource the sandbox does otherwise than AWS, a line each."""
    if resource_type == MODEL:
        containers = [properties.get("PrimaryContainer") or {}, *(properties.get("Containers") or [])]
        lines = ["the image is not pulled: a process on this machine stands for it"]
        if any("ModelDataUrl" in container or "ModelDataSource" in container for container in containers):
            lines.append("model data is not downloaded: the process has its own weights")
        return [*lines, *_ignored(properties, "VpcConfig", "EnableNetworkIsolation", "ExecutionRoleArn")]
    if resource_type == ENDPOINT_CONFIG:
        lines = []
        for variant in properties.get("ProductionVariants") or []:
            kind = variant.get("InstanceType") or "serverless"
            lines.append(
                f"variant {variant.get('VariantName')}: {kind} is one process on this machine's CPU; GPU metrics are "
                "synthetic, and follow the request rate"
            )
        return [
            *lines,
            *_ignored(
                properties,
                "MetricsConfig",
                "AsyncInferenceConfig",
                "ExplainerConfig",
                "ShadowProductionVariants",
                "KmsKeyId",
                "VpcConfig",
                "EnableNetworkIsolation",
            ),
        ]
    if resource_type == ENDPOINT:
        return _ignored(
            properties,
            "DeploymentConfig",
            "ExcludeRetainedVariantProperties",
            "RetainAllVariantProperties",
            "RetainDeploymentConfig",
        )
    return []


def _ignored(properties: Mapping[str, Any], *names: str) -> list[str]:
    return [f"{name} has no effect" for name in names if properties.get(name) not in (None, False)]


def _name_in(arn: str) -> str:
    return arn.rpartition("/")[2]
