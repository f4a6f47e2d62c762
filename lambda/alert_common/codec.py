"""JSON for frozen dataclasses, by their annotations; a validating library would triple what these functions import."""

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dumps(value: object) -> str:
    """Write a dataclass as JSON, in ASCII: SQS refuses some characters (U+FFFE) that JSON may hold."""
    return json.dumps(_plain(value), separators=(",", ":"), allow_nan=False)


def loads(kind: type[T], text: str) -> T:
    """Read what `dumps` wrote.

    Raises:
        ValueError: the text is not such a value; the message names the field.
    """
    value: T = _typed(kind, json.loads(text), kind.__name__)
    return value


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _typed(kind: Any, value: Any, where: str) -> Any:  # noqa: PLR0911 - one way out a kind
    origin, args = get_origin(kind), get_args(kind)
    try:
        if kind is Any:
            return value
        if origin in (Union, types.UnionType):
            return None if value is None else _typed(next(a for a in args if a is not types.NoneType), value, where)
        if origin is tuple:
            item_kinds = [args[0]] * len(value) if args[1:] == (Ellipsis,) else args
            return tuple(_typed(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(item_kinds, value, strict=True)))
        if origin is Mapping:
            return {str(k): _typed(args[1], v, f"{where}.{k}") for k, v in value.items()}
        if isinstance(kind, type) and is_dataclass(kind):
            hints = _hints(kind)
            return kind(**{k: _typed(hints[k], v, f"{where}.{k}") for k, v in value.items() if k in hints})
        if kind is datetime:
            return datetime.fromisoformat(value)
        if kind is float:
            return float(value)
        return kind(value) if isinstance(kind, type) and issubclass(kind, Enum) else _exactly(kind, value)
    except (TypeError, ValueError, AttributeError) as error:
        raise (
            error
            if str(error).startswith("cannot read")
            else ValueError(f"cannot read {where}: {value!r:.80} is not {getattr(kind, '__name__', kind)}")
        ) from error


def _exactly(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError
    return value
