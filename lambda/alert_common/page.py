"""What there is to tell about one transition of one alert: the alert, what was found out about it, and what it asks for."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alert_common.alert import Alert
from alert_common.context import Context


class Action(StrEnum):
    """What a page asks of whoever tells it."""

    TRIGGER = "trigger"
    """An alert fires: it opens an incident, or joins one."""
    RESOLVE = "resolve"
    """An alert is over."""
    NOTE = "note"
    """An open alert has lost its data, and stays open."""
    INFORM = "inform"
    """Something happened that has no end: a deployment, a finished job."""
    CONTEXT = "context"
    """What was found out too late for the page that it belongs to."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One transition, as it is told."""

    action: Action
    alert: Alert
    context: Context = field(default_factory=Context)
    opened_at: datetime | None = None
    """When the alert began to fire, for what ends or adds to it."""
    due: datetime | None = None
    """Until when (function's clock) the context is still being gathered; None when it is there, or given up."""
