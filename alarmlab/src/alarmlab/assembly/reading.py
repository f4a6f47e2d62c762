"""Reads the alarms of templates."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from alarmlab.assembly.assembly import Assembly
from alarmlab.assembly.files import Template
from alarmlab.assembly.intrinsics import Exports, Resolver
from alarmlab.assembly.links import Named, Names, linked
from alarmlab.assembly.loops import unrolled
from alarmlab.assembly.stacks import Stack, read_stacks
from alarmlab.engine.dry_run import checked
from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.alarms import Alarm
from alarmlab.model.mute import MUTE_RULE, MuteRule, read_mute_rule
from alarmlab.model.read import COMPOSITE_ALARM, TYPES, read_alarm

_REFERENCES = {COMPOSITE_ALARM: ("AlarmRule", "ActionsSuppressor"), MUTE_RULE: ("MuteTargets",)}
"""Properties that mention alarms."""


_NONE: Mapping[str, str] = MappingProxyType({})


def read_assembly(path: Path | str, *, parameters: Mapping[str, str] = _NONE) -> Assembly:
    """The alarms of a cloud assembly (a folder with a manifest.json) or of a template file, JSON or YAML.

    An alarm's id is its logical id, with its stack and a slash in front where several stacks have it. What only the
    deployment decides is a stand-in: see `alarmlab.assembly.intrinsics`. An alarm that cannot be read is among those refused,
    with the reason; the others are read all the same.

    Args:
        path: of the folder or file.
        parameters: values of the templates' parameters, in place of their defaults.

    Raises:
        InputError: nothing is there, or the file is not understood, with the file and the line; no template has one of the
            parameters.
    """
    return _read(read_stacks(Path(path), parameters))


def read_resources(
    resources: Mapping[str, Any], *, beside: Path | str | None = None, parameters: Mapping[str, str] = _NONE
) -> Assembly:
    """The alarms among resources as a template has them: `{Type: ..., Properties: {...}}` by logical id.

    Args:
        resources: composite alarms among them may mention alarms of `beside`.
        beside: a cloud assembly or a template file, whose alarms come along; None for none.
        parameters: those of `beside`, as for `read_assembly`.

    Raises:
        InputError: as `read_assembly`.
    """
    stacks = [] if beside is None else read_stacks(Path(beside), parameters)
    return _read([*stacks, Stack(name="", template=Template(body={"Resources": resources}))])


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A resource that is read: its stack, logical id and id here."""

    stack: Stack
    logical: str
    id: str
    resource: Mapping[str, Any]


def _read(stacks: Sequence[Stack]) -> Assembly:
    alarms: list[Alarm] = []
    names: list[Named] = []
    rules: list[tuple[str, MuteRule]] = []
    refused: dict[str, InputError] = {}
    for stack in stacks:
        refused |= _unroll(stack)
    places: dict[str, str] = {}
    exports = _exports(stacks)
    declared = list(_declared(stacks))
    for item in declared:
        place = item.stack.template.place(item.logical)
        places[item.id] = place
        try:
            properties = _properties(item, exports)
            if properties is None:
                continue
            if item.resource["Type"] == MUTE_RULE:
                rules.append((item.stack.name, read_mute_rule(properties, id=item.id)))
            else:
                named = {"AlarmName": item.logical, **properties}
                names.append(Named(name=str(named["AlarmName"]), id=item.id, stack=item.stack.name))
                read = read_alarm(item.resource["Type"], named, id=item.id, stack=item.stack.name)
                alarms.append(checked(read))
        except InputError as error:
            refused[item.id] = type(error)(f"{place}: {error}") if place else error
    for stack in stacks:
        refused |= {f"{stack.name}/{id}": error for id, error in stack.missing.items()}
    ids = {(item.stack.name, item.logical): item.id for item in declared}
    return linked(alarms, rules, Names(names, ids), refused, places)


def _declared(stacks: Sequence[Stack]) -> Iterator[Declared]:
    found = [
        (stack, logical, resource)
        for stack in stacks
        for logical, resource in stack.template.section("Resources").items()
        if isinstance(resource, Mapping) and resource.get("Type") in (*TYPES, MUTE_RULE)
    ]
    number = Counter(logical for _, logical, _ in found)
    for stack, logical, resource in found:
        id = logical if number[logical] == 1 or not stack.name else f"{stack.name}/{logical}"
        yield Declared(stack=stack, logical=logical, id=id, resource=resource)


def _unroll(stack: Stack) -> dict[str, InputError]:
    """Write the loops of a stack's resources out; those that cannot be, by id, with the reason."""
    refused: dict[str, InputError] = {}
    resources: dict[str, Any] = {}
    for name, resource in stack.template.section("Resources").items():
        try:
            resources |= unrolled({name: resource}, Resolver(stack, {}).value)
        except InputError as error:
            place = stack.template.place(name)
            refused[f"{stack.name}/{name}"] = type(error)(f"{place}: {error}" if place else str(error))
    stack.template = replace(stack.template, body={**stack.template.body, "Resources": resources})
    return refused


def _properties(item: Declared, exports: Exports) -> Mapping[str, Any] | None:
    """The properties, worked out; None where a condition says that there is no such resource."""
    try:
        return _worked_out(item, exports) if _exists(item, exports) else None
    except InputError as error:
        kind = "mute rule" if item.resource["Type"] == MUTE_RULE else "alarm"
        raise type(error)(f"{kind} {item.id!r}: {error}") from error


def _exists(item: Declared, exports: Exports) -> bool:
    condition = item.resource.get("Condition")
    exists = True if condition is None else Resolver(item.stack, exports).condition(condition)
    if exists is None:
        raise UnsupportedError(
            f"Condition: whether {condition!r} holds is known only once it is deployed: give its parameters a value "
            "(--parameter NAME=VALUE; parameters: in a suite) or a Default"
        )
    return exists


def _worked_out(item: Declared, exports: Exports) -> Mapping[str, Any]:
    given = item.resource.get("Properties") or {}
    if not isinstance(given, Mapping):
        raise InputError("Properties is not a mapping")
    mentions = _REFERENCES.get(item.resource["Type"], ())
    plain = Resolver(item.stack, exports).value({name: given[name] for name in given if name not in mentions})
    mentioning = Resolver(item.stack, exports, references=True).value(
        {name: given[name] for name in given if name in mentions}
    )
    if not isinstance(plain, Mapping) or not isinstance(mentioning, Mapping):
        raise UnsupportedError("Properties come from a macro, so they are known only once it is deployed")
    return {**plain, **mentioning}


def _exports(stacks: Sequence[Stack]) -> Exports:
    exports: dict[str, tuple[Stack, Any]] = {}
    for stack in stacks:
        for output in stack.template.section("Outputs").values():
            if isinstance(output, Mapping) and isinstance(output.get("Export"), Mapping):
                # An export that cannot be worked out is one that nothing here can import.
                with suppress(InputError):
                    exports[str(Resolver(stack, exports).value(output["Export"].get("Name")))] = (
                        stack,
                        output.get("Value"),
                    )
    return exports
