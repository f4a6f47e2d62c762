"""Where pages go."""

from endpointwatch.routing.sinks.base import Rate, Sink
from endpointwatch.routing.sinks.custom import CustomSink
from endpointwatch.routing.sinks.email import Email
from endpointwatch.routing.sinks.pagerduty import PagerDuty
from endpointwatch.routing.sinks.slack import Slack
from endpointwatch.routing.sinks.webhook import Webhook

__all__ = ["CustomSink", "Email", "PagerDuty", "Rate", "Sink", "Slack", "Webhook"]
