"""One alert on its way to one sink: what the enricher puts on a sink's queue."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alert_common import codec
from alert_common.alert import Alert
from alert_common.context import Context


class Action(StrEnum):
    """What a delivery asks of its sink."""

    TRIGGER = "trigger"
    """Open an incident, or add to the one that is open."""
    RESOLVE = "resolve"
    """Close the incident."""
    NOTE = "note"
    """Add to the open incident without changing it."""
    INFORM = "inform"
    """Tell, without an incident: a deployment, a finished job."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message for one sink."""

    sink: str
    action: Action
    dedup_key: str
    alert: Alert
    context: Context
    opened_at: datetime | None = None
    """When the incident that this closes or adds to began."""

    def to_json(self) -> str:
        """The text that travels on the queue."""
        return codec.dumps(self)

    @classmethod
    def from_json(cls, text: str) -> "Delivery":
        """Read a delivery off the queue.

        Raises:
            ValueError: the text is not a delivery; the message names the field.
        """
        return codec.loads(cls, text)
