"""Requests checked against the service's own model, which botocore carries."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from sandbox.aws.sagemaker.errors import ServiceError, invalid

_TRUTH = {"true": True, "false": False}


@cache
def _service() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")


def known_operation(operation: str) -> bool:
    """Whether SageMaker has an operation of this name."""
    return operation in _service().operation_names


def checked(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of `request` that `operation` knows.

    Values of another scalar type are converted where CloudFormation converts them too ("1" where a number is due).

    Raises:
        ServiceError: a `ValidationException` that lists every violated constraint.
    """
    shape = _service().operation_model(operation).input_shape
    if shape is None:
        return {}
    known: dict[str, Any] = _conform(shape, request)
    report = ParamValidator().validate(known, shape)
    problems = [report.generate_report()] if report.has_errors() else list(_violations(shape, known, ""))
    if problems:
        plural = "s" if len(problems) > 1 else ""
        raise invalid(f"{len(problems)} validation error{plural} detected: {'; '.join(problems)}")
    return known


def operation_of(target: str) -> str:
    """The operation an `X-Amz-Target` header names.

    Raises:
        ServiceError: SageMaker has no such operation.
    """
    operation = target.removeprefix("SageMaker.")
    if not known_operation(operation):
        raise ServiceError("UnknownOperationException", f"SageMaker has no operation {operation!r}")
    return operation


def _conform(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return {name: _conform(shape.members[name], item) for name, item in value.items() if name in shape.members}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_conform(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {str(name): _conform(shape.value, item) for name, item in value.items()}
    if isinstance(value, str):
        return _from_text(shape.type_name, value)
    if shape.type_name == "string" and isinstance(value, (int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def _from_text(type_name: str, text: str) -> str | int | float | bool:
    try:
        if type_name in {"integer", "long"}:
            return int(text)
        if type_name in {"float", "double"}:
            return float(text)
    except ValueError:
        return text
    return _TRUTH.get(text.lower(), text) if type_name == "boolean" else text


def _violations(shape: Shape, value: Any, path: str) -> list[str]:
    if isinstance(shape, StructureShape):
        found = [_violations(shape.members[name], item, _join(path, name)) for name, item in value.items()]
    elif isinstance(shape, ListShape):
        found = [_violations(shape.member, item, f"{path}.{number}.member") for number, item in enumerate(value, 1)]
    elif isinstance(shape, MapShape):
        found = [_violations(shape.value, item, f"{path}.{name}.member") for name, item in value.items()]
    else:
        found = []
    return [*_own_violations(shape, value, path), *(problem for problems in found for problem in problems)]


def _join(path: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member


def _own_violations(shape: Shape, value: Any, path: str) -> list[str]:
    rules = []
    metadata = shape.metadata
    enum = shape.enum if isinstance(shape, StringShape) else None
    if enum and value not in enum:
        rules.append(f"Member must satisfy enum value set: [{', '.join(enum)}]")
    pattern = metadata.get("pattern")
    if pattern and isinstance(value, str) and not _matches(pattern, value):
        rules.append(f"Member must satisfy regular expression pattern: {pattern}")
    largest = metadata.get("max")
    if largest is not None and isinstance(value, (str, list, dict)) and len(value) > largest:
        rules.append(f"Member must have length less than or equal to {largest}")
    if largest is not None and isinstance(value, (int, float)) and value > largest:
        rules.append(f"Member must have value less than or equal to {largest}")
    return [f"Value '{value}' at '{path}' failed to satisfy constraint: {rule}" for rule in rules]


def _matches(pattern: str, value: str) -> bool:
    try:
        return bool(re.fullmatch(pattern, value, re.DOTALL))
    except re.error:  # Java's classes, such as \p{IsLetter}, are not Python's: such values pass unchecked
        return True
