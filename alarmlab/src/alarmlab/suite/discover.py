"""Where suites are."""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from alarmlab.errors import InputError

PATTERNS = ("*.alarms.yaml", "*.alarms.yml")
"""What the files of suites in a folder are called."""
_PASSED_OVER = ("node_modules", "cdk.out", "__pycache__", "venv")


def is_suite(path: Path, patterns: Sequence[str] = PATTERNS) -> bool:
    """Whether a file is called like a suite."""
    return any(fnmatch(path.name, pattern) for pattern in patterns)


def has_tests(path: Path) -> bool:
    """Whether a file of any name is YAML with the `tests` of a suite."""
    if path.suffix.lower() not in {".yaml", ".yml"}:
        return False
    return re.search(rb"^tests\s*:", path.read_bytes(), re.MULTILINE) is not None


def suites_in(paths: Sequence[Path]) -> list[Path]:
    """The files that are named, and those called like a suite in the folders that are named, each once.

    Raises:
        InputError: one is not there, or a folder has no suite.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(_in(path))
            if not inside:
                raise InputError(f"{path}: no suite: it has no file called {' or '.join(PATTERNS)}")
            found |= dict.fromkeys(inside)
        elif path.exists():
            found[path] = None
        else:
            raise InputError(f"{path}: there is no such file or folder")
    return list(found)


def _in(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if not path.name.startswith(".") and path.name not in _PASSED_OVER:
                yield from _in(path)
        elif is_suite(path):
            yield path
