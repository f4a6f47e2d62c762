"""The picture of the page."""

import shutil
from pathlib import Path

import pytest

from sandbox.inbox.screenshot import BROWSERS, screenshot
from tests.unit.inbox.running import running_inbox
from tests.unit.inbox.samples import trigger


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason=f"none of {', '.join(BROWSERS)} is on the PATH")
def test_a_picture_of_the_page_is_taken(tmp_path: Path) -> None:
    """With Chromium there is a PNG of the size asked for, and nothing else is left behind."""
    picture = tmp_path / "inbox.png"
    with running_inbox() as client:
        client.post("/pagerduty/v2/enqueue", trigger())
        assert screenshot(client.url, picture, width=700, height=500)
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (700, 500)
    assert list(tmp_path.iterdir()) == [picture]


def test_without_chromium_there_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so and writes nothing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not screenshot("http://127.0.0.1:9/", tmp_path / "inbox.png")
    assert list(tmp_path.iterdir()) == []
