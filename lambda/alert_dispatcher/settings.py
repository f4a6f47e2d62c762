"""Settings of the dispatcher, from environment variables; a bad one stops it with its name and the fix."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the dispatcher needs to know; see docs/seams.md."""

    state_table: str
    sinks: Mapping[str, Any]
    """Sink name to its settings, which `sinks.registry` checks when the sink is first used."""
    charts_bucket: str = ""
    dead_letters: Mapping[str, str] = field(default_factory=dict)
    """Sink name to the URL of its dead-letter queue, for deliveries that their sink refuses for good."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables.

        Raises:
            ValueError: one is absent or malformed; the message names it and the fix.
        """
        if not environ.get("STATE_TABLE"):
            raise ValueError("STATE_TABLE is not set; it must be the name of the DynamoDB table")
        return cls(
            state_table=environ["STATE_TABLE"],
            sinks=_object(environ, "SINKS", "a JSON object: sink name to its settings", required=True),
            charts_bucket=environ.get("CHARTS_BUCKET", ""),
            dead_letters=_object(environ, "DEAD_LETTERS", "a JSON object: sink name to queue URL", required=False),
        )


def _object(environ: Mapping[str, str], name: str, fix: str, *, required: bool) -> Mapping[str, Any]:
    text = environ.get(name, "" if required else "{}")
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - a setting's value, not an argument's type
            f"{name} is {text!r:.200}; it must be {fix}"
        )
    return value
