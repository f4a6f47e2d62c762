"""YAML with its lines: fields that know where they were written."""

from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from alarmlab.assembly.files import Loader
from alarmlab.errors import InputError
from alarmlab.files import read_text

_TAG = "tag:yaml.org,2002:"


class SuiteError(InputError):
    """A suite that is wrong: `file:line: field: value: fix`."""


@dataclass(frozen=True, slots=True)
class Field:
    """A value of the document.

    Args:
        file: as errors name it.
        path: `tests[0].series[1].period`.
        node: the value with its tag and its place.
    """

    file: str
    path: str
    node: Any = field(repr=False)

    @property
    def line(self) -> int:
        """Where it was written, from 1."""
        line: int = self.node.start_mark.line
        return line + 1

    @property
    def where(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys."""
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_sequence(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_null(self) -> bool:
        """Whether it is empty, `~` or `null`."""
        return bool(self.node.tag == f"{_TAG}null")

    def wrong(self, problem: str | Exception) -> SuiteError:
        """The error about this value, which `problem` says how to mend."""
        parts = [self.where, self.path, self._shown(), str(problem)]
        return SuiteError(": ".join(part for part in parts if part))

    def fields(self, allowed: Collection[str] = (), *, required: Collection[str] = ()) -> dict[str, "Field"]:
        """The values by their keys; any key where none is named.

        Raises:
            SuiteError: not a mapping, a key twice, one that is unknown, one that is not there.
        """
        if not self.is_mapping:
            raise self.wrong("write keys and values here" + (f": {', '.join(allowed)}" if allowed else ""))
        found: dict[str, Field] = {}
        for key_node, node in self.node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            here = Field(self.file, f"{self.path}.{key}" if self.path else str(key), key_node)
            if not isinstance(key, str) or not key:
                raise SuiteError(f"{here.where}: {self.path or 'the file'}: a key must be a word")
            if key in found:
                raise SuiteError(f"{here.where}: {here.path}: is there twice: keep one")
            if allowed and key not in allowed:
                raise SuiteError(f"{here.where}: {here.path}: is not known: {nearest(key, allowed)}")
            found[key] = Field(self.file, here.path, node)
        for key in required:
            if key not in found:
                raise SuiteError(f"{self.where}: {self.path or 'the file'}: {key} is missing")
        return found

    def items(self) -> list["Field"]:
        """The values of a list.

        Raises:
            SuiteError: not a list.
        """
        if not self.is_sequence:
            raise self.wrong("write a list here")
        return [Field(self.file, f"{self.path}[{index}]", node) for index, node in enumerate(self.node.value)]

    def text(self) -> str:
        """The scalar as it was written, whatever YAML would make of it: `8080` and `on` are texts too.

        Raises:
            SuiteError: not a scalar, or empty.
        """
        if not isinstance(self.node, yaml.ScalarNode) or self.is_null or not self.node.value.strip():
            raise self.wrong("write one value here")
        return str(self.node.value).strip()

    def integer(self, *, least: int, most: int | None = None) -> int:
        """A whole number.

        Raises:
            SuiteError: not one, or out of range.
        """
        text = self.text()
        if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
            limits = f"from {least}" if most is None else f"from {least} to {most}"
            raise self.wrong(f"write a whole number {limits}")
        return int(text)

    def choice(self, among: Collection[str]) -> str:
        """One of a few words.

        Raises:
            SuiteError: another one.
        """
        text = self.text()
        if text not in among:
            raise self.wrong(nearest(text, among))
        return text

    def data(self) -> Any:
        """The value as plain data; `!Ref x`, `!Sub x` and `!GetAtt a.b` as CloudFormation's long forms.

        Raises:
            SuiteError: a tag that YAML does not know.
        """
        try:
            return Loader("").construct_document(self.node)
        except yaml.MarkedYAMLError as error:
            raise _syntax(self.file, error) from error
        except ValueError as error:
            raise self.wrong(f"not YAML: {error}") from error

    def _shown(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode) or self.is_null:
            return ""
        value = " ".join(self.node.value.split())
        return value if len(value) <= 60 else f"{value[:57]}..."


def load(path: Path, shown: str = "") -> Field:
    """The document in the file, which errors call `shown`, or by its path.

    Raises:
        SuiteError: it cannot be read, or is not YAML.
    """
    shown = shown or str(path)
    try:
        text = read_text(path, shown)
    except InputError as error:
        raise SuiteError(str(error)) from error
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise SuiteError(f"{shown}:1: the file is empty: a suite has assembly or alarms, and tests")
        _flatten(loader, node, set())
    except yaml.MarkedYAMLError as error:
        raise _syntax(shown, error) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SuiteError(f"{shown}:{line}: {error.reason}: save the file as text") from error
    return Field(shown, "", node)


def nearest(word: str, among: Collection[str]) -> str:
    """How to mend a word that is not among those allowed."""
    lower = {candidate.lower(): candidate for candidate in among}
    close = get_close_matches(word.lower(), lower, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(lower[candidate] for candidate in close)}?"
    shown = sorted(among) if len(among) > 12 else list(among)
    more = f" and {len(shown) - 12} more" if len(shown) > 12 else ""
    return f"use {', '.join(shown[:12])}{more}" if shown else "there is none"


def _flatten(loader: Any, node: Any, seen: set[int]) -> None:
    """Merge keys (`<<: *common`) into the mappings that have them."""
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        own = {_key(key) for key, _ in node.value}
        if "<<" in own:
            written = [pair for pair in node.value if _key(pair[0]) != "<<"]
            node.value = [pair for pair in node.value if _key(pair[0]) == "<<"]
            loader.flatten_mapping(node)
            merged = {_key(key): (key, value) for key, value in node.value if _key(key) not in own}
            node.value = [*merged.values(), *written]
        for _, value in node.value:
            _flatten(loader, value, seen)
    else:
        for value in node.value:
            _flatten(loader, value, seen)


def _key(node: Any) -> str | int:
    """What tells keys apart; one that is no word, which is an error wherever it is read, from all others."""
    return node.value if isinstance(node, yaml.ScalarNode) else id(node)


def _syntax(file: str, error: yaml.MarkedYAMLError) -> SuiteError:
    mark = error.problem_mark or error.context_mark
    line = f":{mark.line + 1}" if mark else ""
    return SuiteError(f"{file}{line}: not YAML: {error.problem or error.context}")
