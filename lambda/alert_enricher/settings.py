"""Settings of the enricher, from environment variables; a bad one stops the function with its name and the fix."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from alert_common.alert import Severity

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Route:
    """Which sinks alerts of some severities go to."""

    severities: tuple[Severity, ...]
    sinks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the enricher needs to know; see docs/seams.md."""

    environment: str
    state_table: str
    charts_bucket: str
    topic_severities: Mapping[str, Severity]
    routes: tuple[Route, ...]
    queues: Mapping[str, str]
    deadline_seconds: float

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables.

        Raises:
            ValueError: one is absent or malformed; the message names it, its value and the fix.
        """
        settings = cls(
            environment=environ.get("ENDPOINTWATCH_ENVIRONMENT", ""),
            state_table=_read(environ, "STATE_TABLE", str, "the name of the DynamoDB table"),
            charts_bucket=environ.get("CHARTS_BUCKET", ""),
            topic_severities=_read(environ, "TOPIC_SEVERITIES", _severities, "a JSON object: topic ARN to severity"),
            routes=_read(environ, "ROUTES", _routes, 'JSON such as [{"severities": ["critical"], "sinks": ["slack"]}]'),
            queues=_read(environ, "QUEUES", _queues, "a JSON object: sink name to queue URL"),
            deadline_seconds=_read(environ, "ENRICHMENT_DEADLINE_SECONDS", _seconds, "seconds from 0.1 to 60", "3"),
        )
        named = {sink for route in settings.routes for sink in route.sinks}
        if absent := sorted(named - settings.queues.keys()):
            raise ValueError(f"ROUTES names sinks without a queue: {absent}; add their URLs to QUEUES")
        return settings


def _read(environ: Mapping[str, str], name: str, convert: Callable[[str], T], fix: str, default: str = "") -> T:
    value = environ.get(name, default)
    if not value:
        raise ValueError(f"{name} is not set; it must be {fix}")
    try:
        return convert(value)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{name} is {value!r:.200}; it must be {fix}") from error


def _severities(text: str) -> Mapping[str, Severity]:
    return {str(arn): Severity(severity) for arn, severity in json.loads(text).items()}


def _routes(text: str) -> tuple[Route, ...]:
    return tuple(
        Route(severities=tuple(Severity(s) for s in route["severities"]), sinks=tuple(str(s) for s in route["sinks"]))
        for route in json.loads(text)
    )


def _queues(text: str) -> Mapping[str, str]:
    return {str(sink): str(url) for sink, url in json.loads(text).items()}


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 60:
        raise ValueError("out of range")
    return seconds
