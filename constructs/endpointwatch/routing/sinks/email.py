"""E-mail, through SNS."""

import re
from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from constructs import Construct
from endpointwatch import _checks
from endpointwatch.routing.permissions import allow
from endpointwatch.routing.sinks.base import Rate, Settings, check_sink
from endpointwatch.severity import Severity

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


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
        if isinstance(self.addresses, str) or not self.addresses:
            raise ValueError(f"addresses: {self.addresses!r} is no list of addresses; give ('oncall@example.com',)")
        if len(set(self.addresses)) < len(self.addresses):
            raise ValueError(f"addresses: {self.addresses!r} names one twice; remove it")
        for address in self.addresses:
            _checks.instance("addresses", address, str, fix="write name@example.com")
            if not Token.is_unresolved(address) and not _ADDRESS.fullmatch(address):
                raise ValueError(f"addresses: {address!r} is no e-mail address; write name@example.com")

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
        # The attributes are what a heartbeat asks for.
        allow(dispatcher, "Mail", ["sns:GetTopicAttributes", "sns:Publish"], [topic.topic_arn])
        return {"type": "email", "topic": topic.topic_arn}
