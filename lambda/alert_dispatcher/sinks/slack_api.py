"""Slack's Web API: calls with a bot's token, its answers sorted into taken, later, never."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.logging import Logger

from alert_common.redact import redact
from alert_dispatcher import http
from alert_dispatcher.errors import RejectedError, RetryLaterError, TooManyRequestsError, UnauthorizedError
from alert_dispatcher.text import shorten

logger = Logger()

URL = "https://slack.com/api"
UNAUTHORIZED = {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
TOO_MANY = {"ratelimited", "rate_limited"}
TRANSIENT = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
UNREADABLE = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}
AROUND_SECONDS = 60
"""Clocks differ, and a message is posted some seconds after it is said to be tried; longer than a function may run."""

EVENT_TYPE = "endpointwatch"


class SlackError(RejectedError):
    """Slack answered `ok: false` for good; `code` is its word for why."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"{method}: {code}")
        self.code = code


@dataclass(frozen=True)
class SlackApi:
    """One workspace, one bot."""

    url: str
    token: Callable[[bool], str]
    """The token; True reads it afresh."""

    def post(self, method: str, body: Mapping[str, Any], until: float | None = None) -> Mapping[str, Any]:
        """Call a method with JSON; blocks that Slack does not take are left out, and the words get through.

        Raises:
            SlackError: never.
            RetryLaterError: later; see `http.post`.
        """
        try:
            return self._call(method, http.encode(body), "application/json; charset=utf-8", until)
        except SlackError as error:
            if error.code not in UNREADABLE or "blocks" not in body:
                raise
            plain = {name: value for name, value in body.items() if name != "blocks"}
            return self._call(method, http.encode(plain), "application/json; charset=utf-8", until)

    def read(self, method: str, arguments: Mapping[str, str | int], until: float | None = None) -> Mapping[str, Any]:
        """Call a method that takes no JSON; errors as with `post`."""
        return self._call(method, urlencode(arguments).encode(), "application/x-www-form-urlencoded", until)

    def find(self, channel: str, thread: str, *, id: str, trying: str, at: int) -> str | None:
        """Return the `ts` of the message that was posted with this metadata about `at`; None where it is not to be seen.

        Args:
            channel: where.
            thread: `ts` of the thread that it would be in, empty for none.
            id: of the incident or digest.
            trying: what was being sent.
            at: Unix time at which it was tried.
        """
        arguments: dict[str, str | int] = {
            "channel": channel,
            "oldest": at - AROUND_SECONDS,
            "latest": at + AROUND_SECONDS,
            "inclusive": "true",
            "limit": 200,
            "include_all_metadata": "true",
        }
        try:
            if thread:
                answer = self.read("conversations.replies", {**arguments, "ts": thread})
            else:
                answer = self.read("conversations.history", arguments)
        except SlackError as error:
            # `missing_scope`, `not_in_channel`: a page that may come twice is better than none.
            logger.warning("what was posted before cannot be looked up", extra={"error": redact(str(error))})
            return None
        for message in answer.get("messages", ()):
            payload = message.get("metadata", {}).get("event_payload", {})
            if payload.get("id") == id and payload.get("trying") == trying:
                return str(message["ts"])
        return None

    def upload(self, picture: bytes, title: str, channel: str, thread: str, until: float) -> None:
        """Upload a PNG into a thread."""
        words = shorten(title, 200)
        about: dict[str, str | int] = {"filename": "chart.png", "length": len(picture), "alt_txt": words}
        begun = self.read("files.getUploadURLExternal", about, until)
        http.post(str(begun["upload_url"]), picture, headers={"Content-Type": "application/octet-stream"}, until=until)
        files = [{"id": begun["file_id"], "title": words}]
        self.post("files.completeUploadExternal", {"files": files, "channel_id": channel, "thread_ts": thread}, until)

    def _call(self, method: str, body: bytes, content_type: str, until: float | None) -> Mapping[str, Any]:
        try:
            return self._once(method, body, content_type, until, fresh=False)
        except UnauthorizedError:
            return self._once(method, body, content_type, until, fresh=True)

    def _once(
        self, method: str, body: bytes, content_type: str, until: float | None, *, fresh: bool
    ) -> Mapping[str, Any]:
        headers = {"Content-Type": content_type, "Authorization": f"Bearer {self.token(fresh)}"}
        answer = http.post(f"{self.url}/{method}", body, headers=headers, until=until).json()
        if answer.get("ok") is True:
            return answer
        code = str(answer.get("error", "no error named"))
        if code in UNAUTHORIZED:
            raise UnauthorizedError(f"{method}: {code}")
        if code in TOO_MANY:
            raise TooManyRequestsError(f"{method}: {code}")
        if code in TRANSIENT:
            raise RetryLaterError(f"{method}: {code}")
        raise SlackError(method, code)


def metadata(id: str, seq: int, trying: str) -> Mapping[str, Any]:
    """What a message carries so that it is found again; people do not see it."""
    return {"metadata": {"event_type": EVENT_TYPE, "event_payload": {"id": id, "seq": seq, "trying": trying}}}
