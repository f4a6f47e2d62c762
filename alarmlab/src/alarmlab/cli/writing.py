"""Files that appear whole or not at all, and a line that says how far things are."""

import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from alarmlab.errors import InputError


def write(path: Path, content: str | bytes) -> None:
    """Write a file beside its place, then move it there: whoever reads it finds all of it, or what was there before.

    Where a link leads is written, the link stays; into what is no file, such as /dev/stdout or a pipe, it is written as it is.

    Raises:
        InputError: it cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = ""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        place = path.resolve()
        descriptor, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(place)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
    except RuntimeError:  # before Python 3.13, links in a circle
        raise InputError(f"{path}: cannot be written: the link leads in a circle") from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


class Progress:
    """One line on the standard error that is written over; nothing where that is no terminal."""

    def __init__(self) -> None:
        self._shown = 0
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.say("")

    def say(self, text: str) -> None:
        """Show how far it is."""
        if self._is_terminal:
            text = text[:78]
            sys.stderr.write(f"\r{text.ljust(self._shown)}" + ("\r" if not text else ""))
            sys.stderr.flush()
            self._shown = len(text)
