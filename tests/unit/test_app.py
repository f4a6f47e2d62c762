"""The app: which environments there are, and what it says when asked for another."""

import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Stack

from app import build
from stacks import environments


@pytest.mark.parametrize(("name", "told"), [(None, "not given"), ("production", "'production' does not exist")])
def test_an_unknown_environment_lists_those_there_are(name: str | None, told: str) -> None:
    """One line that says what to write instead."""
    with pytest.raises(ValueError, match=told) as error:
        environments.choose(name)
    assert "dev, staging, prod, local" in str(error.value)


def test_only_prod_refuses_to_be_deleted() -> None:
    """Termination protection is on in prod, on both stacks, and nowhere else."""
    for name in ("dev", "prod"):
        app = App(context={"env": name}, builtin_cloud_formation_validation=False)
        build(app)
        stacks = [child for child in app.node.children if isinstance(child, Stack)]
        assert [stack.termination_protection for stack in stacks] == [name == "prod"] * 2


def test_the_app_says_it_on_stderr_and_fails(root: Path) -> None:
    """`python app.py` without an environment: exit status 1, one line, no traceback."""
    done = subprocess.run([sys.executable, "app.py"], cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "endpointwatch: env: not given; add -c env=NAME with one of dev, staging, prod, local\n"
