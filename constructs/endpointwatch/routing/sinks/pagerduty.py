"""PagerDuty, through its Events API v2."""

from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from constructs import Construct
from endpointwatch import _checks
from endpointwatch.routing.sinks.base import Rate, Settings, check_secret, check_sink
from endpointwatch.severity import Severity


@dataclass(frozen=True, kw_only=True)
class PagerDuty:
    """A PagerDuty service, through an Events API v2 integration. It takes no digests.

    Args:
        secret: holds the integration's routing key (32 characters).
        secret_field: the field that holds it, when the secret is a JSON object.
        api_url: `https://events.eu.pagerduty.com` for the EU service region.
        name: unique among the sinks of a routing.
        severities: what goes here when no routes are given.
        rate: PagerDuty takes 120 events a minute for one key and answers 429 beyond
            (developer.pagerduty.com/docs/events-api-v2-overview); ten at once and 110 a minute never exceed that.
        fallback: name of the sink that is told instead while PagerDuty fails.
    """

    secret: secretsmanager.ISecret
    secret_field: str | None = None
    api_url: str = "https://events.pagerduty.com"
    name: str = "pagerduty"
    severities: frozenset[Severity] = frozenset({Severity.CRITICAL})
    rate: Rate | None = Rate(messages=110, per=timedelta(minutes=1), burst=10)
    fallback: str | None = None

    def __post_init__(self) -> None:
        check_sink(self)
        check_secret("secret", self.secret, self.secret_field)
        _checks.https_url("api_url", self.api_url)

    @property
    def takes_digests(self) -> bool:
        """No: an incident is what somebody acknowledges and resolves."""
        return False

    @property
    def code(self) -> None:
        """The dispatcher has it."""
        return

    def bind(self, scope: Construct, *, dispatcher: iam.IGrantable, encryption_key: kms.IKey) -> Settings:  # noqa: ARG002
        """See `Sink`."""
        self.secret.grant_read(dispatcher)
        return {
            "type": "pagerduty",
            "secret": self.secret.secret_arn,
            "secret_field": self.secret_field,
            "api_url": self.api_url.rstrip("/"),
        }
