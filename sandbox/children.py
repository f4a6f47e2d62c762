"""Processes that the sandbox starts: each writes a log, is waited for until it serves, and never outlives the sandbox."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.parent import as_parent

_START_SECONDS = 60
_STOP_SECONDS = 15


class SandboxError(Exception):
    """Something that a person can read and act on; shown as one message, without a traceback."""


class Children:
    """A context that stops, on leaving, every process started in it.

    Args:
        logs: folder for one log file a process.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, module: str, arguments: Sequence[str], *, health_url: str) -> dict[str, Any]:
        """Starts `python -m module arguments` and waits until `health_url` answers; returns its answer.

        Raises:
            SandboxError: it ended, or did not answer within a minute; the message says what it said last.
        """
        log = self.log(name)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env={**os.environ, **as_parent()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the sandbox, which then stops its children in order.
                start_new_session=True,
            )
        self._running.append((name, process))
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise SandboxError(f"{name} ended at once (exit code {process.returncode}): {last_line(log)}")
            with suppress(OSError, ValueError):
                health: dict[str, Any] = get_json(health_url, timeout=2)
                return health
            time.sleep(0.1)
        raise SandboxError(f"{name} did not answer within {_START_SECONDS} s; its log: {log}")

    def check(self) -> None:
        """Raises SandboxError when a process has ended."""
        for name, process in self._running:
            if process.poll() is not None:
                log = self.log(name)
                raise SandboxError(f"{name} ended (exit code {process.returncode}): {last_line(log)}; its log: {log}")

    def log(self, name: str) -> Path:
        """The log file of the process called `name`."""
        return self._logs / f"{name}.log"

    def stop(self) -> None:
        """Stops all, the last one started first; kills what does not stop."""
        for _, process in reversed(self._running):
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()


def check_port(port: int, *, option: str) -> None:
    """Raises SandboxError when something listens on `port` already."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SandboxError(f"port {port} is taken; stop what listens there, or choose another with {option}")


def get_json(url: str, *, timeout: float = 10) -> Any:
    """What `url` on this machine answers, as JSON."""
    with urllib.request.urlopen(url, timeout=timeout) as answer:  # noqa: S310 - a loopback address of our own
        return json.load(answer)


def last_line(log: Path) -> str:
    """The last line of a log that says something."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
