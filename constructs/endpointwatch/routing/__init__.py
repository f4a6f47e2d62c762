"""From an alarm to a page."""

from endpointwatch.routing.routes import Hours, Route
from endpointwatch.routing.routing import AlertRouting
from endpointwatch.routing.sinks import CustomSink, Email, PagerDuty, Rate, Sink, Slack, Webhook

__all__ = ["AlertRouting", "CustomSink", "Email", "Hours", "PagerDuty", "Rate", "Route", "Sink", "Slack", "Webhook"]
