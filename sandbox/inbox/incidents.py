"""What PagerDuty makes of accepted events: alerts that open, are acknowledged, and resolve."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class IncidentEvent:
    """One event of an incident: when it came (ISO, UTC), its action, and its summary if it had one."""

    at: str
    action: str
    summary: str | None


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One alert from its first trigger to its resolve.

    Args:
        routing_key: the routing key, masked.
        dedup_key: what the sender, or PagerDuty, calls this alert.
        status: `triggered`, `acknowledged` or `resolved`.
        opened: time of the first trigger (ISO, UTC).
        resolved: time of the resolve, None while it is open.
        event: the latest trigger's body, without its routing key.
        events: everything that happened to it, oldest first.
    """

    routing_key: str
    dedup_key: str
    status: str
    opened: str
    resolved: str | None
    event: Mapping[str, Any]
    events: tuple[IncidentEvent, ...]

    @property
    def payload(self) -> Mapping[str, Any]:
        """The latest trigger's `payload`."""
        payload: Mapping[str, Any] = self.event["payload"]
        return payload

    def as_json(self) -> dict[str, Any]:
        """The incident as `GET /api/incidents` shows it."""
        return {
            "dedup_key": self.dedup_key,
            "routing_key": self.routing_key,
            "status": self.status,
            "summary": self.payload["summary"],
            "severity": self.payload["severity"],
            "source": self.payload["source"],
            "opened": self.opened,
            "resolved": self.resolved,
            "events": [asdict(event) for event in self.events],
            "body": dict(self.event),
        }


class IncidentBook:
    """The incidents and change events of every routing key, oldest first."""

    def __init__(self) -> None:
        self.incidents: list[Incident] = []
        self.changes: list[tuple[str, Mapping[str, Any]]] = []
        self._open: dict[tuple[str, str], int] = {}

    def take(self, *, routing_key: str, dedup_key: str, event: Mapping[str, Any], at: str) -> bool:
        """Applies an accepted event.

        Args:
            routing_key: the routing key, masked.
            dedup_key: the event's own, or the one that was made up for it.
            event: the body, without its routing key.
            at: when it came (ISO, UTC).

        Returns:
            Whether it changed anything: PagerDuty accepts an acknowledge or a resolve without an open alert, and drops it.
        """
        action = event["event_action"]
        summary = event["payload"]["summary"] if action == "trigger" else None
        happened = IncidentEvent(at=at, action=action, summary=summary)
        position = self._open.get((routing_key, dedup_key))
        if position is None:
            if action != "trigger":
                return False
            self._open[routing_key, dedup_key] = len(self.incidents)
            self.incidents.append(
                Incident(
                    routing_key=routing_key,
                    dedup_key=dedup_key,
                    status="triggered",
                    opened=at,
                    resolved=None,
                    event=event,
                    events=(happened,),
                )
            )
            return True
        incident = self.incidents[position]
        incident = replace(incident, events=(*incident.events, happened))
        if action == "trigger":
            incident = replace(incident, event=event)
        elif action == "acknowledge":
            incident = replace(incident, status="acknowledged")
        else:
            incident = replace(incident, status="resolved", resolved=at)
            del self._open[routing_key, dedup_key]
        self.incidents[position] = incident
        return True
