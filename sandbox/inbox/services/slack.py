"""Slack's Web API: messages, their edits and threads, and who is asking."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sandbox.inbox.contracts.slack import (
    POST_CHARACTERS,
    UPDATE_CHARACTERS,
    SlackError,
    is_channel_id,
    is_channel_name,
    message_error,
    metadata_error,
    missing,
    token_error,
)
from sandbox.inbox.faults import Fault
from sandbox.inbox.inbox import Inbox, iso
from sandbox.inbox.payloads import form_fields, json_value
from sandbox.inbox.services import Answer
from sandbox.inbox.workspace import Content, Message

BOT_NAME = "endpointwatch"
TEAM = {"team": "Sandbox", "team_id": "T0SANDBOX1"}
BOT = {"user": BOT_NAME, "user_id": "U0SANDBOX1", "bot_id": "B0SANDBOX1"}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a Web API method.

    Args:
        arguments: the decoded arguments, lists of blocks included.
        author: the masked token.
        at: when it came.
        base_url: URL of this server's Slack, for links to files: `http://127.0.0.1:8025/slack`.
    """

    arguments: Mapping[str, Any]
    author: str
    at: datetime
    base_url: str


def arguments_of(raw: bytes, content_type: str, query: Mapping[str, str]) -> dict[str, Any] | SlackError:
    """The arguments of a call, from its JSON or form body and its query, or Slack's error for a body it cannot read."""
    kind = content_type.partition(";")[0].strip().lower()
    arguments: Any = {}
    if raw:
        try:
            if kind == "application/json":
                arguments = json_value(raw)
            elif kind == "application/x-www-form-urlencoded":
                arguments = form_fields(raw)
            else:
                return SlackError(code="invalid_post_type" if kind else "missing_post_type")
        except ValueError:
            return SlackError(code="invalid_json" if kind == "application/json" else "invalid_form_data")
    if not isinstance(arguments, dict):
        return SlackError(code="json_not_object")
    return _with_lists({**query, **arguments})


def _with_lists(arguments: dict[str, Any]) -> dict[str, Any] | SlackError:
    for name, code in (
        ("blocks", "invalid_blocks_format"),
        ("attachments", "invalid_attachments"),
        ("files", "invalid_arguments"),
        ("metadata", "invalid_metadata_format"),
    ):
        if isinstance(value := arguments.get(name), str) and value:
            try:
                arguments[name] = json_value(value)
            except ValueError:
                return SlackError(code=code)
    return arguments


def token_of(arguments: Mapping[str, Any], authorization: str) -> str | None:
    """The token of a call: from the `Authorization` header, else from its arguments."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    given = arguments.get("token")
    return given if isinstance(given, str) else None


def refused(error: SlackError) -> Answer:
    """Slack's way to refuse: HTTP 200, and `ok` false."""
    return Answer(status=200, body=error.body(), problems=(error.code, *error.messages))


def too_fast(wait: int, body: Any) -> Answer:
    """Slack's answer to more than one message a second in a channel."""
    problem = f"more than 1 message a second in this channel; {wait} s to wait"
    return Answer(status=429, body=body, headers={"Retry-After": str(wait)}, problems=(problem,))


def fault_body(fault: Fault) -> Any:
    """What Slack writes with `fault`."""
    if fault.ok_false == "missing_scope":
        return {"ok": False, "error": "missing_scope", "needed": "channels:history", "provided": "chat:write"}
    if fault.ok_false is not None:
        return {"ok": False, "error": fault.ok_false}
    return {"ok": False, "error": "ratelimited" if fault.status == 429 else "internal_error"}


def authorized(arguments: Mapping[str, Any], authorization: str) -> SlackError | None:
    """What Slack answers to the call's token, None when it is fine."""
    return token_error(token_of(arguments, authorization))


def auth_test(_inbox: Inbox, call: Call) -> Answer:
    """`auth.test`: who the token belongs to."""
    return Answer(
        status=200, body={"ok": True, "url": f"{call.base_url}/", **TEAM, **BOT, "is_enterprise_install": False}
    )


def post_message(inbox: Inbox, call: Call) -> Answer:
    """`chat.postMessage`: a message to a channel, or a reply in a thread."""
    if error := message_error(call.arguments, most_characters=POST_CHARACTERS) or metadata_error(
        call.arguments.get("metadata")
    ):
        return refused(error)
    channel = channel_id(call.arguments.get("channel"))
    if channel is None:
        return refused(missing("channel") if "channel" not in call.arguments else SlackError(code="channel_not_found"))
    if error := thread_error(inbox, channel, call.arguments.get("thread_ts")) or file_error(
        inbox, call.arguments, call.at
    ):
        return refused(error)
    if wait := inbox.limits.take("slack", channel, call.at.timestamp()):
        return too_fast(wait, {"ok": False, "error": "ratelimited"})
    message = add_message(inbox, channel=channel, arguments=call.arguments, author=call.author, at=call.at)
    body = {"ok": True, "channel": channel, "ts": message.ts, "message": shown(message)}
    return Answer(status=200, body=body)


def update(inbox: Inbox, call: Call) -> Answer:
    """`chat.update`: replaces what a message says; only its own author may."""
    absent = [name for name in ("channel", "ts") if not call.arguments.get(name)]
    if absent:
        return refused(missing(*absent))
    if error := (
        message_error(call.arguments, most_characters=UPDATE_CHARACTERS)
        or metadata_error(call.arguments.get("metadata"))
        or file_error(inbox, call.arguments, call.at)
    ):
        return refused(error)
    channel, ts = call.arguments["channel"], call.arguments["ts"]
    if not isinstance(channel, str) or not is_channel_id(channel):
        return refused(SlackError(code="channel_not_found"))
    message = inbox.workspace.find(channel, ts)
    if message is None:
        return refused(SlackError(code="message_not_found"))
    if message.author != call.author:
        return refused(SlackError(code="cant_update_message"))
    content = content_of(call.arguments)
    metadata = message.metadata if call.arguments.get("metadata") is None else call.arguments["metadata"]
    inbox.workspace.edit(channel, ts, content, metadata=metadata, at=iso(call.at))
    body = {"ok": True, "channel": channel, "ts": ts, "text": content.text, "message": {"text": content.text, **BOT}}
    return Answer(status=200, body=body)


def channel_id(channel: object) -> str | None:
    """The ID of a channel given by ID or by name; None when it can be neither."""
    if not isinstance(channel, str):
        return None
    if is_channel_id(channel):
        return channel
    if is_channel_name(channel):
        return "C" + sha256(channel.lstrip("#").encode()).hexdigest()[:10].upper()
    return None


def thread_error(inbox: Inbox, channel: str, thread_ts: object) -> SlackError | None:
    """What Slack says of a reply to `thread_ts`: it must be a message of the channel that is no reply itself."""
    if not thread_ts:
        return None
    parent = inbox.workspace.find(channel, thread_ts)
    if parent is None:
        return SlackError(code="thread_not_found")
    return SlackError(code="cannot_reply_to_message") if parent.thread_ts else None


def file_error(inbox: Inbox, arguments: Mapping[str, Any], at: datetime) -> SlackError | None:
    """What Slack says of image blocks whose `slack_file` is not there, or not yet; expects valid blocks."""
    problems = [
        f"invalid slack file [json-pointer:/blocks/{index}/slack_file]"
        for index, block in enumerate(arguments.get("blocks") or ())
        if block["type"] == "image" and "id" in block.get("slack_file", ())
        if not _usable(inbox, block["slack_file"]["id"], at)
    ]
    return SlackError(code="invalid_blocks", messages=tuple(problems)) if problems else None


def _usable(inbox: Inbox, file_id: object, at: datetime) -> bool:
    file = inbox.workspace.files.get(file_id) if isinstance(file_id, str) else None
    return file is not None and file.ready(at.timestamp())


def content_of(arguments: Mapping[str, Any]) -> Content:
    """What a valid message says."""
    return Content(
        text=arguments.get("text") or "",
        blocks=tuple(arguments.get("blocks") or ()),
        attachments=tuple(arguments.get("attachments") or ()),
    )


def add_message(
    inbox: Inbox,
    *,
    channel: str,
    arguments: Mapping[str, Any],
    author: str,
    at: datetime,
    file_ids: tuple[str, ...] = (),
) -> Message:
    """Posts a valid message, and returns it."""
    username = arguments.get("username")
    message = Message(
        ts=inbox.workspace.timestamp(at.timestamp()),
        thread_ts=arguments.get("thread_ts") or None,
        at=iso(at),
        author=author,
        username=username if isinstance(username, str) and username else BOT_NAME,
        content=content_of(arguments),
        file_ids=file_ids,
        metadata=arguments.get("metadata") or None,
    )
    inbox.workspace.post(channel, message)
    return message


def shown(message: Message) -> dict[str, Any]:
    """A message as Slack's answers write it, without its metadata."""
    written: dict[str, Any] = {"type": "message", "ts": message.ts, "text": message.content.text, **BOT, **TEAM}
    if message.thread_ts:
        written["thread_ts"] = message.thread_ts
    if message.content.blocks:
        written["blocks"] = list(message.content.blocks)
    if message.content.attachments:
        written["attachments"] = list(message.content.attachments)
    return written
