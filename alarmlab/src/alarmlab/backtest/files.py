"""Texts and times of recorded files."""

import gzip
from pathlib import Path

from alarmlab.errors import InputError
from alarmlab.times import moment_of


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


def timestamp_of(text: str) -> int:
    """Unix seconds of a row's time.

    Raises:
        InputError: with the text, and how to write it.
    """
    try:
        return moment_of(text)
    except InputError as error:
        raise InputError(f"timestamp: {text!r}: {error}") from None
