"""The commands that people type, run as they type them."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cfnlint
import pytest

from tests.conftest import ENVIRONMENTS

pytestmark = pytest.mark.skipif(
    not (Path(__file__).parents[2] / "node_modules" / "aws-cdk").is_dir(),
    reason="the CDK CLI is not installed: `make test` installs it",
)


def _synth(root: Path, output: Path, *context: str, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """`cdk synth` with the CLI of the lock file, in an environment without credentials."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [*prefix, "node", "node_modules/aws-cdk/bin/cdk", "synth", "--quiet", f"--output={output}", *context],
        cwd=root,
        env={**environment, "HOME": str(output.parent), "CDK_DISABLE_CLI_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def assembly(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`assembly("prod")`: the folder that a `cdk synth` of the environment, validation included, has written."""

    @cache
    def synthesized(environment: str) -> Path:
        output = tmp_path_factory.mktemp(environment) / "cdk.out"
        done = _synth(root, output, "-c", f"env={environment}")
        assert done.returncode == 0, done.stdout + done.stderr
        return output

    return synthesized


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_passes_validation(assembly: Callable[[str], Path], environment: str) -> None:
    """CDK's own validation and cdk-nag's AwsSolutions pass, cfn-lint finds no error, and every reason is written down."""
    output = assembly(environment)
    report = json.loads((output / "validation-report.json").read_text())
    conclusions = {plugin["pluginName"]: plugin["conclusion"] for plugin in report["pluginReports"]}
    assert "AwsSolutions" in conclusions
    assert set(conclusions.values()) == {"success"}
    for path in output.glob("*.template.json"):
        matches = cfnlint.api.lint_file(path)
        assert not [str(match) for match in matches if match.rule.severity == "error"]


def test_synth_needs_no_network(root: Path, tmp_path: Path) -> None:
    """`cdk synth` works on a machine with no network at all."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-n", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody make a network namespace")
    done = _synth(root, tmp_path / "cdk.out", "-c", "env=prod", prefix=(unshare, "-n"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_secret_is_in_the_assembly(assembly: Callable[[str], Path]) -> None:
    """Nothing in cdk.out looks like a routing key, a token or a key of AWS; secrets are named only."""
    from sandbox.running import SECRETS

    for path in assembly("local").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for value in SECRETS.values():
                assert value.encode() not in content, path
            # The redaction of the functions knows these prefixes; a template or setting must not hold a value of them.
            if path.suffix == ".json":
                assert b"xox" not in content
                assert b"AKIA" not in content
                assert b"hooks.slack.com/services" not in content


def test_wrong_environment_is_one_line(root: Path, tmp_path: Path) -> None:
    """The CLI shows the app's one line, and fails."""
    done = _synth(root, tmp_path / "cdk.out", "-c", "env=production")
    assert done.returncode != 0
    assert "endpointwatch: env: 'production' does not exist; choose one of dev, staging, prod, local" in done.stderr
    assert "Traceback" not in done.stderr
