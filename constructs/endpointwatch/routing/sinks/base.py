"""What every sink tells the routing about itself.

A sink is any frozen object with the members of `Sink`. `bind` grants the dispatcher what it needs and returns the settings that
it reads; secrets stay in Secrets Manager, settings hold their ARN only. Most sinks of your own need no class here: `CustomSink`
takes a module.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from constructs import Construct
from endpointwatch import _checks
from endpointwatch.severity import Severity

_SINK_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")

Settings = Mapping[str, Any]
"""What the dispatcher reads: `type`, and what that type needs. JSON values, no secrets."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How fast a sink may be told: `messages` in every `per`, of which `burst` may come at once.

    What comes faster waits, critical alerts first; a backlog is told as one message an incident.

    Args:
        messages: 1 or more.
        per: a CDK `Duration` or a `timedelta`, up to an hour.
        burst: messages that may come at once after a pause.
    """

    messages: int
    per: Duration | timedelta
    burst: int = 1

    def __post_init__(self) -> None:
        _checks.whole("rate: messages", self.messages, low=1, high=10_000, fix="give a count of messages")
        _checks.whole("rate: burst", self.burst, low=1, high=10_000, fix="give how many may come at once")
        seconds = _checks.milliseconds("rate: per", self.per, fix="write Duration.seconds(1)") / 1000
        _checks.number("rate: per", seconds, low=0.001, high=3600, fix="give an hour at most")

    @property
    def document(self) -> Mapping[str, float]:
        """As the functions read it."""
        seconds = _checks.milliseconds("rate: per", self.per, fix="write Duration.seconds(1)") / 1000
        return {"messages": self.messages, "seconds": seconds, "burst": self.burst}


class Sink(Protocol):
    """Where a page can go."""

    @property
    def name(self) -> str:
        """Unique among the sinks of a routing; part of a construct id, so never renamed."""
        ...

    @property
    def severities(self) -> frozenset[Severity]:
        """What goes here when no routes are given."""
        ...

    @property
    def takes_digests(self) -> bool:
        """Whether one message may tell of many incidents; what wakes somebody does not take them."""
        ...

    @property
    def rate(self) -> Rate | None:
        """How fast it may be told; None for no limit."""
        ...

    @property
    def fallback(self) -> str | None:
        """Name of the sink that is told instead while this one fails; None for none."""
        ...

    @property
    def code(self) -> Path | None:
        """A module or package that the dispatcher needs to send here; None where it has what it takes."""
        ...

    def bind(self, scope: Construct, *, dispatcher: iam.IGrantable, encryption_key: kms.IKey) -> Settings:
        """Grants `dispatcher` what it needs to send here; returns the settings that it reads, `type` among them."""
        ...


def check_secret(field: str, secret: object, secret_field: str | None) -> None:
    """Refuses what is no secret of Secrets Manager, or no name of a field of it."""
    # The value itself may be here by mistake: it is not shown.
    if not hasattr(secret, "grant_read"):
        raise TypeError(
            f"{field}: is no secret of Secrets Manager; give Secret.from_secret_name_v2(...), never the value"
        )
    if secret_field is not None:
        _checks.text("secret_field", secret_field, fix="name a field of the secret's JSON, or leave it out")


def check_sink(sink: Sink) -> None:
    """Refuses a name, severities, a rate or a fallback that cannot be."""
    if not isinstance(sink.name, str) or not _SINK_NAME.fullmatch(sink.name):
        raise ValueError(f"name: {sink.name!r} is no sink name; use lower-case letters, digits and hyphens, at most 31")
    _checks.instance("severities", sink.severities, frozenset, set, fix="write frozenset({Severity.CRITICAL})")
    for severity in sink.severities:
        _checks.one_of("severities", severity, tuple(Severity))
    if sink.rate is not None:
        _checks.instance("rate", sink.rate, Rate, fix="write Rate(messages=1, per=Duration.seconds(1))")
    if sink.fallback is not None:
        _checks.text("fallback", sink.fallback, fix="give the name of another sink, or leave it out")
