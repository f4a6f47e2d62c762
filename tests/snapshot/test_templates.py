"""Whole templates, of the smallest and of the largest environment; `pytest --snapshot-update` after a change that is meant."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk.assertions import Template
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

_HASH = re.compile(r"[0-9a-f]{64}")


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("purpose", ["Alerting", "Serving"])
def test_template_is_as_reviewed(
    template: Callable[[str, str], Template], snapshot: SnapshotAssertion, purpose: str, environment: str
) -> None:
    """Nothing in a template changes unless somebody has looked at the change."""
    found = _without_hashes(template(purpose, environment).to_json())
    assert found == snapshot(extension_class=JSONSnapshotExtension)


def _without_hashes(value: Any) -> Any:
    """Asset hashes follow every change of a function's code; they are tested where the assets are."""
    if isinstance(value, dict):
        return {key: _without_hashes(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_hashes(item) for item in value]
    return _HASH.sub("ASSET", value) if isinstance(value, str) else value
