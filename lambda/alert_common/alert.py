"""One alert, whatever it came from."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

DEDUP_KEY_LIMIT = 255
"""PagerDuty's limit for a dedup key, in characters."""


class Kind(StrEnum):
    """What sent the alert."""

    METRIC_ALARM = "metric-alarm"
    COMPOSITE_ALARM = "composite-alarm"
    LOG_ALARM = "log-alarm"
    ALARM_CONFIGURATION = "alarm-configuration"
    ENDPOINT = "endpoint"
    DEPLOYMENT = "deployment"
    JOB = "job"
    HEALTH = "health"
    ALERTMANAGER = "alertmanager"
    ASYNC_INFERENCE = "async-inference"
    TEST = "test"
    """Sent by a person to try the way."""
    HEARTBEAT = "heartbeat"
    """Sent by the clock to prove the way."""
    UNKNOWN = "unknown"


class State(StrEnum):
    """Where the alert stands; `EVENT` is something that happened and has no end of its own."""

    ALARM = "ALARM"
    OK = "OK"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    EVENT = "EVENT"


class Severity(StrEnum):
    """How urgent; also the names of the topics and of the routes."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


URGENCY = tuple(Severity)
"""The most severe first."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One line of an alarm's `Metrics`: a CloudWatch metric, or an expression over others."""

    id: str = ""
    namespace: str = ""
    name: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    statistic: str = ""
    """As GetMetricData takes it: `Average`, `Sum`, `p99`."""
    period: int | None = None
    """Seconds."""
    expression: str = ""
    label: str = ""
    returned: bool = True


@dataclass(frozen=True, kw_only=True)
class MetricFacts:
    """What a metric alarm watches, and the figures that moved it. Values are in the metric's own unit."""

    metrics: tuple[Metric, ...] = ()
    threshold: float | None = None
    """None for anomaly alarms, whose band moves (`band`)."""
    band: tuple[float, float] | None = None
    comparison: str = ""
    """CloudWatch's operator, such as `GreaterThanThreshold`; empty where the message does not carry it."""
    evaluation_periods: int | None = None
    datapoints_to_alarm: int | None = None
    treat_missing_data: str = ""
    values: tuple[float, ...] = ()
    """The datapoints the state reason names, newest first."""
    no_data: bool = False
    """Whether the state reason says that no datapoints were received; a state set by hand names none either."""

    @property
    def watched(self) -> Metric | None:
        """The metric or expression compared with the threshold: the first that returns data."""
        return next((m for m in self.metrics if m.returned), None)

    @property
    def subject(self) -> Metric | None:
        """The metric that names what is measured: the watched one, or the first that its expression reads.

        Invocations come last: an expression divides by them, or only guards with them.
        """
        watched = self.watched
        if watched is None or watched.name:
            return watched
        read = sorted((m for m in self.metrics if m.name), key=lambda m: m.name == "Invocations")
        return read[0] if read else watched

    @property
    def dimensions(self) -> Mapping[str, str]:
        """Every dimension of every metric; of two values the first wins."""
        merged: dict[str, str] = {}
        for metric in self.metrics:
            for name, value in metric.dimensions.items():
                merged.setdefault(name, value)
        return merged

    @property
    def value(self) -> float | None:
        """The newest datapoint."""
        return self.values[0] if self.values else None

    def breaches(self, value: float) -> bool:
        """Whether a value is on the wrong side of the threshold; without a threshold or operator it may be."""
        if self.threshold is None:
            return True
        return {
            "GreaterThanThreshold": value > self.threshold,
            "GreaterThanOrEqualToThreshold": value >= self.threshold,
            "LessThanThreshold": value < self.threshold,
            "LessThanOrEqualToThreshold": value <= self.threshold,
        }.get(self.comparison, True)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What the alert is about."""

    kind: str
    """`endpoint`, `training-job`, `processing-job`, `transform-job`, `cluster`, `service`, `router` or `other`."""
    name: str
    variant: str = ""
    cluster: str = ""
    """Of a service."""
    namespace: str = ""
    """Of a service."""


@dataclass(frozen=True, kw_only=True)
class Child:
    """An alarm that set off a composite one."""

    arn: str
    state: str

    @property
    def name(self) -> str:
        """The alarm's name out of its ARN."""
        return self.arn.split(":alarm:", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert in the project's own words; a parser fills in what its message says and leaves the rest empty."""

    kind: Kind
    name: str
    state: State
    at: datetime
    """When the state changed, UTC: the alert's own time, never the function's clock where the message has one."""
    severity: Severity
    understood: bool = True
    """False: nobody knew this shape, and `raw` is all there is."""
    previous_state: State | None = None
    since: datetime | None = None
    """Start of the oldest datapoint that the state was decided on."""
    account: str = ""
    region: str = ""
    arn: str = ""
    identity: str = ""
    """What tells this alert from others when it has no ARN (a fingerprint, a message id)."""
    description: str = ""
    """What is wrong and against what: the alarm description without its `First:` line."""
    first_action: str = ""
    reason: str = ""
    status: str = ""
    """The sender's own word for the state, such as `ROLLING_BACK` or `Failed`."""
    resource: Resource | None = None
    metric: MetricFacts | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Child, ...] = ()
    rule: str = ""
    """A composite alarm's rule, a log alarm's query."""
    log_groups: tuple[str, ...] = ()
    suppressed_by: str = ""
    after_mute: bool = False
    """Whether it is told late, because a mute rule's window has ended and it still holds."""
    topic: str = ""
    """ARN of the SNS topic that it came through; empty for other ways in."""
    raw: str = ""

    @property
    def dedup_key(self) -> str:
        """The alert's identity without its state: the same for ALARM and OK, different for any two alerts.

        Account, region and ARN or name, readable where it fits, else hashed. Messages without any identifier are
        keyed by their own text, so they never fall together.
        """
        parts: tuple[str, ...] = (
            self.kind_of_identity,
            self.account,
            self.region,
            self.arn or self.name,
            self.identity,
        )
        if not any(parts[1:]):
            parts = (*parts, self.raw)
        return stable_key(self.name or self.arn, parts)

    @property
    def kind_of_identity(self) -> str:
        """Alarms of every kind share one space of ARNs; everything else is keyed apart from them."""
        alarms = {Kind.METRIC_ALARM, Kind.COMPOSITE_ALARM, Kind.LOG_ALARM}
        return "alarm" if self.kind in alarms else str(self.kind)


def stable_key(readable: str, parts: tuple[str, ...]) -> str:
    """Make a key of at most 255 characters, readable where it fits, different for any two lists of parts."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_./:") else "-" for c in readable)
    return f"endpointwatch/{plain[: DEDUP_KEY_LIMIT - 14 - 33]}/{digest(*parts)}"


def digest(*parts: str) -> str:
    """Make 32 hexadecimal digits of some texts."""
    # With their lengths, so that ("a", "bc") and ("ab", "c") stay apart.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
