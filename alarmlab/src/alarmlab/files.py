"""Texts of files, as people hand them in."""

import gzip
import zlib
from pathlib import Path

from alarmlab.errors import InputError


def read_text(path: Path, shown: str = "") -> str:
    """The text of a file, with or without a byte order mark, unpacked where gzip packed it.

    Args:
        path: of the file.
        shown: how errors name it; empty for its path.

    Raises:
        InputError: it cannot be read, or is not UTF-8.
    """
    shown = shown or str(path)
    try:
        content = path.read_bytes()
        return (gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{shown}: it is not UTF-8 text: {error.reason} at byte {error.start}") from error
    except (EOFError, zlib.error) as error:
        raise InputError(f"{shown}: it is not whole: {error}") from error
    except OSError as error:
        raise InputError(f"{shown}: {error.strerror or error}") from error
