"""What the enricher puts on a sink's queue: not what to tell, only that there is something to tell.

The dispatcher reads where the incident stands and tells whatever its sink does not know yet. So a delivery may come
twice, late or out of order, and several may be answered by one message.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alert_common import codec
from alert_common.alert import Severity


class Kind(StrEnum):
    """What there is to look at."""

    INCIDENT = "incident"
    DIGEST = "digest"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A reason for one sink to look again."""

    sink: str
    kind: Kind
    id: str
    """Of the incident or digest; of a heartbeat its time."""
    severity: Severity
    """Critical ones go first."""
    not_before: datetime | None = None
    """When (function's clock) there is something to tell: an end has settled, a digest is due, a reminder is."""
    stands_in: str = ""
    """Why this sink is told in another's stead; empty when it speaks for itself."""

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
