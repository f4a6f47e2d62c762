"""From an alarm to a page."""

from endpointwatch.routing.routes import Route
from endpointwatch.routing.routing import AlertRouting
from endpointwatch.routing.sinks import Email, PagerDuty, Sink, Slack

__all__ = ["AlertRouting", "Email", "PagerDuty", "Route", "Sink", "Slack"]
