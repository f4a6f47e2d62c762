"""Where pages go: PagerDuty, Slack, e-mail.

A sink is any frozen object with `name`, `severities` and `bind`. `bind` grants the dispatcher what it needs and returns the
settings that it reads; secrets stay in Secrets Manager, settings hold their ARN only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aws_cdk import Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from constructs import Construct
from endpointwatch import _checks
from endpointwatch.routing.permissions import allow
from endpointwatch.severity import Severity

_CHANNEL = re.compile(r"[CG][A-Z0-9]{8,}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SINK_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")

Settings = Mapping[str, str | None]


class Sink(Protocol):
    """Where a page can go."""

    @property
    def name(self) -> str:
        """Unique among the sinks of a routing; part of a construct id, so never renamed."""
        ...

    @property
    def severities(self) -> frozenset[Severity]:
        """What goes here when no routes are given."""
        ...

    def bind(self, scope: Construct, *, dispatcher: iam.IGrantable, encryption_key: kms.IKey) -> Settings:
        """Grants `dispatcher` what it needs to send here; returns the settings that it reads, `type` among them."""
        ...


@dataclass(frozen=True, kw_only=True)
class PagerDuty:
    """A PagerDuty service, through an Events API v2 integration.

    Args:
        secret: holds the integration's routing key (32 characters).
        secret_field: the field that holds it, when the secret is a JSON object.
        api_url: `https://events.eu.pagerduty.com` for the EU service region.
        name: unique among the sinks of a routing.
        severities: what goes here when no routes are given.
    """

    secret: secretsmanager.ISecret
    secret_field: str | None = None
    api_url: str = "https://events.pagerduty.com"
    name: str = "pagerduty"
    severities: frozenset[Severity] = frozenset({Severity.CRITICAL})

    def __post_init__(self) -> None:
        _check_sink(self.name, self.severities)
        _check_secret("secret", self.secret)
        _checks.https_url("api_url", self.api_url)

    def bind(self, scope: Construct, *, dispatcher: iam.IGrantable, encryption_key: kms.IKey) -> Settings:  # noqa: ARG002
        """See `Sink`."""
        self.secret.grant_read(dispatcher)
        return {
            "type": "pagerduty",
            "secret": self.secret.secret_arn,
            "secret_field": self.secret_field,
            "api_url": self.api_url.rstrip("/"),
        }


@dataclass(frozen=True, kw_only=True)
class Slack:
    """A Slack channel: with a bot token one message that is updated and threaded, with an incoming webhook plain posts.

    Args:
        bot_token: secret that holds a bot token (`xoxb-...`) with the scopes `chat:write` and `files:write`.
        channel: id of the channel (`C0123456789`: in Slack, "View channel details", at the very bottom); the bot is its member.
        webhook: secret that holds the URL of an incoming webhook, instead of `bot_token` and `channel`.
        secret_field: the field that holds the value, when the secret is a JSON object.
        api_url: `https://slack-gov.com/api` for GovSlack.
        name: unique among the sinks of a routing.
        severities: what goes here when no routes are given.
    """

    bot_token: secretsmanager.ISecret | None = None
    channel: str | None = None
    webhook: secretsmanager.ISecret | None = None
    secret_field: str | None = None
    api_url: str = "https://slack.com/api"
    name: str = "slack"
    severities: frozenset[Severity] = frozenset(Severity)

    def __post_init__(self) -> None:
        _check_sink(self.name, self.severities)
        _checks.https_url("api_url", self.api_url)
        if (self.bot_token is None) == (self.webhook is None):
            raise ValueError("bot_token, webhook: give exactly one of them")
        _check_secret("bot_token" if self.bot_token else "webhook", self.bot_token or self.webhook)
        if self.bot_token is not None:
            channel = _checks.text("channel", self.channel, fix="give the channel's id, such as C0123456789")
            if not Token.is_unresolved(channel) and not _CHANNEL.fullmatch(channel):
                raise ValueError(
                    f"channel: {channel!r} is no channel id; names change, so give the id, such as C0123456789"
                )
        elif self.channel is not None:
            raise ValueError(f"channel: {self.channel!r} has no effect; a webhook posts to the channel it was made for")

    def bind(self, scope: Construct, *, dispatcher: iam.IGrantable, encryption_key: kms.IKey) -> Settings:  # noqa: ARG002
        """See `Sink`."""
        secret = self.bot_token or self.webhook
        assert secret is not None
        secret.grant_read(dispatcher)
        common = {"secret": secret.secret_arn, "secret_field": self.secret_field}
        if self.webhook is not None:
            return {"type": "slack-webhook", **common}
        return {"type": "slack", **common, "channel": self.channel, "api_url": self.api_url.rstrip("/")}


@dataclass(frozen=True, kw_only=True)
class Email:
    """Mail through SNS: plain text, no domain to verify, but every address confirms its subscription once.

    Args:
        addresses: at least one.
        name: unique among the sinks of a routing.
        severities: what goes here when no routes are given.
    """

    addresses: tuple[str, ...]
    name: str = "email"
    severities: frozenset[Severity] = frozenset({Severity.CRITICAL, Severity.WARNING})

    def __post_init__(self) -> None:
        _check_sink(self.name, self.severities)
        if isinstance(self.addresses, str) or not self.addresses:
            raise ValueError(f"addresses: {self.addresses!r} is no list of addresses; give ('oncall@example.com',)")
        if len(set(self.addresses)) < len(self.addresses):
            raise ValueError(f"addresses: {self.addresses!r} names one twice; remove it")
        for address in self.addresses:
            _checks.instance("addresses", address, str, fix="write name@example.com")
            if not Token.is_unresolved(address) and not _ADDRESS.fullmatch(address):
                raise ValueError(f"addresses: {address!r} is no e-mail address; write name@example.com")

    def bind(self, scope: Construct, *, dispatcher: iam.IGrantable, encryption_key: kms.IKey) -> Settings:
        """See `Sink`."""
        topic = sns.Topic(scope, "Topic", master_key=encryption_key, enforce_ssl=True)
        for address in self.addresses:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        allow(dispatcher, "Mail", ["sns:Publish"], [topic.topic_arn])
        return {"type": "email", "topic": topic.topic_arn}


def _check_secret(field: str, secret: object) -> None:
    # The value itself may be here by mistake: it is not shown.
    if not hasattr(secret, "grant_read"):
        raise TypeError(
            f"{field}: is no secret of Secrets Manager; give Secret.from_secret_name_v2(...), never the value"
        )


def _check_sink(name: str, severities: frozenset[Severity]) -> None:
    if not isinstance(name, str) or not _SINK_NAME.fullmatch(name):
        raise ValueError(f"name: {name!r} is no sink name; use lower-case letters, digits and hyphens, at most 31")
    _checks.instance("severities", severities, frozenset, set, fix="write frozenset({Severity.CRITICAL})")
    for severity in severities:
        _checks.one_of("severities", severity, tuple(Severity))
