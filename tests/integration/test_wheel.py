"""The wheel, used as another team uses it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk.cx_api import CloudAssembly


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built wheel installed in it; what it depends on comes from the environment of the tests."""
    built = tmp_path_factory.mktemp("dist")
    site = tmp_path_factory.mktemp("site")
    for command in (
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", f"--outdir={built}", str(root)],
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", f"--target={site}", str(built)],
    ):
        if command[3] == "install":
            command[-1] = str(next(built.glob("*.whl")))
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    return site


def _synth(script: Path, output: Path, *paths: Path) -> CloudAssembly:
    subprocess.run(
        [sys.executable, str(script)],
        check=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "CDK_OUTDIR": str(output),
            "PYTHONSAFEPATH": "1",
        },
        cwd=output.parent,
        timeout=120,
    )
    return CloudAssembly(str(output))


def test_a_consumers_app_watches_an_endpoint_that_exists(root: Path, site: Path, tmp_path: Path) -> None:
    """The example synthesizes with the installed wheel alone, and its functions' assets equal those of a checkout."""
    example = root / "examples" / "watch_existing_endpoint" / "app.py"
    where = subprocess.run(
        [sys.executable, "-c", "import endpointwatch; print(endpointwatch.__file__)"],
        env={**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert where.startswith(str(site))
    from_wheel = _synth(example, tmp_path / "wheel", site)
    from_checkout = _synth(example, tmp_path / "checkout", root / "constructs")
    (stack,) = from_wheel.stacks
    kinds = [resource["Type"] for resource in stack.template["Resources"].values()]
    assert kinds.count("AWS::CloudWatch::Alarm") == 10 + 5  # and those on the routing itself
    assert kinds.count("AWS::Lambda::Function") == 2
    assert not [kind for kind in kinds if kind.startswith("AWS::SageMaker")]
    assets = [
        {path.name for path in Path(assembly.directory).glob("asset.*")} for assembly in (from_wheel, from_checkout)
    ]
    assert assets[0] == assets[1]
    assert len(assets[0]) == 2


def test_the_wheel_brings_the_command(site: Path) -> None:
    """`endpointwatch --help` of the installed wheel lists what it can do."""
    done = subprocess.run(
        [sys.executable, str(site / "bin" / "endpointwatch"), "--help"],
        env={**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "send-test-alert" in done.stdout
    assert "redrive" in done.stdout
