"""Where alarms send what they have to say."""

from dataclasses import dataclass
from typing import Protocol

from aws_cdk import aws_sns as sns

from endpointwatch.severity import Severity


class AlertTargets(Protocol):
    """Whatever has a topic for each severity; `AlertRouting` does."""

    @property
    def environment(self) -> str | None:
        """What alarms without an environment of their own belong to."""
        ...

    def topic(self, severity: Severity) -> sns.ITopic:
        """The topic of `severity`."""
        ...


@dataclass(frozen=True, kw_only=True)
class AlertTopics:
    """Topics of your own, for alarms whose routing is done elsewhere.

    Args:
        critical: for what wakes somebody.
        warning: for what can wait until the morning.
        info: for what is only worth knowing; `warning` when left out.
        environment: what alarms without an environment of their own belong to.
    """

    critical: sns.ITopic
    warning: sns.ITopic
    info: sns.ITopic | None = None
    environment: str | None = None

    def topic(self, severity: Severity) -> sns.ITopic:
        """The topic of `severity`."""
        return {
            Severity.CRITICAL: self.critical,
            Severity.WARNING: self.warning,
            Severity.INFO: self.info or self.warning,
        }[severity]
