"""What was gathered, as the rules ask for it; pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from alert_common import tags as tag
from alert_common.alert import Alert, State
from alert_common.context import Change, Context, LogLine, Signal
from alert_enricher.diagnose import thresholds as at

REQUESTS, ERRORS, CLIENT_ERRORS = "Requests", "Errors", "Client errors (4xx)"
P50, P99 = "Latency p50", "Latency p99"
GPU, CPU, MEMORY = "GPU", "CPU", "Memory"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A new configuration of the endpoint."""

    at: datetime
    """When it took the traffic, as far as anybody tells: the end of the update, else its beginning."""
    config: str
    before: str
    """What it replaced; empty where nobody knows."""
    is_under_way: bool = False


class Facts:
    """The alert and its context, with what follows from them. A figure that is not there is None and proves nothing."""

    def __init__(self, alert: Alert, context: Context, joined: Sequence[str] = ()) -> None:
        self.alert = alert
        self.context = context
        self.began = alert.since or alert.at
        self.signals = {signal.name: signal for signal in context.signals}
        firing = [s.name for s in context.siblings if s.state == "ALARM"]
        own = [self.signal] if alert.state is State.ALARM else []
        self.alarming = {*own, *(_signal(name) for name in (*joined, *firing))}
        """Signals that alarm now, by the last part of the alarms' names."""

    @cached_property
    def signal(self) -> str:
        """What the alert watches: by its tag, else by its name."""
        return self.alert.tags.get(tag.SIGNAL, "") or _signal(self.alert.name)

    @property
    def what(self) -> str:
        """The resource's name, for a sentence."""
        return self.alert.resource.name if self.alert.resource else "the resource"

    # Figures

    def before(self, name: str) -> float | None:
        """Return the figure from before the alert began."""
        return self._figure(name, lambda s: s.before)

    def after(self, name: str) -> float | None:
        """Return the figure since then."""
        return self._figure(name, lambda s: s.after)

    def _figure(self, name: str, of: Callable[[Signal], T | None]) -> T | None:
        signal = self.signals.get(name)
        return of(signal) if signal is not None else None

    def rose(self, name: str, times: float) -> bool:
        """Whether a figure is so many times what it was; not without both, or from nothing."""
        before, after = self.before(name), self.after(name)
        return before is not None and after is not None and before > 0 and after >= times * before

    def _share_rose(self, name: str, least: float) -> bool:
        after = self.after(name)
        return after is not None and after >= least and after >= at.ERRORS_TIMES * (self.before(name) or 0.0)

    @cached_property
    def errors_rose(self) -> bool:
        """Whether far more requests fail than before."""
        return self._share_rose(ERRORS, at.ERRORS_PERCENT)

    @cached_property
    def client_errors_rose(self) -> bool:
        """Whether far more requests are refused as bad than before."""
        return self._share_rose(CLIENT_ERRORS, at.CLIENT_ERRORS_PERCENT)

    @cached_property
    def latency_rose(self) -> bool:
        """Whether requests take far longer than before."""
        return self.rose(P99, at.LATENCY_TIMES)

    @cached_property
    def traffic_rose(self) -> bool:
        """Whether far more requests come than before."""
        return self.rose(REQUESTS, at.TRAFFIC_TIMES)

    @cached_property
    def is_well(self) -> bool:
        """Whether figures say that requests are answered as well as before."""
        return ERRORS in self.signals and not (self.errors_rose or self.latency_rose)

    def told(self, name: str) -> str:
        """Write a figure as evidence: `Errors 0.04 % -> 31.2 %`."""
        signal = self.signals[name]
        return f"{name} {_written(signal.before, signal.unit)} → {_written(signal.after, signal.unit)}"

    # Log

    def lines(self, matches: Callable[[str], bool]) -> tuple[tuple[LogLine, ...], int]:
        """Return the log's lines that match, and how often they came."""
        found = tuple(line for line in self.context.logs if matches(line.text))
        return found, sum(line.count for line in found)

    @cached_property
    def line_count(self) -> int:
        """How many lines that look like errors were told."""
        return sum(line.count for line in self.context.logs)

    # Deployment

    @cached_property
    def deployment(self) -> Deployment | None:
        """The last deployment that came right before the alert began, or was under way then."""
        candidates = (*self._under_way(), *self._by_history(), *self._by_times())
        return next((d for d in candidates if self._is_suspect(d)), None)

    def _is_suspect(self, deployment: Deployment) -> bool:
        longest = at.DEPLOYING if deployment.is_under_way else at.RIGHT_AFTER
        return -at.AS_IT_BEGAN <= self.began - deployment.at <= longest

    def _under_way(self) -> Iterator[Deployment]:
        endpoint = self.context.endpoint
        if endpoint is not None and endpoint.pending_since is not None:
            yield Deployment(
                at=endpoint.pending_since, config=endpoint.pending_config, before=endpoint.config, is_under_way=True
            )

    def _by_history(self) -> Iterator[Deployment]:
        """Tell deployments by CloudTrail, which knows when each began; when the last one ended the endpoint tells."""
        endpoint = self.context.endpoint
        ended = endpoint.modified_at if endpoint is not None else None
        for change in self.context.changes:
            if change.kind == "deployment" and not change.failed:
                took = (
                    ended is not None and change.at <= ended <= change.at + at.DEPLOYING and not self._scaled_by(ended)
                )
                yield Deployment(at=ended if took and ended else change.at, config=change.after, before=change.before)
                ended = None

    def _by_times(self) -> Iterator[Deployment]:
        """Tell a deployment by the endpoint's own times: a scaling moves its time of change too, a new configuration does not."""
        endpoint = self.context.endpoint
        if endpoint is None or endpoint.pending_since is not None:
            return
        made, changed = endpoint.config_created_at, endpoint.modified_at
        if made is None or changed is None or endpoint.created_at is None or made <= endpoint.created_at:
            return
        at_once = made <= changed <= made + at.DEPLOYING and not self._scaled_by(changed)
        yield Deployment(at=changed if at_once else made, config=endpoint.config, before="")

    def _scaled_by(self, moment: datetime) -> bool:
        return any(c.kind == "scaling" and c.at <= moment <= c.at + at.SCALING for c in self.context.changes)

    def since_deployment(self) -> str:
        """Say how the last deployment stands to the alert's beginning; only where there is one."""
        deployment = self.deployment
        assert deployment is not None
        minutes = round((self.began - deployment.at).total_seconds() / 60)
        config = f" config {deployment.config}" if deployment.config else ""
        if deployment.is_under_way:
            return f"deployment of{config} under way since {deployment.at:%H:%M} UTC"
        when = "as it began" if minutes <= 0 else f"{minutes} min before it began"
        return f"deployed{config} {when}"

    def roll_back(self) -> str:
        """Say how to undo the last deployment; empty without one that is to blame."""
        if self.deployment is None:
            return ""
        if self.context.endpoint is not None and self.context.endpoint.status == "RollingBack":
            return "SageMaker rolls back already: see that it ends."
        to = f"config {self.deployment.before}" if self.deployment.before else "the configuration before"
        return f"Roll {self.what} back to {to}."

    def recent(self, matches: Callable[[Change], bool]) -> Change | None:
        """Return the newest change that matches, of those before the alert was told."""
        return next((c for c in self.context.changes if matches(c)), None)


def _signal(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _written(value: float | None, unit: str) -> str:
    if value is None:
        return "nothing"
    number = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{number}{unit}" if unit.startswith("/") else f"{number} {unit}"
