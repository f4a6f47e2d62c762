"""Slack's Web API and incoming webhooks: tokens, channels and messages, and the errors they answer with.

Sources: docs.slack.dev, the pages of `chat.postMessage`, `chat.update` and "Sending messages using incoming webhooks".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.inbox.contracts.blocks import TOTAL_CHARACTERS, block_problems, characters

POST_CHARACTERS = 40_000
"""Most characters of `text` in chat.postMessage. Slack may refuse fewer than that, so stay near 4,000."""
UPDATE_CHARACTERS = 4_000
"""Most characters of `text` in chat.update."""
ATTACHMENTS = 100
METADATA_BYTES = 8_192
"""Most bytes of `metadata`, as JSON. Slack names no figure; senders keep far below this."""

_BOT_TOKEN = re.compile(r"xoxb-[A-Za-z0-9-]{8,}")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{8,}")
_CHANNEL_NAME = re.compile(r"#?[a-z0-9_-]{1,80}")
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_]{1,200}")
_WEBHOOK = re.compile(r"T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,}")


@dataclass(frozen=True, kw_only=True)
class SlackError:
    """An answer with `ok` false: Slack's error code, and the details it lists in `response_metadata.messages`."""

    code: str
    messages: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """The answer as Slack's Web API writes it (with HTTP status 200)."""
        answer: dict[str, Any] = {"ok": False, "error": self.code}
        if self.messages:
            answer["errors"] = list(self.messages)
            answer["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return answer


def missing(*names: str) -> SlackError:
    """The error for arguments that a method requires and did not get."""
    return SlackError(code="invalid_arguments", messages=tuple(f"missing required field: {name}" for name in names))


def token_error(token: str | None) -> SlackError | None:
    """What Slack answers to `token`, None when it looks like a bot token."""
    if not token:
        return SlackError(code="not_authed")
    return None if _BOT_TOKEN.fullmatch(token) else SlackError(code="invalid_auth")


def is_channel_id(channel: str) -> bool:
    """Whether `channel` looks like the ID of a channel, private channel or direct message."""
    return _CHANNEL_ID.fullmatch(channel) is not None


def is_channel_name(channel: str) -> bool:
    """Whether `channel` could be a channel's name, with or without `#`; chat.postMessage takes names too."""
    return _CHANNEL_NAME.fullmatch(channel) is not None


def is_webhook(path: str) -> bool:
    """Whether `path` (what follows `/services/`) looks like that of an incoming webhook."""
    return _WEBHOOK.fullmatch(path) is not None


def message_error(message: Mapping[str, Any], *, most_characters: int) -> SlackError | None:
    """What Slack would refuse in the `text`, `blocks` and `attachments` of a message (lists decoded); None when it is fine.

    Args:
        message: the arguments of the call.
        most_characters: most characters of `text`: `POST_CHARACTERS` or `UPDATE_CHARACTERS`.
    """
    text = message.get("text")
    blocks = message.get("blocks")
    attachments = message.get("attachments")
    if text is not None and not isinstance(text, str):
        return SlackError(code="invalid_arguments", messages=("must provide a string [json-pointer:/text]",))
    if not (text and text.strip()) and not blocks and not attachments:
        return SlackError(code="no_text")
    if text and len(text) > most_characters:
        return SlackError(code="msg_too_long")
    return (_blocks_error(blocks) if blocks else None) or (_attachments_error(attachments) if attachments else None)


def metadata_error(metadata: object) -> SlackError | None:
    """What Slack answers to the `metadata` of a message (decoded); None when it is fine or empty."""
    if metadata in (None, {}):
        return None
    if not isinstance(metadata, dict):
        return SlackError(code="invalid_metadata_format")
    if metadata.keys() != {"event_type", "event_payload"}:
        return SlackError(code="invalid_metadata_schema")
    event_type, payload = metadata["event_type"], metadata["event_payload"]
    if not isinstance(event_type, str) or not _EVENT_TYPE.fullmatch(event_type) or not isinstance(payload, dict):
        return SlackError(code="invalid_metadata_schema")
    if len(json.dumps(metadata)) > METADATA_BYTES:
        return SlackError(code="metadata_too_large")
    return None


def _blocks_error(blocks: object) -> SlackError | None:
    if not isinstance(blocks, list):
        return SlackError(code="invalid_blocks_format")
    if problems := block_problems(blocks):
        return SlackError(code="invalid_blocks", messages=tuple(problems))
    return SlackError(code="msg_blocks_too_long") if characters(blocks) > TOTAL_CHARACTERS else None


def _attachments_error(attachments: object) -> SlackError | None:
    if not isinstance(attachments, list) or not all(isinstance(attachment, dict) for attachment in attachments):
        return SlackError(code="invalid_attachments", messages=("must provide an array of objects",))
    if len(attachments) > ATTACHMENTS:
        return SlackError(code="too_many_attachments")
    problems: list[str] = []
    for index, attachment in enumerate(attachments):
        if attachment.get("blocks"):
            problems += block_problems(attachment["blocks"], pointer=f"/attachments/{index}/blocks")
    if problems:
        return SlackError(code="invalid_attachments", messages=tuple(problems))
    if characters([attachment.get("blocks") for attachment in attachments]) > TOTAL_CHARACTERS:
        return SlackError(code="msg_blocks_too_long")
    return None
