"""From an alarm to a page."""

from endpointwatch.routing.routing import AlertRouting, Route
from endpointwatch.routing.sinks import Email, PagerDuty, Sink, Slack
from endpointwatch.routing.targets import AlertTargets, AlertTopics

__all__ = ["AlertRouting", "AlertTargets", "AlertTopics", "Email", "PagerDuty", "Route", "Sink", "Slack"]
