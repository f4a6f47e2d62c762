"""Real clients of botocore whose answers a test sets: requests and answers are checked against the services' own models."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.session import get_session

REGION = "eu-west-1"
_session = get_session()
_session.set_credentials("test", "test")


@dataclass
class ModelledAws:
    """Every service: answers an operation (`describe_endpoint`) with what is set for it, and records what was asked.

    An answer is a mapping, an exception, or a function of the request's parameters; without one, operations answer with nothing.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def client(self, service: str, region: str | None = None) -> Any:
        """Return a client as the functions would make it."""
        client, asked_last = _client(service, region or REGION)
        asked_last.clear()
        asked_last.append(self)
        return client

    def called(self, operation: str) -> list[Mapping[str, Any]]:
        """List the parameters of every call of an operation."""
        return [asked for name, asked in self.calls if name == operation]

    def answer(self, operation: Any, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer one call."""
        name = xform_name(operation.name)
        self.calls.append((name, asked))
        answer = self.answers.get(name, {})
        if isinstance(answer, BaseException):
            raise answer
        told: Mapping[str, Any] = answer(**asked) if callable(answer) else answer
        unknown = list(_unknown(told, operation.output_shape, operation.name)) if operation.output_shape else []
        assert not unknown, f"no such fields: {unknown}"
        return told


@cache
def _client(service: str, region: str) -> tuple[Any, list[ModelledAws]]:
    """Make a client that asks whoever was put into the list; making one is what takes long."""
    client, answering = _session.create_client(service, region_name=region), list[ModelledAws]()

    def note(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = dict(params)

    def answer(model: Any, context: Mapping[str, Any], **_: Any) -> Any:
        return AWSResponse("https://test", 200, HTTPHeaders(), None), answering[0].answer(model, context["asked"])

    client.meta.events.register("provide-client-params.*.*", note)
    client.meta.events.register("before-call.*.*", answer)
    return client, answering


def _unknown(told: Any, shape: Any, where: str) -> Iterator[str]:
    """List what of an answer the service's model does not have."""
    if shape.type_name == "structure":
        for name, value in told.items():
            if name in shape.members:
                yield from _unknown(value, shape.members[name], f"{where}.{name}")
            else:
                yield f"{where}.{name}"
    elif shape.type_name == "list":
        for value in told:
            yield from _unknown(value, shape.member, f"{where}[]")
    elif shape.type_name == "map":
        for value in told.values():
            yield from _unknown(value, shape.value, f"{where}{{}}")
    elif shape.type_name == "string" and not isinstance(told, str):
        yield f"{where}: {told!r} is no string"
