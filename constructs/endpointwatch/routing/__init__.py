"""From an alarm to a page."""

from endpointwatch.routing.routing import AlertRouting, Route
from endpointwatch.routing.sinks import Email, PagerDuty, Sink, Slack

__all__ = ["AlertRouting", "Email", "PagerDuty", "Route", "Sink", "Slack"]
