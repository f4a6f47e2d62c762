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
    failure: str = ""
    """SageMaker's own words for why its last creation or update failed."""


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
    """Lines of the log that are alike but for numbers and ids, shown by the newest."""

    at: datetime
    """Of the newest."""
    text: str
    count: int = 1
    first_at: datetime | None = None
    """Of the oldest in the window; None where there is only one."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that somebody, or a scaling policy, did to the resource."""

    at: datetime
    what: str
    """In a few words: `endpoint updated to config ranker-7`, `scaled from 2 to 4 instances`."""
    who: str = ""
    """Who did it, as CloudTrail names them; empty where nobody says."""
    kind: str = ""
    """`deployment`, `configuration`, `scaling` or `permission`."""
    before: str = ""
    """Of a deployment: the endpoint configuration that it replaced, to go back to; empty where nobody knows."""
    after: str = ""
    """Of a deployment: the endpoint configuration that it brought."""
    failed: bool = False
    """Whether it was tried and did not work."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod of an inference workload."""

    name: str
    phase: str
    """As Kubernetes has it: `Pending`, `Running`, ..."""
    node: str = ""
    ready: bool = False
    restarts: int = 0
    reason: str = ""
    """Why it is not as it should be: `CrashLoopBackOff`, `OOMKilled`, `Unschedulable: 0/4 nodes: insufficient nvidia.com/gpu`."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node that such pods run on."""

    name: str
    ready: bool
    instance_type: str = ""
    gpus: int | None = None
    """Allocatable."""
    problems: tuple[str, ...] = ()
    """Conditions that are bad, such as `MemoryPressure` or `AcceleratedHardwareReady: XID 79`."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A training, processing or transform job."""

    status: str
    failure: str = ""
    instance_type: str = ""
    instance_count: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The likeliest cause, by a named rule over gathered facts."""

    rule: str
    """Name of the rule, such as `regression`."""
    cause: str
    """One sentence."""
    evidence: tuple[str, ...]
    """The facts that it rests on, each with its figures."""
    first: str
    """What to do first."""


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
    """The oldest first: the most frequent, the newest, and the one that says that memory ran out."""
    changes: tuple[Change, ...] = ()
    """The newest first, of the day before it began: at most ten each of deployments, settings and scalings."""
    pods: tuple[Pod, ...] = ()
    """Of the workload, those in trouble first, at most 20; of a whole cluster only those that do not run."""
    nodes: tuple[Node, ...] = ()
    """The nodes of these pods, and the one that the alert names; at most eight."""
    job: Job | None = None
    diagnosis: Diagnosis | None = None
    """None where no rule matched."""
    diagnosed: bool = False
    """Whether the rules were tried at all."""
    chart_key: str = ""
    """Key of a PNG in the charts bucket."""
    links: tuple[Link, ...] = ()
    missing: tuple[Missing, ...] = ()
