"""What the enricher found out about an alert."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A SageMaker endpoint and the variant that the alert names."""

    status: str = ""
    variants: tuple[str, ...] = ()
    instance_type: str = ""
    instance_count: int | None = None
    config: str = ""
    model: str = ""
    image: str = ""
    created_at: datetime | None = None
    modified_at: datetime | None = None
    config_created_at: datetime | None = None
    pending_config: str = ""
    """The configuration that is being deployed; `config` is still the one before."""
    pending_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A golden signal before and after the alert began."""

    name: str
    unit: str
    """`%`, `ms` or `/min`."""
    before: float | None
    after: float | None
    sparkline: str


@dataclass(frozen=True, kw_only=True)
class Sibling:
    """Another alarm on the same variant."""

    name: str
    state: str


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A line from the endpoint's log."""

    at: datetime
    text: str


@dataclass(frozen=True, kw_only=True)
class Link:
    """A place to look next."""

    text: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that could not be fetched, and why, in a word or two."""

    what: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything around the alert; what is absent is either not there or named in `missing`."""

    environment: str = ""
    owner: str = ""
    objective: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    endpoint: Endpoint | None = None
    signals: tuple[Signal, ...] = ()
    siblings: tuple[Sibling, ...] = ()
    logs: tuple[LogLine, ...] = ()
    chart_key: str = ""
    """Key of a PNG in the charts bucket."""
    links: tuple[Link, ...] = ()
    missing: tuple[Missing, ...] = ()
