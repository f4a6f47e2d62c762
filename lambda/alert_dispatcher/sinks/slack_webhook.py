"""Slack's incoming webhook: posts only; it returns no `ts`, so nothing can be updated or threaded."""

from collections.abc import Mapping
from typing import Any

from alert_dispatcher import http
from alert_dispatcher.errors import RejectedError
from alert_dispatcher.sinks import slack_blocks, slack_replies
from alert_dispatcher.sinks.base import Digest, Remember, Tools, Update
from alert_dispatcher.sinks.email import tells, told_page

REVOKED = ("invalid_token", "no_service", "no_active_hooks", "token_revoked")


class SlackWebhook:
    """Posts to one webhook; settings: `secret` (its URL)."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        self._url = tools.secret(settings)

    def messages(self, update: Update) -> int:
        """One message at most: what joins an open incident is no news unless it is worse."""
        return int(tells(update))

    def send(self, update: Update, remember: Remember) -> None:  # noqa: ARG002 - Sink's; there is nothing to remember
        """Post the message."""
        if tells(update):
            page = told_page(update)
            self._post(slack_blocks.head(update) if page is update.page else slack_replies.happened(page))

    def send_digest(self, digest: Digest, remember: Remember) -> None:  # noqa: ARG002 - as above
        """Post one message for all of them."""
        self._post(slack_replies.digest(digest))

    def probe(self) -> None:
        """Read the secret; a webhook takes nothing that it does not show."""
        self._url(False)  # noqa: FBT003

    def _post(self, message: slack_blocks.Message) -> None:
        body = {name: value for name, value in message.items() if name != "link_names"}
        try:
            http.post_json(self._url(False), body)  # noqa: FBT003
        except RejectedError as error:
            if not any(word in str(error) for word in REVOKED):
                raise
            http.post_json(self._url(True), body)  # noqa: FBT003
