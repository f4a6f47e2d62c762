"""Slack's incoming webhook: posts only; it returns no `ts`, so nothing can be updated or threaded."""

from collections.abc import Callable
from dataclasses import dataclass

from alert_common.delivery import Delivery
from alert_common.state import SinkRecord
from alert_dispatcher import http
from alert_dispatcher.errors import RejectedError
from alert_dispatcher.sinks.base import Remember
from alert_dispatcher.sinks.slack_blocks import Message, render

REVOKED = ("invalid_token", "no_service", "no_active_hooks", "token_revoked")


@dataclass(frozen=True)
class SlackWebhook:
    """Posts to one webhook; the secret is its URL."""

    url: Callable[[bool], str]
    """The URL; True reads it afresh."""

    def send(self, delivery: Delivery, last: SinkRecord | None, remember: Remember) -> None:  # noqa: ARG002 - Sink's
        """Post the message."""
        body: Message = {k: v for k, v in render(delivery).items() if k != "link_names"}
        try:
            http.post_json(self.url(False), body)  # noqa: FBT003
        except RejectedError as error:
            if not any(word in str(error) for word in REVOKED):
                raise
            http.post_json(self.url(True), body)  # noqa: FBT003
        remember(SinkRecord(action=delivery.action, at=delivery.alert.at))
