"""CPU time of whole processes."""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def cpu_seconds(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """CPU seconds (user and system) of a Python process and of every process that it waited for."""
    before = os.times()
    subprocess.run(
        [sys.executable, *command],
        check=True,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def medians(
    cases: Mapping[str, Sequence[str]], *, rounds: int, environment: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Median CPU seconds of each case. The cases take turns, so that a noisy minute hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, command in cases.items():
            times[name].append(cpu_seconds(command, environment))
    return {name: statistics.median(values) for name, values in times.items()}
