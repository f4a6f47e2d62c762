"""The supervisor of commands that know nothing of the sandbox: they end with it, and it with whoever started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.embedded_aws import NEEDS_PROC, ROOT, alive, eventually

SUPERVISE = [sys.executable, "-m", "sandbox.parent"]
# A command with a child of its own, as the CDK CLI has one in the app that it runs.
COMMAND = "sleep 60 & echo $! > {0}/child; echo $$ > {0}/command.new; mv {0}/command.new {0}/command; wait"


def started(folder: Path) -> tuple[int, int]:
    """Process ids of the command and its child, once both run."""
    eventually((folder / "command").exists)
    return int((folder / "command").read_text()), int((folder / "child").read_text())


@pytest.mark.parametrize("code", [0, 3])
def test_the_commands_exit_code_is_its_own(code: int) -> None:
    """Who starts it sees how the command ended."""
    assert (
        subprocess.run([*SUPERVISE, "sh", "-c", f"exit {code}"], cwd=ROOT, timeout=20, check=False).returncode == code
    )


@NEEDS_PROC
@pytest.mark.parametrize("moment", [0, 0.3])
def test_told_to_end_it_ends_the_command_and_what_that_started(tmp_path: Path, moment: float) -> None:
    """Within seconds of SIGTERM, early or late, nothing of the command runs, and the exit code says why."""
    command = [*SUPERVISE, "sh", "-c", COMMAND.format(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    pids = started(tmp_path)
    time.sleep(moment)
    process.terminate()
    try:
        assert process.wait(5) == 128 + signal.SIGTERM
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    eventually(lambda: not any(alive(pid) for pid in pids), within=3)


@NEEDS_PROC
def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """A killed sandbox leaves no command behind: the CDK CLI would keep the lock that the next run needs."""
    script = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True).wait()"
    command = [*SUPERVISE, "sh", "-c", COMMAND.format(tmp_path)]
    owner = subprocess.Popen([sys.executable, "-c", script, *command], cwd=ROOT)
    pids = started(tmp_path)
    owner.kill()
    owner.wait()
    eventually(lambda: not any(alive(pid) for pid in pids), within=5)
