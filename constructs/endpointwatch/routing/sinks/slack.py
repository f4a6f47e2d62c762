"""Slack, with a bot token or an incoming webhook."""

import re
from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from constructs import Construct
from endpointwatch import _checks
from endpointwatch.routing.sinks.base import Rate, Settings, check_secret, check_sink
from endpointwatch.severity import Severity

_CHANNEL = re.compile(r"[CG][A-Z0-9]{8,}")


@dataclass(frozen=True, kw_only=True)
class Slack:
    """A Slack channel: with a bot token one message that is updated and threaded, with an incoming webhook plain posts.

    Args:
        bot_token: secret that holds a bot token (`xoxb-...`) with the scopes `chat:write` and `files:write`. With
            `channels:history` (`groups:history` for a private channel) it looks after a crash whether a message had got through.
        channel: id of the channel (`C0123456789`: in Slack, "View channel details", at the very bottom); the bot is its member.
        webhook: secret that holds the URL of an incoming webhook, instead of `bot_token` and `channel`.
        secret_field: the field that holds the value, when the secret is a JSON object.
        api_url: `https://slack-gov.com/api` for GovSlack.
        name: unique among the sinks of a routing.
        severities: what goes here when no routes are given.
        rate: Slack takes about one message a second in a channel and answers 429 beyond (docs.slack.dev/apis/web-api/rate-limits).
        fallback: name of the sink that is told instead while Slack fails.
    """

    bot_token: secretsmanager.ISecret | None = None
    channel: str | None = None
    webhook: secretsmanager.ISecret | None = None
    secret_field: str | None = None
    api_url: str = "https://slack.com/api"
    name: str = "slack"
    severities: frozenset[Severity] = frozenset(Severity)
    rate: Rate | None = Rate(messages=1, per=timedelta(seconds=1))
    fallback: str | None = None

    def __post_init__(self) -> None:
        check_sink(self)
        _checks.https_url("api_url", self.api_url)
        if (self.bot_token is None) == (self.webhook is None):
            raise ValueError("bot_token, webhook: give exactly one of them")
        check_secret("bot_token" if self.bot_token else "webhook", self.bot_token or self.webhook, self.secret_field)
        if self.bot_token is not None:
            channel = _checks.text("channel", self.channel, fix="give the channel's id, such as C0123456789")
            if not Token.is_unresolved(channel) and not _CHANNEL.fullmatch(channel):
                raise ValueError(
                    f"channel: {channel!r} is no channel id; names change, so give the id, such as C0123456789"
                )
        elif self.channel is not None:
            raise ValueError(f"channel: {self.channel!r} has no effect; a webhook posts to the channel it was made for")

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
        secret = self.bot_token or self.webhook
        assert secret is not None
        secret.grant_read(dispatcher)
        common = {"secret": secret.secret_arn, "secret_field": self.secret_field}
        if self.webhook is not None:
            return {"type": "slack-webhook", **common}
        return {"type": "slack", **common, "channel": self.channel, "api_url": self.api_url.rstrip("/")}
