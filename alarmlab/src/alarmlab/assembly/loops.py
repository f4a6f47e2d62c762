"""Fn::ForEach: resources that a template declares in loops.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from alarmlab.errors import InputError, UnsupportedError

FOR_EACH = "Fn::ForEach::"


def unrolled(members: Mapping[str, Any], value_of: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
    """Members of a section by name, with those of loops in the place of the loops.

    Args:
        members: of the section.
        value_of: works out a value of the template.

    Raises:
        InputError: a loop is not understood.
        UnsupportedError: only the deployment decides what a loop goes over.
    """
    for name, member in members.items():
        if name.startswith(FOR_EACH):
            yield from _loop(name, member, value_of)
        else:
            yield name, member


def _loop(name: str, loop: Any, value_of: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
    match loop:
        case [str() as variable, items, Mapping() as body]:
            values = value_of(items)
        case _:
            raise InputError(f"{name}: it needs a name, a list and what to repeat")
    if not isinstance(values, list):
        raise UnsupportedError(f"{name}: what it goes over is known only once it is deployed: write the list itself")
    for value in values:
        yield from unrolled(_filled(body, variable, str(value)), value_of)


def _filled(part: Any, variable: str, value: str) -> Any:
    """A part of the body with the variable's value, also in names; `&{x}` is the value without what is no letter or digit."""
    if isinstance(part, str):
        bare = "".join(character for character in value if character.isalnum())
        return part.replace(f"${{{variable}}}", value).replace(f"&{{{variable}}}", bare)
    if isinstance(part, list):
        return [_filled(item, variable, value) for item in part]
    if isinstance(part, Mapping):
        if dict(part) == {"Ref": variable}:
            return value
        return {_filled(name, variable, value): _filled(item, variable, value) for name, item in part.items()}
    return part
