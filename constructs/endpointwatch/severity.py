"""How urgent an alert is."""

from enum import StrEnum


class Severity(StrEnum):
    """How urgent an alert is; each has a topic of its own."""

    CRITICAL = "critical"
    """Users are hurt now: somebody is woken."""
    WARNING = "warning"
    """Users will be hurt if nobody acts today."""
    INFO = "info"
    """Worth knowing, nothing to do."""
