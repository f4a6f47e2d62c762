"""CloudFormation in the embedded AWS: more resource types, and a report on what each stack really got."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners
from ministack.services.cloudformation import stacks as stack_engine

from sandbox.aws import cloudwatch
from sandbox.aws.sagemaker import cloudformation as sagemaker_types
from sandbox.aws.sagemaker.control import ControlPlane

_TYPE = re.compile(r"AWS::(?!CloudFormation::)\w+::\w+")
_NAME_CHARACTERS = 63
_CHANGES = (b"Action=ExecuteChangeSet", b"Action=DeleteStack")
_LOOK_SECONDS = 0.02
_LOOKS = 250
_SKIPPED = "skipped-by-sandbox-"


class _Skipped(dict[str, str]):
    """Attributes of a resource that was not created: every `Fn::GetAtt` on it gives a value that says so."""

    def __contains__(self, _name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return f"{_SKIPPED}{name}"

    def __bool__(self) -> bool:
        return True  # an update of the stack keeps attributes that are not false


class _Handlers(dict[str, dict[str, Any]]):
    """ministack's table of handlers; a type that it lacks is skipped and remembered instead of refused."""

    def __contains__(self, resource_type: object) -> bool:
        return super().__contains__(resource_type) or bool(_TYPE.fullmatch(str(resource_type)))

    def get(self, resource_type: str, default: Any = None) -> Any:
        known = super().get(resource_type)
        if known is None and resource_type in self:
            return {
                "create": lambda logical_id, _properties, stack: (f"{_SKIPPED}{stack}-{logical_id}", _Skipped()),
                "update": lambda physical_id, _old, _new, _stack: (physical_id, _Skipped()),
                "delete": lambda _physical_id, _properties: None,
            }
        return default if known is None else known


def install(control: ControlPlane) -> None:
    """Add SageMaker's resource types, and let stacks go on without the types that nobody here knows."""
    resources = sagemaker_types.Resources(control=control, name=_physical_name)
    provisioners._RESOURCE_HANDLERS = _Handlers({**provisioners._RESOURCE_HANDLERS, **resources.handlers()})
    provisioners._REPLACING_PROPERTIES.update(sagemaker_types.REPLACING)
    provisioners._STACK_TAG_PROPERTY.update(dict.fromkeys(sagemaker_types.REPLACING, ("Tags", "list")))
    blocking: Callable[[str], bool] = stack_engine._runs_on_worker_thread
    stack_engine._runs_on_worker_thread = lambda kind: kind == sagemaker_types.ENDPOINT or blocking(kind)
    cloudformation.handle_request = _answering_once_settled(cloudformation.handle_request)


def _answering_once_settled(answer: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Hold the answer to a change back, for five seconds at most, until no stack is in progress.

    The CDK CLI looks at once after its request and then every five seconds: most stacks are done by its first look.
    """

    async def answer_once_settled(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        reply = await answer(method, path, headers, body, query)
        if any(action in body for action in _CHANGES):
            for _ in range(_LOOKS):
                await asyncio.sleep(_LOOK_SECONDS)  # also lets the change begin, which sets the status
                if not _in_progress():
                    break
        return reply

    return answer_once_settled


def _in_progress() -> bool:
    statuses = [stack["StackStatus"] for stack in list(cloudformation._stacks._data.values())]
    return any(status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS" for status in statuses)


def report() -> list[dict[str, Any]]:
    """Every stack: `name`, `status`, and what of it was `declared`, `created`, `emulated` and `skipped`."""
    return [
        _stack_report(stack)
        for stack in list(cloudformation._stacks._data.values())
        if stack["StackStatus"] != "DELETE_COMPLETE"
    ]


def _stack_report(stack: Mapping[str, Any]) -> dict[str, Any]:
    resources = stack.get("_resources", {})
    declared = _declared(stack)
    skipped = {name for name, entry in resources.items() if entry["PhysicalResourceId"].startswith(_SKIPPED)}
    emulated = [
        {"logical_id": name, "type": entry["ResourceType"], "what": lines}
        for name, entry in resources.items()
        if name not in skipped and (lines := _emulated(entry["ResourceType"], entry["Properties"]))
    ]
    return {
        "name": stack["StackName"],
        "status": stack["StackStatus"],
        "declared": [{"logical_id": name, "type": kind} for name, kind in declared.items()],
        "created": [
            {"logical_id": name, "type": entry["ResourceType"]}
            for name, entry in resources.items()
            if name not in skipped
        ],
        "emulated": emulated,
        "skipped": [
            {
                "logical_id": name,
                "type": resources[name]["ResourceType"],
                "reason": "the sandbox does not have this resource type: nothing was created",
            }
            for name in sorted(skipped)
        ],
    }


def _declared(stack: Mapping[str, Any]) -> dict[str, str]:
    """Logical ids and types, without those whose condition is false."""
    return {
        name: entry["Type"]
        for name, entry in stack["_template"].get("Resources", {}).items()
        if stack["_conditions"].get(entry.get("Condition"), True)
    }


def _emulated(resource_type: str, properties: Mapping[str, Any]) -> list[str]:
    return [
        *sagemaker_types.emulated(resource_type, properties),
        *_emulated_by_ministack(resource_type, properties),
        *(f"{name} has no effect" for name in cloudwatch.unimplemented_properties(resource_type, properties)),
    ]


def _emulated_by_ministack(resource_type: str, properties: Mapping[str, Any]) -> list[str]:
    if resource_type.startswith("AWS::IAM::"):
        return ["permissions are not enforced"]
    if resource_type == "AWS::Lambda::Function":
        return ["runs as a process of the sandbox's own Python, without a memory limit"]
    if resource_type == "AWS::SNS::Subscription" and str(properties.get("Protocol")).startswith("email"):
        return ["confirmed without asking; its mail goes to the inbox"]
    return []


def _physical_name(stack_name: str, logical_id: str) -> str:
    name: str = provisioners._physical_name(stack_name, logical_id, max_len=_NAME_CHARACTERS)
    return name
