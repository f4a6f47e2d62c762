"""CloudWatch's three wire protocols (CBOR, JSON, form-encoded with XML), read and written by botocore's own model."""

import base64
import json
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

import cbor2
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, Shape, StructureShape
from ministack.services import cloudwatch as ministack_cloudwatch

Response = tuple[int, dict[str, str], bytes]
Values = dict[str, Any]


class ServiceError(Exception):
    """What an operation answers instead of a result: code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@cache
def _model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("cloudwatch", "service-2"), "cloudwatch")


class Request:
    """One call: its operation, its input with timestamps as Unix seconds, and how to answer it."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> None:
        content_type = headers.get("content-type", "")
        target = headers.get("x-amz-target", "")
        self._cbor = "cbor" in content_type or "cbor" in headers.get("smithy-protocol", "")
        self._json = not self._cbor and ("json" in content_type or bool(target))
        form = dict(query)
        if not (self._cbor or self._json) and body:
            form |= ministack_cloudwatch.parse_qs(body.decode(errors="replace"), keep_blank_values=True)
        flat = {name: value[0] if isinstance(value, list) else value for name, value in form.items()}
        in_path = re.search(r"/operation/([^/?]+)", path)
        self.operation: str = target.rpartition(".")[2] or (in_path[1] if in_path else "") or flat.get("Action", "")
        self.input: Values = {}
        if self.operation in _model().operation_names:
            shape = _model().operation_model(self.operation).input_shape
            raw: Any = flat
            if self._cbor:
                raw = cbor2.loads(body) if body else {}
            elif self._json:
                raw = json.loads(body) if body else {}
            if shape is not None:
                self.input = _from_query(shape, "", flat) or {} if raw is flat else _read(shape, raw)

    def check(self) -> None:
        """Refuse a request that lacks a required member.

        Raises:
            ServiceError: naming the member.
        """
        shape = _model().operation_model(self.operation).input_shape
        missing = _missing(shape, self.input) if shape is not None else None
        if missing:
            raise ServiceError("ValidationError", f"{self.operation}: {missing} is required")

    def answer(self, output: Values) -> Response:
        """The successful response; members that are unset, or that the operation does not have, are left out."""
        shape = _model().operation_model(self.operation).output_shape
        if self._cbor:
            body = cbor2.dumps(_write(shape, output, "cbor") if shape else {})
            return 200, {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}, body
        if self._json:
            body = json.dumps(_write(shape, output, "json") if shape else {}).encode()
            return 200, {"Content-Type": "application/x-amz-json-1.0"}, body
        inner = f"<{self.operation}Result>{_xml(shape, output)}</{self.operation}Result>" if shape else ""
        text = (
            f'<{self.operation}Response xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/">{inner}'
            f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata></{self.operation}Response>"
        )
        return 200, {"Content-Type": "text/xml"}, text.encode()

    def refuse(self, error: ServiceError) -> Response:
        """The response that makes a client raise `error`."""
        refused: Response = ministack_cloudwatch._error(
            error.code, error.message, error.status, use_json=self._json, use_cbor=self._cbor
        )
        return refused


def _read(shape: Shape, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(shape, StructureShape):
        members = shape.members
        return {name: _read(members[name], item) for name, item in value.items() if name in members}
    if isinstance(shape, ListShape):
        return [_read(shape.member, item) for item in value]
    if shape.type_name == "timestamp":
        return ministack_cloudwatch._parse_ts(value)
    return _scalar(shape.type_name, value)


def _missing(shape: Shape, value: Any) -> str | None:
    """The path of the first required member that `value` lacks."""
    if isinstance(shape, ListShape):
        items = (_missing(shape.member, item) for item in value)
        return next((missing for missing in items if missing), None)
    if not isinstance(shape, StructureShape):
        return None
    for name in shape.required_members:
        if value.get(name) is None:
            return name
    for name, item in value.items():
        missing = _missing(shape.members[name], item) if item is not None else None
        if missing:
            return f"{name}.{missing}"
    return None


def _scalar(type_name: str, value: Any) -> Any:
    if type_name in ("integer", "long"):
        return int(value)
    if type_name in ("double", "float"):
        return float(value)
    if type_name == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    return value


def _from_query(shape: Shape, prefix: str, form: dict[str, str]) -> Any:
    if isinstance(shape, StructureShape):
        found = {
            name: _from_query(member, f"{prefix}.{name}" if prefix else name, form)
            for name, member in shape.members.items()
        }
        return {name: value for name, value in found.items() if value is not None} or None
    if isinstance(shape, ListShape):
        items: list[Any] = []
        while (item := _from_query(shape.member, f"{prefix}.member.{len(items) + 1}", form)) is not None:
            items.append(item)
        return items or None
    value = form.get(prefix)
    if value is None:
        return None
    return ministack_cloudwatch._parse_ts(value) if shape.type_name == "timestamp" else _scalar(shape.type_name, value)


def _write(shape: Shape, value: Any, protocol: str) -> Any:
    if isinstance(shape, StructureShape):
        return {
            name: _write(member, value[name], protocol)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape):
        return [_write(shape.member, item, protocol) for item in value]
    if shape.type_name == "timestamp":
        return cbor2.CBORTag(1, float(value)) if protocol == "cbor" else float(value)
    if shape.type_name == "blob" and protocol == "json":
        return base64.b64encode(value).decode()
    return value


def _xml(shape: Shape, value: Any) -> str:
    if isinstance(shape, StructureShape):
        return "".join(
            f"<{name}>{_xml(member, value[name])}</{name}>"
            for name, member in shape.members.items()
            if value.get(name) is not None
        )
    if isinstance(shape, ListShape):
        return "".join(f"<member>{_xml(shape.member, item)}</member>" for item in value)
    if shape.type_name == "timestamp":
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if shape.type_name == "boolean":
        return str(value).lower()
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    return escape(str(value))


def as_input(operation: str, values: Values) -> Values:
    """`values`, say of a template where numbers may be texts, as the decoded input of `operation`."""
    shape = _model().operation_model(operation).input_shape
    read: Values = _read(shape, values) if shape is not None else {}
    return read
