"""Runs `python -m sandbox` as `make demo` and `make sandbox` do, and finds what it leaves running."""

import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDS_CLI = pytest.mark.skipif(
    not (ROOT / "node_modules" / "aws-cdk").is_dir(), reason="the CDK CLI is not installed: `make test` installs it"
)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One run of the sandbox, whose processes carry a mark in their environment."""

    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def start(self, arguments: Sequence[str], *, log: Path) -> subprocess.Popen[bytes]:
        """Start it; both its outputs go to `log`."""
        with log.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "sandbox", *arguments],
                cwd=ROOT,
                env={**os.environ, "ENDPOINTWATCH_TEST": self.mark},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def processes(self) -> list[str]:
        """Command lines of the processes of this run that live, wherever they hang now; reads /proc."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"ENDPOINTWATCH_TEST={self.mark}".encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue  # it has just ended
        return found
