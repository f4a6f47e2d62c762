"""What the parts of a batch share."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alert_common import queue
from alert_common.delivery import Delivery, Kind
from alert_common.incident import Incident
from alert_common.queue import Record
from alert_common.settings import Settings, SinkSettings
from alert_common.store import Store
from alert_dispatcher.http import LONGEST_SECONDS
from alert_dispatcher.returns import Returns
from alert_dispatcher.sinks.base import Sink
from alert_dispatcher.turnstile import Learned

SOON_SECONDS = 5.0
"""Until somebody else has finished, or a next invocation has time."""


@dataclass(kw_only=True)
class Work:
    """One batch."""

    store: Store
    settings: Settings
    sqs: Any
    sink: Callable[[str], Sink]
    """Makes a sink, once; raises RejectedError."""
    returns: Returns
    now: datetime
    until: float
    """The `time.monotonic()` at which the function ends."""
    learned: dict[str, Learned] = field(default_factory=dict)
    """By sink."""

    def of(self, sink: str) -> SinkSettings | None:
        """Return a sink's settings; None for one that is not there."""
        return self.settings.sinks.get(sink)

    def owner(self, record: Record) -> SinkSettings | None:
        """Return the settings of the sink whose queue a record comes from."""
        queue = record["eventSourceARN"].rpartition(":")[2]
        return next((sink for sink in self.settings.sinks.values() if sink.queue.rpartition("/")[2] == queue), None)

    def has_time(self) -> bool:
        """Whether one more request can be started."""
        return self.until - time.monotonic() >= LONGEST_SECONDS

    def send(self, sink: str, delivery: Delivery) -> None:
        """Put a delivery on a sink's queue."""
        queue.send(self.sqs, self.settings.sinks[sink].queue, delivery)

    def remind(self, sink: str, incident: Incident) -> None:
        """Look again when a reminder is due."""
        if self.settings.remind_seconds > 0 and incident.can_end:
            due = self.now + timedelta(seconds=self.settings.remind_seconds)
            self.send(sink, incident_delivery(sink, incident, not_before=due))


def incident_delivery(
    sink: str, incident: Incident, *, not_before: datetime | None = None, stands_in: str = ""
) -> Delivery:
    """Make a reason to look at an incident."""
    return Delivery(
        sink=sink,
        kind=Kind.INCIDENT,
        id=incident.id,
        severity=incident.severity,
        not_before=not_before,
        stands_in=stands_in,
    )
