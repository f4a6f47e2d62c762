"""Runs the embedded AWS for tests."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest
from botocore.config import Config

from sandbox.ports import free_port

ROOT = Path(__file__).parents[2]
NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc")
Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Aws:
    """A running embedded AWS."""

    url: str
    process: subprocess.Popen[bytes]

    def client(self, service: str) -> Any:
        """A boto3 client of it, without retries."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # the name is a variable
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def page(self, path: str) -> Any:
        """One of its own pages."""
        with urllib.request.urlopen(f"{self.url}/_sandbox/{path}", timeout=5) as response:
            return json.load(response)


@contextlib.contextmanager
def embedded_aws(*, speed: float = 1, inbox: str = "http://127.0.0.1:1") -> Iterator[Aws]:
    """Start it, wait until it serves, and stop it afterwards."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox.aws", "--port", str(port), "--speed", str(speed), "--inbox", inbox]
    process = subprocess.Popen(command, cwd=ROOT)
    aws = Aws(url=f"http://127.0.0.1:{port}", process=process)
    try:
        eventually(lambda: _ready(aws), within=30)
        yield aws
    finally:
        process.terminate()
        process.wait(timeout=10)


def eventually(look: Callable[[], Found | None], *, within: float = 15) -> Found:
    """The first true answer of `look`, within so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {within} s: the last answer was {look()!r}")


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def alive(pid: int) -> bool:
    """Whether a process runs, zombies aside."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _ready(aws: Aws) -> bool:
    assert aws.process.poll() is None, "the embedded AWS ended"
    with contextlib.suppress(urllib.error.URLError, ConnectionError):
        return bool(aws.page("health")["ready"])
    return False
