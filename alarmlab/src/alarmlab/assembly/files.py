"""Templates as they lie on disk, with the lines of their resources."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from alarmlab.errors import InputError
from alarmlab.files import read_text

_MAX_DEPTH = 200
_SHORT_FORMS = ("Ref", "Condition")
"""Functions whose tags are their names."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template.

    Args:
        body: with functions in their long form: `{"Fn::Sub": ...}`.
        path: the file; None where there is none.
        lines: of resources by logical id, as far as they are known.
    """

    body: Mapping[str, Any]
    path: Path | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """A part of the template, empty where there is none.

        Raises:
            InputError: it is not a mapping.
        """
        found = self.body.get(name)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            raise InputError(f"{self.path or 'template'}: {name} is not a mapping")
        return found

    def place(self, id: str) -> str:
        """Where the resource `id` is declared: the file and its line; empty where there is no file."""
        if self.path is None:
            return ""
        line = self.lines.get(id)
        return str(self.path) if line is None else f"{self.path}:{line}"


def read_template(path: Path) -> Template:
    """The template in a file, JSON or YAML.

    Raises:
        InputError: with the file and the line of what is not understood.
    """
    text = read_text(path)
    body, lines = _json(path, text) if text.lstrip().startswith("{") else _yaml(path, text)
    if not isinstance(body, dict):
        raise InputError(f"{path}: it is no CloudFormation template: the top level is not a mapping")
    return Template(body=body, path=path, lines=lines)


def read_json(path: Path) -> Mapping[str, Any]:
    """The object in a JSON file.

    Raises:
        InputError: with the file and the line of what is not understood.
    """
    body, _ = _json(path, read_text(path))
    if not isinstance(body, dict):
        raise InputError(f"{path}: the top level is not an object")
    return body


def _json(path: Path, text: str) -> tuple[Any, dict[str, int]]:
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: it is no JSON: {error.msg}") from error
    except RecursionError as error:
        raise InputError(f"{path}: it is nested too deeply") from error
    return body, _json_lines(body, text)


def _json_lines(body: Any, text: str) -> dict[str, int]:
    resources = body.get("Resources") if isinstance(body, dict) else None
    at = text.find('"Resources"')
    if not isinstance(resources, dict) or at < 0:
        return {}
    lines, line = dict[str, int](), text.count("\n", 0, at) + 1
    for id in resources:
        found = re.compile(re.escape(json.dumps(id)) + r"\s*:\s*\{").search(text, at)
        if found is not None:
            line += text.count("\n", at, found.start())
            at = found.start()
            lines[id] = line
    return lines


class _StructureError(yaml.MarkedYAMLError):
    """A name that a mapping has twice, or nesting without end."""


class Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    """YAML as CloudFormation takes it: `!Sub` for `Fn::Sub`, dates as text, no name twice, not too deep."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._too_deep = _too_deep(text)

    def get_single_node(self) -> yaml.Node | None:
        """See `yaml.SafeLoader`."""
        # libyaml would overflow the stack, which ends the process.
        if self._too_deep is not None:
            raise _StructureError(problem="it is nested too deeply", problem_mark=self._too_deep)
        return super().get_single_node()  # type: ignore[no-any-return]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """See `yaml.SafeLoader`."""
        first: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and first.setdefault(key.value, key) is not key:
                raise _StructureError(problem=f"{key.value!r} is there twice", problem_mark=key.start_mark)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]


def _too_deep(text: str) -> Any:
    """The mark at which YAML is nested too deeply, None where it is not."""
    depth = 0
    with suppress(yaml.YAMLError):
        for event in yaml.parse(text, Loader=Loader.__base__):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                return event.start_mark
    return None


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    name = suffix if suffix in _SHORT_FORMS else f"Fn::{suffix}"
    match node:
        case yaml.MappingNode():
            return {name: loader.construct_mapping(node, deep=True)}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.ScalarNode)
    value = loader.construct_scalar(node)
    return {name: str(value).split(".", 1) if suffix == "GetAtt" else value}


Loader.add_multi_constructor("!", _function)
Loader.yaml_implicit_resolvers = {
    first: [item for item in resolvers if item[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(path: Path, text: str) -> tuple[Any, dict[str, int]]:
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise InputError(f"{path}: it is empty")
        return loader.construct_document(node), _yaml_lines(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InputError(f"{place}: it is no YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path}: it is no YAML: {error}") from error
    except RecursionError as error:
        raise InputError(f"{path}: it is nested too deeply") from error
    finally:
        loader.dispose()


def _yaml_lines(node: yaml.Node) -> dict[str, int]:
    resources = _child(node, "Resources")
    if not isinstance(resources, yaml.MappingNode):
        return {}
    return {key.value: key.start_mark.line + 1 for key, _ in resources.value if isinstance(key, yaml.ScalarNode)}


def _child(node: yaml.Node, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)
