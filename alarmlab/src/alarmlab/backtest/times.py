"""Times and texts of recorded files."""

import gzip
import math
from datetime import UTC, datetime
from pathlib import Path

from alarmlab.errors import InputError

_MILLISECONDS = 100_000_000_000
"""Unix times beyond this are milliseconds: as seconds they would lie in the year 5138."""


def moment_of(text: str) -> int:
    """Unix seconds of an ISO 8601 time (UTC where it does not say), or of Unix seconds or milliseconds.

    Raises:
        InputError: says how to write it.
    """
    try:
        parsed = datetime.fromisoformat(text.strip()) if not _is_number(text) else None
    except ValueError:
        raise InputError(f"timestamp: {text!r}: write a time such as 2026-01-05T09:00:00Z, or Unix seconds") from None
    if parsed is None:
        number = float(text)
        return math.floor(number / 1000 if abs(number) > _MILLISECONDS else number)
    return math.floor((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def _is_number(text: str) -> bool:
    return text.strip().lstrip("-").replace(".", "", 1).isdecimal() and len(text.strip()) > len("20260105")


def text_of(path: Path) -> str:
    """A file's text, unpacked where it is compressed.

    Raises:
        InputError: it cannot be read.
    """
    try:
        content = path.read_bytes()
        return (gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or 'not a text file'}") from None
