"""An alarm as a plain value, before CloudFormation."""

from dataclasses import dataclass
from typing import Literal

from endpointwatch import _checks
from endpointwatch.metrics import Spec
from endpointwatch.severity import Severity

Comparison = Literal["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"]
Missing = Literal["missing", "ignore", "breaching", "notBreaching"]
Unit = Literal["share", "percent", "microseconds", "seconds", "count"]

# CloudWatch takes 1,024 characters of description, of which the summary needs some.
_LONGEST_FIRST = 700
DAY = 86_400
WEEK = 604_800


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """One alarm.

    Args:
        signal: what it listens to; part of its name and of its construct id.
        severity: which topic it goes to.
        watches: the metric.
        comparison: how `watches` compares with `threshold` when it breaches.
        threshold: in `unit`.
        unit: what the metric counts; `share` is 0 to 1, `percent` 0 to 100.
        datapoints: M of M out of N: breaching periods that make an alarm.
        periods: N: periods that are looked at.
        missing: what a period without data counts as. There is no default: with CloudWatch's, one bad datapoint and silence after
            it make an alarm.
        warm_up_minutes: how long after its creation the alarm may wait for its first data; None for not at all.
        summary: what is wrong when it fires, in one line.
        first: what to do first.
        objective: the promise that it protects, in words, if there is one; becomes the value of a tag.
        objective_value: the same as a number in `unit`.
    """

    signal: str
    severity: Severity
    watches: Spec
    comparison: Comparison = "GreaterThanThreshold"
    threshold: float
    unit: Unit
    datapoints: int
    periods: int
    missing: Missing
    warm_up_minutes: int | None = None
    summary: str
    first: str
    objective: str | None = None
    objective_value: float | None = None

    def __post_init__(self) -> None:
        name = f"{self.signal} alarm"
        if not 1 <= self.datapoints <= self.periods:
            raise ValueError(
                f"{name}: {self.datapoints} datapoints of {self.periods} periods cannot be; "
                "datapoints is 1 up to periods"
            )
        if self.objective is not None:
            _checks.tag_value(f"{name}: objective", self.objective)
        # CDK does not check what CloudWatch refuses at deployment: an alarm looks back a day at most, a week from 1 hour on.
        span, limit = self.watches.period * self.periods, WEEK if self.watches.period >= 3600 else DAY
        if span > limit:
            raise ValueError(
                f"{name}: {self.periods} periods of {self.watches.period} s look back {span} s, "
                f"CloudWatch allows {limit} s; use fewer or longer periods"
            )

    @property
    def description(self) -> str:
        """What the alarm's description says: what is wrong, an empty line, what to do first."""
        return f"{self.summary}\n\nFirst: {self.first}"


@dataclass(frozen=True, kw_only=True)
class AlarmOverride:
    """What a team wants otherwise than the default; what is left out stays.

    Args:
        enabled: False leaves the alarm out.
        severity: another topic.
        threshold: in the metric's unit (latencies in MICROSECONDS, shares 0 to 1, utilizations 0 to 100).
        datapoints: breaching periods that make an alarm.
        periods: periods that are looked at.
        first: what to do first.
    """

    enabled: bool = True
    severity: Severity | None = None
    threshold: float | None = None
    datapoints: int | None = None
    periods: int | None = None
    first: str | None = None

    def __post_init__(self) -> None:
        _checks.instance("enabled", self.enabled, bool, fix="write True or False")
        if self.severity is not None:
            _checks.one_of("severity", self.severity, tuple(Severity))
        if self.threshold is not None:
            _checks.number("threshold", self.threshold, low=0, high=1e15, fix="give it in the metric's unit")
        for name in ("datapoints", "periods"):
            if getattr(self, name) is not None:
                _checks.whole(name, getattr(self, name), low=1, high=10_080, fix="give a count of periods")
        if (
            self.first is not None
            and len(_checks.text("first", self.first, fix="say what to do first")) > _LONGEST_FIRST
        ):
            raise ValueError(
                f"first: {len(self.first)} characters are too many; use at most {_LONGEST_FIRST}, and a runbook"
            )


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Who answers for an endpoint; travels with every alarm as tags.

    Args:
        team: the owner.
        runbook: URL of what to do; as a tag value it cannot hold ? # % or &.
    """

    team: str | None = None
    runbook: str | None = None

    def __post_init__(self) -> None:
        if self.team is not None:
            _checks.tag_value("team", self.team)
        if self.runbook is not None:
            _checks.tag_value("runbook", _checks.https_url("runbook", self.runbook))
