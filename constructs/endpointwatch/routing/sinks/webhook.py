"""A web server of your own."""

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
class Webhook:
    """Any server that takes JSON over HTTPS, heartbeats too, signed as Standard Webhooks does it (standardwebhooks.com).

    Args:
        url: where to post to; it is no secret, and reaches logs.
        secret: holds the key of the signature: `whsec_` and base64 of 24 to 64 bytes, or any text.
        secret_field: the field that holds it, when the secret is a JSON object.
        name: unique among the sinks of a routing.
        severities: what goes here when no routes are given.
        rate: nobody publishes a limit for your server: ten a second are what a small one stands.
        fallback: name of the sink that is told instead while the server fails.
    """

    url: str
    secret: secretsmanager.ISecret
    secret_field: str | None = None
    name: str = "webhook"
    severities: frozenset[Severity] = frozenset(Severity)
    rate: Rate | None = Rate(messages=10, per=timedelta(seconds=1), burst=10)
    fallback: str | None = None

    def __post_init__(self) -> None:
        check_sink(self)
        _checks.https_url("url", self.url)
        check_secret("secret", self.secret, self.secret_field)

    @property
    def takes_digests(self) -> bool:
        """Yes."""
        return True

    @property
    def code(self) -> None:
        """The dispatcher has it."""
        return

    def bind(self, scope: Construct, *, dispatcher: iam.IGrantable, encryption_key: kms.IKey) -> Settings:  # noqa: ARG002
        """See `Sink`."""
        self.secret.grant_read(dispatcher)
        return {
            "type": "webhook",
            "url": self.url,
            "secret": self.secret.secret_arn,
            "secret_field": self.secret_field,
        }
