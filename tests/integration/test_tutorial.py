"""The documents of alarmlab: the tutorial's commands are run as a reader would, and print what it says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alarmlab.suite.read import read_suite
from alarmlab.suite.run import Bench, Outcome
from tests.conftest import ROOT, assembly

TUTORIAL = ROOT / "docs" / "tutorial-alarmlab.md"
REFERENCE = ROOT / "docs" / "alarmlab.md"
_BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
_SUITE = re.compile(r"(?<=```yaml\n)assembly: .*?(?=```)", re.DOTALL)
_PYTHON = re.compile(r"```python\n(from alarmlab.*?)```\s+prints `(.*?)`", re.DOTALL)
_SECONDS = re.compile(r"\d+\.\d\d s")


def test_the_tutorial_is_true(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Every command of its console blocks prints what stands below it; `--snapshot-update` writes it there."""
    folder = tmp_path / "alarmlab"
    shutil.copytree(ROOT / "examples" / "alarmlab", folder)
    written = TUTORIAL.read_text(encoding="utf-8")
    found = _BLOCK.sub(lambda block: "".join(_shown(command, folder) for command in _commands(block[0])), written)
    if request.config.option.update_snapshots and _without_times(found) != _without_times(written):
        TUTORIAL.write_text(found, encoding="utf-8")
    assert _without_times(TUTORIAL.read_text(encoding="utf-8")) == _without_times(found)


def test_the_tutorial_finds_and_mends_a_mistake(tmp_path: Path) -> None:
    """Its suite fails on the alarm as it was, for one bad minute, and passes once missing data are good."""
    folder = tmp_path / "alarmlab"
    shutil.copytree(ROOT / "examples" / "alarmlab", folder)
    wrong = _run("alarmlab test checkout.alarms.yaml", folder)
    assert wrong.returncode == 1
    assert "one bad minute at night wakes nobody" in wrong.stdout
    assert _run("alarmlab test checkout.alarms.yaml --assembly template-fixed.yaml", folder).returncode == 0


def test_the_suite_in_the_reference_holds(tmp_path: Path) -> None:
    """Whoever copies it has a suite that passes on the app of this repository."""
    (written,) = _SUITE.findall(REFERENCE.read_text(encoding="utf-8"))
    path = tmp_path / "copied.alarms.yaml"
    path.write_text(written, encoding="utf-8")
    bench = Bench(read_suite(path), assembly("prod"))
    (result,) = map(bench.run, bench.suite.tests)
    assert (result.outcome, result.case and result.case.warnings) == (Outcome.PASSED, ())


def test_the_python_in_the_reference_runs() -> None:
    """It prints, where it says, what it says."""
    (written,) = _PYTHON.findall(REFERENCE.read_text(encoding="utf-8"))
    code, printed = written
    folder = ROOT / "examples" / "alarmlab"
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=folder, capture_output=True, encoding="utf-8")
    assert done.stdout.split() == printed.split()


def _commands(block: str) -> Iterator[str]:
    for line in block.splitlines():
        if line.startswith("$ "):
            yield line.removeprefix("$ ")


def _shown(command: str, folder: Path) -> str:
    done = _run(command, folder)
    assert done.stderr == ""
    # What is printed is read in a browser: a blank at the end of a line is nothing there.
    printed = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())
    return f"$ {command}\n{printed}"


def _run(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    env = {**os.environ, "PATH": path, "COLUMNS": "100", "PYTHONUTF8": "1", "TZ": "UTC"}
    return subprocess.run(
        command, shell=True, check=False, cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=120
    )


def _without_times(text: str) -> str:
    return _SECONDS.sub("... s", text)
