"""JSON for frozen dataclasses, by their annotations; a validating library would triple what these functions import.

What a type's JSON looks like is worked out once, as functions: these lie in the way of every alert.
"""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
_Convert = Callable[[Any], Any]


def dumps(value: object) -> str:
    """Write a dataclass as JSON, in ASCII: SQS refuses some characters (U+FFFE) that JSON may hold."""
    return json.dumps(_plain(value), separators=(",", ":"), allow_nan=False)


def loads(kind: type[T], text: str) -> T:
    """Read what `dumps` wrote; fields that are not known are left out, those that are absent take their defaults.

    Raises:
        ValueError: the text is not such a value; the message names the field.
    """
    schema: Any = kind
    value: T = _read(_reader(schema), json.loads(text), kind.__name__, kind)
    return value


@cache
def _writer(kind: Any) -> _Convert:
    if is_dataclass(kind):
        names = tuple(field.name for field in fields(kind))
        return lambda value: {name: _plain(getattr(value, name)) for name in names}
    if issubclass(kind, Mapping):
        return lambda value: {str(k): _plain(v) for k, v in value.items()}
    if issubclass(kind, tuple):
        return lambda value: [_plain(v) for v in value]
    if issubclass(kind, datetime):
        return datetime.isoformat
    return (lambda value: value.value) if issubclass(kind, Enum) else (lambda value: value)


def _plain(value: Any) -> Any:
    kind: Any = type(value)
    return value if value is None or kind is str else _writer(kind)(value)


@cache
def _reader(kind: Any) -> _Convert:  # noqa: PLR0911 - one way out a kind
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return lambda value: value
    if origin in (Union, types.UnionType):
        present = _reader(next(a for a in args if a is not types.NoneType))
        return lambda value: None if value is None else present(value)
    if origin is tuple and args[1:] == (Ellipsis,):
        item = _reader(args[0])
        return lambda value: tuple([item(v) for v in value])
    if origin is tuple:
        items = [_reader(a) for a in args]
        return lambda value: tuple(read(v) for read, v in zip(items, value, strict=True))
    if origin is Mapping:
        item = _reader(args[1])
        return lambda value: {str(k): item(v) for k, v in value.items()}
    if is_dataclass(kind):
        return _dataclass_reader(kind)
    if kind is datetime:
        return datetime.fromisoformat
    if kind is float or (isinstance(kind, type) and issubclass(kind, Enum)):
        return kind
    return lambda value: _exactly(kind, value)


def _dataclass_reader(kind: Any) -> _Convert:
    hints = get_type_hints(kind)
    readers = {field.name: (_reader(hints[field.name]), hints[field.name]) for field in fields(kind)}

    def read(value: Any) -> Any:
        known = {}
        for name, given in value.items():
            if name in readers:
                reader, hint = readers[name]
                known[name] = _read(reader, given, f"{kind.__name__}.{name}", hint)
        try:
            return kind(**known)
        except ValueError as error:  # its own check
            raise ValueError(f"cannot read {kind.__name__}: {error}") from error

    return read


def _read(reader: _Convert, value: Any, where: str, kind: Any) -> Any:
    try:
        return reader(value)
    except (TypeError, ValueError, AttributeError) as error:
        if str(error).startswith("cannot read"):
            raise
        name = getattr(kind, "__name__", kind)
        raise ValueError(f"cannot read {where}: {value!r:.80} is not {name}") from error


def _exactly(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError
    return value
