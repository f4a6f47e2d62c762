"""Alarms of whatever the command line names."""

from pathlib import Path

from alarmlab.assembly import Assembly, read_assembly, read_resources
from alarmlab.errors import InputError
from alarmlab.suite.document import Field, load


def read_alarms(path: Path) -> Assembly:
    """The alarms of a cloud assembly, of a template, or of a file with `alarms:` (or `assembly:`) as suites have them.

    Raises:
        InputError: the file, and what is wrong in it.
    """
    parts = _suite(path) if path.suffix.lower() in {".yaml", ".yml"} else {}
    beside = path.parent / parts["assembly"].text() if "assembly" in parts else None
    if "alarms" in parts:
        return read_resources(parts["alarms"].data(), beside=beside)
    return read_assembly(beside or path)


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
