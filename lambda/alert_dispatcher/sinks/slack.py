"""Slack with a bot token: one message an incident, updated when it is over, with everything else in its thread.

The chart goes into the thread: an image block can only show a file that Slack has finished processing and that the
channel may see, and uploads are processed asynchronously, so a `slack_file` block right after an upload is refused with
`invalid_blocks` (slackapi/python-slack-sdk#1658). Sharing the upload into the thread needs no waiting.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.logging import Logger

from alert_common.delivery import Action, Delivery
from alert_common.redact import redact
from alert_common.state import SinkRecord
from alert_dispatcher import http
from alert_dispatcher.brief import brief
from alert_dispatcher.errors import RejectedError, RetryLaterError, UnauthorizedError
from alert_dispatcher.sinks import slack_blocks
from alert_dispatcher.sinks.base import Remember, is_late
from alert_dispatcher.text import shorten

logger = Logger()

CHART_SECONDS = 15.0
"""For the whole chart: what is left of a function's minute after a slow message."""

UNAUTHORIZED = {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
TRANSIENT = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
OPEN = {Action.TRIGGER, Action.NOTE}
"""What was told last while an incident is open."""
UNREADABLE = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}


class SlackError(RejectedError):
    """Slack answered `ok: false` for good; `code` is its word for why."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"{method}: {code}")
        self.code = code


@dataclass(frozen=True)
class Slack:
    """Sends to one channel; the secret is the bot's token (scopes chat:write, files:write)."""

    api_url: str
    channel: str
    token: Callable[[bool], str]
    """The token; True reads it afresh."""
    chart: Callable[[str], bytes]
    """The PNG with this key, empty when there is none."""

    def send(self, delivery: Delivery, last: SinkRecord | None, remember: Remember) -> None:
        """Post, update or reply, by what the channel already shows of the alert."""
        channel, _, ts = last.thread.partition("/") if last else ("", "", "")
        if last is not None and is_late(delivery, last):
            if self._replied(channel, ts, slack_blocks.render(delivery)):
                remember(last)
            else:
                logger.info("its thread is gone, and newer news was told", extra={"alert": delivery.alert.name})
        elif delivery.action is Action.RESOLVE:
            self._resolve(delivery, last, channel, ts, remember)
        elif last is not None and ts and (last.action in OPEN or delivery.action is Action.NOTE):
            self._add(delivery, last, channel, ts, remember)
        else:
            self._open(delivery, remember)

    def _open(self, delivery: Delivery, remember: Remember) -> None:
        posted = self._post("chat.postMessage", {"channel": self.channel, **slack_blocks.render(delivery)})
        channel, ts = str(posted.get("channel") or self.channel), str(posted.get("ts", ""))
        headline = brief(delivery).headline
        remember(SinkRecord(action=delivery.action, at=delivery.alert.at, thread=f"{channel}/{ts}", headline=headline))
        self._illustrate(delivery, channel, ts)

    def _add(self, delivery: Delivery, last: SinkRecord, channel: str, ts: str, remember: Remember) -> None:
        """Tell it in the thread of the open incident; where somebody has deleted that, anew."""
        if not self._replied(channel, ts, slack_blocks.render(delivery)):
            self._open(delivery, remember)
            return
        triggers = delivery.action is Action.TRIGGER
        # The end must still find an open message, and what it was.
        action = Action.NOTE if delivery.action is Action.INFORM else delivery.action
        headline = brief(delivery).headline if triggers else last.headline
        remember(SinkRecord(action=action, at=delivery.alert.at, thread=last.thread, headline=headline))

    def _resolve(self, delivery: Delivery, last: SinkRecord | None, channel: str, ts: str, remember: Remember) -> None:
        if ts and last is not None:
            try:
                self._post(
                    "chat.update",
                    {"channel": channel, "ts": ts, **slack_blocks.render_resolved(delivery, last.headline)},
                )
            except SlackError as error:
                if error.code not in GONE:
                    raise
                ts = ""
        if not ts:
            posted = self._post("chat.postMessage", {"channel": self.channel, **slack_blocks.render(delivery)})
            channel, ts = str(posted.get("channel") or self.channel), str(posted.get("ts", ""))
            remember(SinkRecord(action=delivery.action, at=delivery.alert.at, thread=f"{channel}/{ts}"))
            return
        remember(SinkRecord(action=delivery.action, at=delivery.alert.at, thread=f"{channel}/{ts}"))
        try:  # The message says it already; sending it all again for a lost reply would only repeat it.
            self._reply(channel, ts, slack_blocks.render_reply(delivery))
        except (RetryLaterError, RejectedError) as error:
            logger.warning("closing reply was not posted", extra={"error": redact(str(error))})

    def _reply(self, channel: str, ts: str, message: slack_blocks.Message) -> None:
        self._post("chat.postMessage", {"channel": channel, "thread_ts": ts, **message})

    def _replied(self, channel: str, ts: str, message: slack_blocks.Message) -> bool:
        """Reply in the thread; False when it is gone."""
        try:
            self._reply(channel, ts, message)
        except SlackError as error:
            if error.code not in GONE:
                raise
            return False
        return True

    def _illustrate(self, delivery: Delivery, channel: str, ts: str) -> None:
        """Upload the chart into the thread; a page without its picture is still a page."""
        if not delivery.context.chart_key:
            return
        until = time.monotonic() + CHART_SECONDS
        try:
            picture = self.chart(delivery.context.chart_key)
            if picture:
                self._upload(picture, f"{delivery.alert.name}, UTC", channel, ts, until)
        except Exception as error:  # the page itself is out
            logger.warning("chart was not uploaded", extra={"error": redact(f"{type(error).__name__}: {error}")})

    def _upload(self, picture: bytes, title: str, channel: str, ts: str, until: float) -> None:
        query = urlencode({"filename": "chart.png", "length": len(picture), "alt_txt": shorten(title, 200)})
        begun = self._call("files.getUploadURLExternal", query.encode(), "application/x-www-form-urlencoded", until)
        http.post(str(begun["upload_url"]), picture, headers={"Content-Type": "application/octet-stream"}, until=until)
        files = [{"id": begun["file_id"], "title": shorten(title, 200)}]
        self._post("files.completeUploadExternal", {"files": files, "channel_id": channel, "thread_ts": ts}, until)

    def _post(self, method: str, body: Mapping[str, Any], until: float | None = None) -> Mapping[str, Any]:
        try:
            return self._call(method, http.encode(body), "application/json; charset=utf-8", until)
        except SlackError as error:
            if error.code not in UNREADABLE or "blocks" not in body:
                raise
            # Slack's rules for blocks change; the words get through without them.
            plain = {name: value for name, value in body.items() if name != "blocks"}
            return self._call(method, http.encode(plain), "application/json; charset=utf-8")

    def _call(self, method: str, body: bytes, content_type: str, until: float | None = None) -> Mapping[str, Any]:
        try:
            return self._once(method, body, content_type, until, fresh=False)
        except UnauthorizedError:
            return self._once(method, body, content_type, until, fresh=True)

    def _once(
        self, method: str, body: bytes, content_type: str, until: float | None, *, fresh: bool
    ) -> Mapping[str, Any]:
        headers = {"Content-Type": content_type, "Authorization": f"Bearer {self.token(fresh)}"}
        answer = http.post(f"{self.api_url.rstrip('/')}/{method}", body, headers=headers, until=until).json()
        if answer.get("ok") is True:
            return answer
        code = str(answer.get("error", "no error named"))
        if code in UNAUTHORIZED:
            raise UnauthorizedError(f"{method}: {code}")
        if code in TRANSIENT:
            raise RetryLaterError(f"{method}: {code}")
        raise SlackError(method, code)
