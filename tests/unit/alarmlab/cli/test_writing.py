"""Reports are written whole, and nothing that is no file is replaced by one."""

import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from alarmlab.cli.writing import write
from alarmlab.errors import InputError


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    """`--json >(jq .)`, /dev/stdout and /dev/null are no files: a file moved there would take the place of the device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write(pipe, "report")
    reader.join(timeout=10)
    assert read == ["report"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """latest.html may be a link to where reports are kept."""
    (tmp_path / "kept").mkdir()
    link = tmp_path / "latest.html"
    link.symlink_to(tmp_path / "kept" / "report.html")
    write(link, "report")
    assert link.is_symlink()
    assert (tmp_path / "kept" / "report.html").read_text() == "report"


def test_what_was_there_stays_until_all_is_written(tmp_path: Path) -> None:
    """A report that cannot be written leaves neither a part of it nor a temporary file."""
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    for path in (tmp_path, circle, tmp_path / "missing" / "report.html"):
        with pytest.raises(InputError, match="cannot be written: "):
            write(path, "report")
    assert [*tmp_path.iterdir()] == [circle]
