"""Slack's incoming webhooks: plain-text answers, and no `ts` to thread or update by."""

from datetime import datetime
from typing import Any

from sandbox.inbox.contracts.slack import POST_CHARACTERS, SlackError, is_webhook, message_error
from sandbox.inbox.faults import Fault
from sandbox.inbox.inbox import Inbox
from sandbox.inbox.payloads import form_fields
from sandbox.inbox.services import Answer
from sandbox.inbox.services.slack import add_message, arguments_of, file_error, thread_error, too_fast

_STATUS = {"thread_not_found": 404}


def send(inbox: Inbox, path: str, raw: bytes, at: datetime) -> Answer:
    """Answers a POST to `/services/PATH`."""
    if not is_webhook(path):
        return _refused(SlackError(code="no_service"), 404)
    message = _message(raw)
    if message is None:
        return _refused(SlackError(code="invalid_payload"), 400)
    if error := message_error(message, most_characters=POST_CHARACTERS) or file_error(inbox, message, at):
        return _refused(error, 400)
    _, app, secret = path.split("/")
    channel = f"webhook {app}"
    if error := thread_error(inbox, channel, message.get("thread_ts")):
        return _refused(error, _STATUS.get(error.code, 400))
    if wait := inbox.limits.take("slack", channel, at.timestamp()):
        return too_fast(wait, "rate_limited")
    add_message(inbox, channel=channel, arguments=message, author=inbox.masks.mask(secret), at=at)
    return Answer(status=200, body="ok")


def fault_answer(fault: Fault) -> tuple[int, str]:
    """Status and text that a webhook answers with `fault`; it has no `ok` false, so that becomes a 400."""
    if fault.ok_false is not None:
        return 400, fault.ok_false
    assert fault.status is not None
    return fault.status, "rate_limited" if fault.status == 429 else "rollup_error"


def _message(raw: bytes) -> dict[str, Any] | None:
    """The message in a JSON body, or in the `payload` field of a form (Slack does not look at the content type)."""
    text: bytes | str = raw
    if raw.startswith(b"payload="):
        try:
            text = form_fields(raw)["payload"]
        except ValueError:
            return None
    encoded = text.encode(errors="replace") if isinstance(text, str) else text
    arguments = arguments_of(encoded or b"null", "application/json", {})
    return None if isinstance(arguments, SlackError) else arguments


def _refused(error: SlackError, status: int) -> Answer:
    return Answer(status=status, body=error.code, problems=(error.code, *error.messages))
