"""The stack that routes alerts; one an environment, whatever it watches."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_secretsmanager as secretsmanager

from constructs import Construct
from endpointwatch import AlertRouting, Email, PagerDuty, Severity, Sink, Slack, Webhook
from stacks.environments import Environment, Pages
from stacks.tags import tag


class AlertingStack(Stack):
    """Topics, queues, functions and sinks.

    Attributes:
        routing: give it to whatever has alarms.
    """

    def __init__(self, scope: Construct, id: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id,
            description=f"endpointwatch: routes the alerts of {environment.name}",
            termination_protection=environment.termination_protection,
        )
        pages = environment.pages
        self.routing = AlertRouting(
            self,
            "Routing",
            environment=environment.name,
            sinks=self._sinks(pages),
            routes=pages.routes,
            settle=pages.settle,
            remind=pages.remind,
            heartbeat=pages.heartbeat,
            operators=pages.operators,
            removal_policy=environment.removal_policy,
        )
        self.routing.route_endpoint_events(endpoint_names=[endpoint.name for endpoint in environment.endpoints])
        for severity in Severity:
            CfnOutput(
                self,
                f"{severity.title()}Topic",
                value=self.routing.topic(severity).topic_arn,
                description=f"Send alarms of severity {severity} here",
            )
        tag(self, environment)

    def _sinks(self, pages: Pages) -> list[Sink]:
        # Mail needs no secret that could be revoked, and no service beside AWS.
        fallback = "email" if pages.email else None
        sinks: list[Sink] = []
        if pages.pagerduty_secret:
            sinks.append(
                PagerDuty(
                    secret=secretsmanager.Secret.from_secret_name_v2(self, "PagerDuty", pages.pagerduty_secret),
                    api_url=pages.pagerduty_api_url,
                    fallback=fallback,
                )
            )
        if pages.slack_secret:
            sinks.append(
                Slack(
                    bot_token=secretsmanager.Secret.from_secret_name_v2(self, "Slack", pages.slack_secret),
                    channel=pages.slack_channel,
                    api_url=pages.slack_api_url,
                    fallback=fallback,
                )
            )
        if pages.email:
            sinks.append(Email(addresses=pages.email))
        if pages.webhook_url and pages.webhook_secret:
            sinks.append(
                Webhook(
                    url=pages.webhook_url,
                    secret=secretsmanager.Secret.from_secret_name_v2(self, "Webhook", pages.webhook_secret),
                )
            )
        return sinks
