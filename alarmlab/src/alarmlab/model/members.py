"""Members of a resource's properties, each with its type; what is wrong is told with the member, its value and the fix."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from alarmlab.errors import InputError, UnsupportedError

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
Members = Mapping[str, Any]


def text(members: Members, name: str) -> str:
    """A text, empty where there is none; CloudFormation takes numbers and truth values for texts."""
    value = members.get(name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise InputError(f"{name}: {value!r} is not a text")


def required_text(members: Members, name: str) -> str:
    """A text that must be there."""
    value = text(members, name)
    if not value:
        raise InputError(f"{name} is required")
    return value


def one_of(members: Members, name: str, allowed: Sequence[str], default: str = "") -> str:
    """One of `allowed`, or `default` where there is none."""
    value = text(members, name) or default
    if value and value not in allowed:
        raise _known(name, value) or InputError(f"{name}: {value!r} is not supported: use {', '.join(allowed)}")
    return value


def truth(members: Members, name: str, *, default: bool) -> bool:
    """A truth value, also as the text `true` or `false`."""
    value = members.get(name)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _known(name, value) or InputError(f"{name}: {value!r} is neither true nor false")


def number(members: Members, name: str) -> float | None:
    """A number, also as a text, None where there is none."""
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise _known(name, value) or InputError(f"{name}: {value!r} is not a number")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(f"{name}: {value!r} is not a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise InputError(f"{name}: {value!r} is not a finite number")
    return found


def integer(members: Members, name: str, least: int, most: int | None = None) -> int | None:
    """A whole number from `least` to `most`, None where there is none."""
    found = number(members, name)
    if found is None:
        return None
    if found != int(found):
        raise InputError(f"{name}: {members[name]!r} is not a whole number")
    if found < least or (most is not None and found > most):
        limits = f"at least {least}" if most is None else f"between {least} and {most}"
        raise InputError(f"{name}: {members[name]} is not {limits}")
    return int(found)


def required_integer(members: Members, name: str, least: int, most: int | None = None) -> int:
    """A whole number that must be there."""
    found = integer(members, name, least, most)
    if found is None:
        raise InputError(f"{name} is required")
    return found


def mapping(members: Members, name: str) -> Members | None:
    """Members of a member, None where there are none."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise _known(name, value) or InputError(f"{name}: {value!r} is not a mapping")
    return value


def required_mapping(members: Members, name: str) -> Members:
    """Members of a member that must be there."""
    value = mapping(members, name)
    if value is None:
        raise InputError(f"{name} is required")
    return value


def mappings(members: Members, name: str) -> list[Members]:
    """A list of members, empty where there is none."""
    found = _list(members, name)
    wrong = [item for item in found if not isinstance(item, Mapping)]
    if wrong:
        raise _known(name, wrong[0]) or InputError(f"{name}: {wrong[0]!r} is not a mapping")
    return found


def texts(members: Members, name: str) -> tuple[str, ...]:
    """A list of texts, empty where there is none."""
    found = _list(members, name)
    wrong = [item for item in found if not isinstance(item, str)]
    if wrong:
        raise InputError(f"{name}: {wrong[0]!r} is not a text")
    return tuple(found)


def refuse_unknown(members: Members, allowed: frozenset[str], what: str) -> None:
    """Refuse members that are not evaluated here."""
    unknown = sorted(set(members) - allowed)
    if unknown:
        raise UnsupportedError(f"{unknown[0]} is not a member of {what} that is known here")


def within(place: str, error: InputError) -> InputError:
    """`error` with the place in which it happened in front."""
    return type(error)(f"{place}: {error}")


def _list(members: Members, name: str) -> list[Any]:
    value = members.get(name)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise _known(name, value) or InputError(f"{name}: {value!r} is not a list")
    return list(value)


def _known(name: str, value: object) -> InputError | None:
    """The error of a value that stands for something known only at deployment."""
    if not isinstance(value, str) or "${" not in value:
        return None
    return UnsupportedError(
        f"{name}: {value} is known only once it is deployed: write the value itself, or give its parameter a Default"
    )
