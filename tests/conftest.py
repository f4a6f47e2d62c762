"""What several tiers share."""

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

ROOT = Path(__file__).resolve().parents[1]

FIXTURES = Path(os.environ.get("ENDPOINTWATCH_FIXTURES", ROOT.parent / "shared" / "fixtures"))
"""Payloads that others recorded or published, in folders by sender. They are not ours to pass on, so not in the repository."""

NO_FIXTURES = f"no recorded payloads in {FIXTURES}; ENDPOINTWATCH_FIXTURES names the folder that has them"
needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason=NO_FIXTURES)

ENVIRONMENTS = ("dev", "staging", "prod", "local")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@cache
def _app(environment: str) -> App:
    from app import build

    # What the CLI would hand over; the built-in validation is the business of the tests that run the CLI.
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(context={**context, "env": environment}, builtin_cloud_formation_validation=False)
    build(app)
    return app


def assembly(environment: str) -> Path:
    """The cloud assembly of an environment of the app, in a temporary folder of the CDK's; synthesized once a process."""
    return Path(_app(environment).synth().directory)


@pytest.fixture(scope="session")
def template() -> Callable[[str, str], Template]:
    """`template("Serving", "prod")`: the synthesized template of a stack of the app."""

    @cache
    def synthesized(purpose: str, environment: str) -> Template:
        from stacks import environments

        chosen = environments.choose(environment)
        of = chosen.endpoints[0].name if purpose == "Serving" else ""
        stack = _app(environment).node.find_child(environments.stack_name(purpose, chosen, of=of))
        return Template.from_stack(stack)  # type: ignore[arg-type]  # find_child says IConstruct

    return synthesized
