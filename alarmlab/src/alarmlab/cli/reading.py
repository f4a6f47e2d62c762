"""Alarms of whatever the command line names."""

from collections.abc import Mapping
from pathlib import Path

from alarmlab.assembly import Assembly, read_assembly, read_resources
from alarmlab.errors import InputError
from alarmlab.suite.document import Field, load
from alarmlab.suite.read import read_parameters


def read_alarms(path: Path, parameters: Mapping[str, str]) -> Assembly:
    """The alarms of a cloud assembly, of a template, or of a file with `alarms:` (or `assembly:`) as suites have them.

    Args:
        path: of the folder or file.
        parameters: values of the templates' parameters; before those that the file gives itself.

    Raises:
        InputError: the file, and what is wrong in it.
    """
    parts = _suite(path) if path.suffix.lower() in {".yaml", ".yml"} else {}
    beside = path.parent / parts["assembly"].text() if "assembly" in parts else None
    given = {**read_parameters(parts.get("parameters")), **parameters}
    if "alarms" in parts:
        return read_resources(parts["alarms"].data(), beside=beside, parameters=given)
    return read_assembly(beside or path, parameters=given)


def _suite(path: Path) -> dict[str, Field]:
    document = load(path)
    parts = document.fields() if document.is_mapping else {}
    if "Resources" in parts:
        return {}
    if not {"alarms", "assembly"} & parts.keys():
        raise InputError(
            f"{path}:1: neither Resources, as templates have them, nor alarms or assembly, as suites have them"
        )
    return parts
