"""Pictures of a page, taken with a Chromium that is on this machine already."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_TIMEOUT_SECONDS = 60
_FLAGS = (
    "--headless",
    "--no-sandbox",  # in a container there are no user namespaces to build a sandbox from; the page is our own
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
)


def screenshot(url: str, path: Path, *, width: int = 1400, height: int = 1000) -> bool:
    """Writes a picture of the page at `url` to `path` (PNG).

    Args:
        url: the page.
        path: where the picture goes; its folder must exist.
        width: of the window, in pixels.
        height: of the window, in pixels; what lies below is not in the picture.

    Returns:
        Whether there is a picture: False when there is no Chromium on the PATH, or it took no picture within a minute.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        return False
    with TemporaryDirectory(prefix="inbox-chromium-", ignore_cleanup_errors=True) as folder:
        picture = Path(folder) / "page.png"
        command = [browser, *_FLAGS, f"--user-data-dir={folder}/profile", f"--window-size={width},{height}"]
        _run([*command, f"--screenshot={picture}", url], home=folder)
        if not picture.is_file():
            return False
        shutil.move(picture, path)
        return True


def _run(command: list[str], *, home: str) -> None:
    """Runs `command` in a process group of its own, so that nothing it started outlives it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home},
    )
    try:
        process.wait(_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
