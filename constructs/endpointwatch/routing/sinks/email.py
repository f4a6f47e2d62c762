"""E-mail, through SNS."""

from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from constructs import Construct
from endpointwatch import _checks
from endpointwatch.routing.permissions import allow
from endpointwatch.routing.sinks.base import Rate, Settings, check_sink
from endpointwatch.severity import Severity


@dataclass(frozen=True, kw_only=True)
class Email:
    """Mail through SNS: plain text, no domain to verify, but every address confirms its subscription once.

    Args:
        addresses: at least one.
        name: unique among the sinks of a routing.
        severities: what goes here when no routes are given: the digest, where other sinks take what is urgent.
        rate: SNS mails 10 a second in an account (docs.aws.amazon.com/general/latest/gr/sns.html); one a second leaves that to
            ten addresses.
        fallback: name of the sink that is told instead while SNS fails.
    """

    addresses: tuple[str, ...]
    name: str = "email"
    severities: frozenset[Severity] = frozenset({Severity.INFO})
    rate: Rate | None = Rate(messages=1, per=timedelta(seconds=1), burst=5)
    fallback: str | None = None

    def __post_init__(self) -> None:
        check_sink(self)
        _checks.addresses("addresses", self.addresses)
        if not self.addresses:
            raise ValueError("addresses: is empty; give at least one, such as ('oncall@example.com',)")

    @property
    def takes_digests(self) -> bool:
        """Yes."""
        return True

    @property
    def code(self) -> None:
        """The dispatcher has it."""
        return

    def bind(self, scope: Construct, *, dispatcher: iam.IGrantable, encryption_key: kms.IKey) -> Settings:
        """See `Sink`."""
        topic = sns.Topic(scope, "Topic", master_key=encryption_key, enforce_ssl=True)
        for address in self.addresses:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        # The attributes are what a heartbeat asks for. A policy takes each Sid once, and there may be several such sinks.
        sid = f"Mail{self.name.replace('-', '').capitalize()}"
        allow(dispatcher, sid, ["sns:GetTopicAttributes", "sns:Publish"], [topic.topic_arn])
        return {"type": "email", "topic": topic.topic_arn}
