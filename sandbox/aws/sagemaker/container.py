"""A model container as a process on this machine."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import urllib3

from sandbox.parent import as_parent
from sandbox.ports import free_port

_ROOT = Path(__file__).parents[3]
_RESPONSE_SECONDS = 60  # https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
_PING_SECONDS = 2  # same page: a ping is answered within two seconds
_ON_THE_WAY_SECONDS = 0.2  # a request that had chosen this container has reached it by then


class ContainerError(Exception):
    """A container did not come up."""


@dataclass(frozen=True, kw_only=True)
class ContainerReply:
    """What a container answered. `status` is 0 when it did not answer at all; `body` then says why."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Container:
    """Starts a command, and speaks the container contract with it.

    Args:
        command: program and arguments; `--port P` is appended.
        environment: the whole environment of the process.
        on_line: called from a thread of its own with every line of standard output and error.

    Raises:
        OSError: the program cannot be started.
    """

    def __init__(
        self, *, command: Sequence[str], environment: Mapping[str, str], on_line: Callable[[str], None]
    ) -> None:
        port = free_port()
        self._on_line = on_line
        self._process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=_ROOT,
            env={**environment, **as_parent()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C in a terminal is for the sandbox, which then stops its containers
        )
        self._pool = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=64, retries=False)
        self._serving = 0
        self._answered = threading.Condition()
        self._reader = threading.Thread(target=self._read, name=f"container-{self._process.pid}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._on_line(line.rstrip("\n"))

    def wait_until_healthy(self, timeout_seconds: float) -> None:
        """Return once `/ping` answers 200.

        Raises:
            ContainerError: it did not within the time, or the process ended.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                self._reader.join(timeout=1)
                raise ContainerError(f"its process ended with exit code {self._process.returncode}")
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                if self._pool.request("GET", "/ping", timeout=_PING_SECONDS).status == 200:
                    return
            time.sleep(0.05)
        raise ContainerError(f"no answer of 200 on /ping within {timeout_seconds:g} s")

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> ContainerReply:
        """Send one request to `/invocations` and wait up to 60 s for its answer."""
        with self._answered:
            self._serving += 1
        try:
            return self._invoke(body, headers)
        finally:
            with self._answered:
                self._serving -= 1
                self._answered.notify_all()

    def _invoke(self, body: bytes, headers: Mapping[str, str]) -> ContainerReply:
        try:
            response = self._pool.request(
                "POST", "/invocations", body=body, headers=headers, timeout=_RESPONSE_SECONDS, redirect=False
            )
        except urllib3.exceptions.TimeoutError:
            return ContainerReply(status=0, headers={}, body=b"no response from the container within 60 seconds")
        except urllib3.exceptions.HTTPError as error:
            return ContainerReply(status=0, headers={}, body=f"no response from the container: {error}".encode())
        return ContainerReply(status=response.status, headers=response.headers, body=response.data)

    def drain(self) -> None:
        """Block until every request is answered; call it once no further one is sent here."""
        time.sleep(_ON_THE_WAY_SECONDS)
        with self._answered:
            self._answered.wait_for(lambda: self._serving == 0, _RESPONSE_SECONDS)

    def wait(self) -> int:
        """Block until the process has ended, and all it wrote is read; its exit code."""
        code = self._process.wait()
        self._reader.join(timeout=1)
        return code

    def stop(self, grace_seconds: float = 2) -> None:
        """End the process: SIGTERM, then SIGKILL after `grace_seconds`."""
        self._process.terminate()
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=1)
        self._pool.close()
