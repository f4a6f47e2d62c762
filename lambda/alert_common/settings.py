"""The settings document that both functions read: routes, sinks and how long things take.

It lies in SSM parameters, since a function's environment holds 4 KB only. The construct writes it, so what is wrong in it is a
defect: reading it stops the function with the field, its value and the fix.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alert_common import codec
from alert_common.alert import Severity
from alert_common.gate import Rate


@dataclass(frozen=True, kw_only=True)
class Hours:
    """When a route holds: on `days` between `start` and `end`, in `zone`; an `end` before `start` is on the next day."""

    days: tuple[str, ...]
    """`mon` to `sun`."""
    start: str
    """`09:00`."""
    end: str
    zone: str
    """As in the IANA database, such as `Europe/Berlin`."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """Who is told of what; an empty condition holds always."""

    severities: tuple[Severity, ...] = ()
    teams: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    """Patterns with `*`, of names of endpoints, clusters, jobs."""
    hours: Hours | None = None
    sinks: tuple[str, ...]
    digest: int = 0
    """Seconds for which everything is gathered into one message; 0 tells at once."""
    go_on: bool = False
    """Whether later routes are looked at too."""


@dataclass(frozen=True, kw_only=True)
class SinkSettings:
    """One sink."""

    queue: str
    """URL."""
    dead_letters: str
    """URL of the queue for what the sink refuses for good."""
    fallback: str = ""
    """The sink that is told instead while this one fails; empty for none."""
    rate: Rate | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    """`type`, and what that type needs."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that is set."""

    environment: str
    topics: Mapping[str, Severity]
    """Topic ARN to severity."""
    routes: tuple[Route, ...]
    sinks: Mapping[str, SinkSettings]
    deadline_seconds: float = 3.0
    """How long a page waits for its context."""
    window_seconds: float = 1800.0
    """How long after its newest alert an incident takes further ones."""
    settle_seconds: float = 300.0
    """How long all must be well until an incident is over."""
    remind_seconds: float = 0.0
    """How often an incident that stays open is told again; 0 for never."""

    def __post_init__(self) -> None:
        named = {sink for route in self.routes for sink in route.sinks}
        named |= {sink.fallback for sink in self.sinks.values() if sink.fallback}
        if absent := sorted(named - self.sinks.keys()):
            raise ValueError(
                f"routes name sinks that are not there: {', '.join(absent)}; there are {', '.join(self.sinks)}"
            )


def read(ssm: Any, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the document's parts, the SSM parameters that the variable SETTINGS lists, and put them together.

    Raises:
        ValueError: SETTINGS is not set, a parameter is not there, or the document is malformed.
    """
    names = [name for name in environ.get("SETTINGS", "").split(",") if name]
    if not names:
        raise ValueError("SETTINGS is not set; it must list the SSM parameters that hold the settings")
    response = ssm.get_parameters(Names=names)
    if absent := response.get("InvalidParameters"):
        raise ValueError(f"SETTINGS names parameters that are not there: {', '.join(absent)}; deploy the stack again")
    return parse([parameter["Value"] for parameter in response["Parameters"]])


def parse(parts: Sequence[str]) -> Settings:
    """Merge the parts, each a JSON object with some of the fields of `Settings`.

    Raises:
        ValueError: the document is malformed; the message names the field.
    """
    merged: dict[str, Any] = {}
    for part in parts:
        merged |= json.loads(part)
    return codec.loads(Settings, json.dumps(merged))
