"""alarmlab's wheel, used where nothing else of this repository is."""

import os
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    built = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", f"--outdir={built}", str(root / "alarmlab")]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and what it depends on, linked from the environment of the tests, and nothing else."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    for name in ("numpy", "numpy.libs", "yaml"):
        found = Path(Distribution.from_name("numpy").locate_file(name))  # type: ignore[arg-type]  # a path in practice
        if found.exists():
            (site / name).symlink_to(found)
    return site


def _alone(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a Python that sees `site` and the standard library."""
    return subprocess.run(
        [sys.executable, "-S", "-m", "alarmlab.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_needs_numpy_and_a_yaml_reader_and_no_more(wheel: Path) -> None:
    """What pip installs beside alarmlab is NumPy and PyYAML; an SDK only where it is asked for."""
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(name for name in archive.namelist() if name.endswith("METADATA"))
        lines = archive.read(metadata).decode().splitlines()
    needed = [Requirement(line.removeprefix("Requires-Dist: ")) for line in lines if line.startswith("Requires-Dist")]
    always = {one.name for one in needed if one.marker is None}
    assert always == {"numpy", "pyyaml"}
    assert {one.name for one in needed} - always == {"boto3"}


def test_the_tutorials_suite_runs_on_the_wheel_alone(site: Path, root: Path) -> None:
    """`alarmlab test` works without any other package of this environment, and finds what the tutorial finds."""
    done = _alone(site, "test", str(root / "examples" / "alarmlab"))
    assert "1 passed, 2 failed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1


def test_fetch_without_an_sdk_says_what_to_install(site: Path, root: Path, tmp_path: Path) -> None:
    """Without boto3 one line names the extra."""
    template = str(root / "examples" / "alarmlab" / "template.yaml")
    done = _alone(site, "fetch", template, "--out", str(tmp_path / "recorded.json"))
    assert done.returncode == 2
    assert "alarmlab[fetch]" in done.stderr
    assert len(done.stderr.splitlines()) == 1
