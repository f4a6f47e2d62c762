"""CloudTrail: who called SageMaker, when, and about what, in sandbox time."""

import json
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from ministack.core.responses import new_uuid, request_scope
from ministack.services import cloudtrail

from sandbox.aws.environment import ACCOUNT, REGION
from sandbox.clock import Clock

_SERVICE = "sagemaker"
_RESOURCES = {
    "EndpointName": "AWS::SageMaker::Endpoint",
    "EndpointConfigName": "AWS::SageMaker::EndpointConfig",
    "ModelName": "AWS::SageMaker::Model",
}
_READING = ("Describe", "List", "Get")


def install(clock: Clock) -> None:
    """Let ministack's CloudTrail follow `clock`."""
    cloudtrail.time = SimpleNamespace(time=clock.now, strftime=time.strftime, gmtime=time.gmtime)


def record(operation: str, request: Mapping[str, Any], who: str) -> None:
    """Note a call of SageMaker's API that changed something; CloudTrail has reading ones too, which would only hide it here."""
    if operation.startswith(_READING):
        return
    resources = [
        {"ResourceType": kind, "ResourceName": request[name]} for name, kind in _RESOURCES.items() if request.get(name)
    ]
    with request_scope(ACCOUNT, REGION):
        cloudtrail.record_event(
            service=_SERVICE,
            event_name=operation,
            username=who,
            access_key_id=who,
            resources=resources,
            region=REGION,
            request_id=new_uuid(),
            user_agent="",
            request_params=_camel_case(json.loads(json.dumps(dict(request), default=str))),
            method="POST",
        )


def _camel_case(value: Any) -> Any:
    """A request as CloudTrail writes it: `endpointConfigName`."""
    if isinstance(value, dict):
        # Not the names in a container's environment, such as MAX_INPUT_BYTES.
        return {
            name[:1].lower() + name[1:] if name[1:2].islower() else name: _camel_case(inner)
            for name, inner in value.items()
        }
    return [_camel_case(inner) for inner in value] if isinstance(value, list) else value
