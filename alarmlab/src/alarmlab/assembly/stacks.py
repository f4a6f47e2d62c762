"""Stacks: templates with their names, environments and parameters, also nested ones."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from alarmlab.assembly.files import Template, read_json, read_template
from alarmlab.errors import InputError

NESTED_TYPES = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
_SUFFIX = re.compile(r"(.+)[0-9A-F]{8}")
_STACK = "aws:cloudformation:stack"
_ASSEMBLY = "cdk:cloud-assembly"
_ASSETS = "cdk:asset-manifest"
_UNKNOWN = ("", "unknown-account", "unknown-region")


@dataclass(eq=False, kw_only=True)
class Stack:
    """A template, and what is known about its deployment.

    Args:
        name: what qualifies the ids of its alarms.
        template: its own.
        stack_name: AWS::StackName; empty where only the deployment decides it.
        account: its number; empty where only the deployment decides it.
        region: likewise.
        parent: the stack that nests it.
        nested_id: its logical id there.
        nested: the stacks that it nests, by logical id.
        missing: why the template of a nested stack cannot be read, by logical id.
        assets: files that the assembly uploads, by their hash.
        parameters: values that somebody gives, in place of defaults; those of a nested stack are its parent's to give.
        shared: short names of resources that other stacks have too.
    """

    name: str
    template: Template
    stack_name: str = ""
    account: str = ""
    region: str = ""
    parent: "Stack | None" = None
    nested_id: str = ""
    nested: dict[str, "Stack"] = field(default_factory=dict)
    missing: dict[str, InputError] = field(default_factory=dict)
    assets: Mapping[str, Path] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()

    def resource(self, id: str) -> Mapping[str, Any] | None:
        """A resource, None where there is none of this logical id."""
        found = self.template.section("Resources").get(id)
        return found if isinstance(found, Mapping) else None

    def short(self, id: str) -> str:
        """A logical id without the digits that CDK put at its end, where no other resource is called so.

        Where another stack has one of that name, the stack and a slash stand in front.
        """
        name = self.shorts.get(id, id)
        return f"{self.name}/{name}" if name in self.shared else name

    @cached_property
    def shorts(self) -> Mapping[str, str]:
        """The logical ids of resources, short where that stays unique in the stack."""
        ids = self.template.section("Resources")
        bare = Counter(without_suffix(id) for id in ids)
        return {id: short if bare[short := without_suffix(id)] == 1 else id for id in ids}


def without_suffix(id: str) -> str:
    """A logical id without the eight hexadecimal digits that CDK puts at its end."""
    found = _SUFFIX.fullmatch(id)
    return id if found is None else found[1]


def read_stacks(path: Path, parameters: Mapping[str, str]) -> list[Stack]:
    """The stacks of a cloud assembly (a folder with a manifest.json, or that file), or the one of a template file.

    Raises:
        InputError: nothing is there, or it is not understood; no template has one of the parameters.
    """
    if path.name == "manifest.json":
        path = path.parent
    if path.is_dir():
        if not (path / "manifest.json").is_file():
            raise InputError(
                f"{path}: it has no manifest.json: give the output folder of `cdk synth`, or a template file"
            )
        stacks = list(_of_assembly(path))
    else:
        name = path.name.split(".")[0]
        template = read_template(path)
        if "Resources" not in template.body:
            raise InputError(f"{path}: it is no CloudFormation template: it has no Resources")
        beside = path.with_name(f"{name}.assets.json")
        assets = dict(_files(beside)) if beside.is_file() else {}
        stacks = list(_with_nested(Stack(name=name, template=template, assets=assets)))
    return _related(stacks, parameters)


def _related(stacks: Sequence[Stack], parameters: Mapping[str, str]) -> list[Stack]:
    """The stacks, knowing of each other's names and of what is given to the outermost."""
    outermost = [stack for stack in stacks if stack.parent is None]
    known = {name for stack in outermost for name in stack.template.section("Parameters")}
    for name in parameters:
        if name not in known:
            near = ", ".join(get_close_matches(name, known) or sorted(known)[:10]) or "none"
            raise InputError(f"parameters: {name!r} is a parameter of no template here: there are {near}")
    for stack in outermost:
        stack.parameters = parameters
    number = Counter(name for stack in stacks for name in stack.shorts.values())
    for stack in stacks:
        stack.shared = frozenset(name for name in stack.shorts.values() if number[name] > 1)
    return list(stacks)


def _of_assembly(folder: Path, within: tuple[Path, ...] = ()) -> Iterator[Stack]:
    if folder.resolve() in within:
        raise InputError(f"{folder}: it is an assembly within itself")
    manifest = folder / "manifest.json"
    artifacts = read_json(manifest).get("artifacts") or {}
    if not isinstance(artifacts, Mapping):
        raise InputError(f"{manifest}: artifacts is not an object")
    assets = dict(_assets(folder, manifest, artifacts))
    for name in artifacts:
        artifact = mapping_in(artifacts, name)
        kind, properties = artifact.get("type"), mapping_in(artifact, "properties")
        if kind == _ASSEMBLY:
            inner = folder / _member(manifest, name, properties, "directoryName")
            yield from _of_assembly(inner, (*within, folder.resolve()))
        elif kind == _STACK:
            account, _, region = str(artifact.get("environment", "")).removeprefix("aws://").partition("/")
            stack = Stack(
                name=str(artifact.get("displayName") or name),
                template=read_template(folder / _member(manifest, name, properties, "templateFile")),
                stack_name=str(properties.get("stackName") or name),
                account="" if account in _UNKNOWN else account,
                region="" if region in _UNKNOWN else region,
                assets=assets,
            )
            yield from _with_nested(stack)


def _assets(folder: Path, manifest: Path, artifacts: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    for name in artifacts:
        artifact = mapping_in(artifacts, name)
        if artifact.get("type") == _ASSETS:
            yield from _files(folder / _member(manifest, name, mapping_in(artifact, "properties"), "file"))


def _files(manifest: Path) -> Iterator[tuple[str, Path]]:
    """The files that a manifest of assets uploads, by their hash."""
    assets = mapping_in(read_json(manifest), "files")
    for key in assets:
        path = mapping_in(mapping_in(assets, key), "source").get("path")
        if isinstance(path, str) and path and "\0" not in path:
            yield key, manifest.resolve().parent / path


def _member(manifest: Path, artifact: str, properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    if not isinstance(value, str) or "\0" in value:
        raise InputError(f"{manifest}: the artifact {artifact!r} has no {name}")
    return value


def _with_nested(stack: Stack) -> Iterator[Stack]:
    yield stack
    for id, resource in stack.template.section("Resources").items():
        member = NESTED_TYPES.get(str(resource.get("Type"))) if isinstance(resource, Mapping) else None
        if member is None:
            continue
        try:
            template = read_template(_nested_path(stack, resource, member))
        except InputError as error:
            stack.missing[id] = InputError(f"the template of the nested stack {id!r} cannot be read: {error}")
            continue
        stack.nested[id] = Stack(
            name=f"{stack.name}/{id}",
            template=template,
            account=stack.account,
            region=stack.region,
            parent=stack,
            nested_id=id,
            assets=stack.assets,
        )
        yield from _with_nested(stack.nested[id])


def mapping_in(owner: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The mapping that `owner` has under a name; an empty one where there is something else, or nothing."""
    found = owner.get(name)
    return found if isinstance(found, Mapping) else {}


def _nested_path(stack: Stack, resource: Mapping[str, Any], member: str) -> Path:
    metadata = mapping_in(resource, "Metadata")
    properties = mapping_in(resource, "Properties")
    url = json.dumps(properties.get(member))
    given = metadata.get("aws:asset:path") or next((path for key, path in stack.assets.items() if key in url), None)
    given = given or properties.get(member)
    if not isinstance(given, str | Path) or "://" in str(given):
        raise InputError(f"{member} is no file here")
    path = (stack.template.path.parent if stack.template.path else Path()) / given
    ancestor: Stack | None = stack
    while ancestor is not None:
        if ancestor.template.path is not None and ancestor.template.path.resolve() == path.resolve():
            raise InputError(f"{path}: it nests itself")
        ancestor = ancestor.parent
    return path
