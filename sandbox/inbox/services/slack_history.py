"""Reading a channel and its threads: `conversations.history` and `conversations.replies`.

Sources: docs.slack.dev, the pages of both methods and "Pagination".
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.inbox.contracts.slack import SlackError, is_channel_id, missing
from sandbox.inbox.inbox import Inbox
from sandbox.inbox.services import Answer
from sandbox.inbox.services.slack import Call, refused, shown
from sandbox.inbox.workspace import Message

HISTORY_LIMIT = 100
REPLIES_LIMIT = 1000
_MOST = 999
_TS = re.compile(r"\d{1,12}(\.\d{1,9})?")
_CURSOR = "next_ts:"


def history(inbox: Inbox, call: Call) -> Answer:
    """`conversations.history`: messages of a channel without the replies in their threads, the newest first."""
    arguments = call.arguments
    if error := _error(arguments, required=("channel",)):
        return refused(error)
    threads = inbox.workspace.threads(arguments["channel"])
    found = [(message, replies) for message, replies in reversed(threads) if _in_range(message, arguments)]
    start = _cursor(arguments)
    if start:
        found = [entry for entry in found if float(entry[0].ts) <= float(start)]
    page = found[: _limit(arguments, HISTORY_LIMIT)]
    following = found[len(page) :]
    body = {
        "ok": True,
        "messages": [_read(message, replies, arguments) for message, replies in page],
        "pin_count": 0,
        **_paging(following[0][0].ts if following else ""),
    }
    return Answer(status=200, body=body)


def replies(inbox: Inbox, call: Call) -> Answer:
    """`conversations.replies`: a message, whatever the range, and the replies in its thread, the oldest first."""
    arguments = call.arguments
    if error := _error(arguments, required=("channel", "ts")):
        return refused(error)
    channel, ts = arguments["channel"], arguments["ts"]
    parent = inbox.workspace.find(channel, ts)
    if parent is None:
        return refused(SlackError(code="thread_not_found"))
    answers = inbox.workspace.replies(channel, parent.ts)
    found = [message for message in answers if _in_range(message, arguments)]
    start = _cursor(arguments)
    if start:
        found = [message for message in found if float(message.ts) >= float(start)]
    page = found[: max(_limit(arguments, REPLIES_LIMIT) - 1, 0)]
    following = found[len(page) :]
    body = {
        "ok": True,
        "messages": [_read(parent, answers, arguments), *(_read(message, (), arguments) for message in page)],
        **_paging(following[0].ts if following else ""),
    }
    return Answer(status=200, body=body)


def _error(arguments: Mapping[str, Any], *, required: Sequence[str]) -> SlackError | None:
    if absent := [name for name in required if not arguments.get(name)]:
        return missing(*absent)
    if not isinstance(arguments["channel"], str) or not is_channel_id(arguments["channel"]):
        return SlackError(code="channel_not_found")
    for name in ("oldest", "latest"):
        if name in arguments and not _TS.fullmatch(str(arguments[name])):
            return SlackError(code=f"invalid_ts_{name}")
    limit = str(arguments.get("limit", "1"))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= _MOST):
        return SlackError(code="invalid_limit")
    return SlackError(code="invalid_cursor") if arguments.get("cursor") and not _cursor(arguments) else None


def _in_range(message: Message, arguments: Mapping[str, Any]) -> bool:
    at = float(message.ts)
    oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or "inf")
    return oldest <= at <= latest if _is_true(arguments.get("inclusive")) else oldest < at < latest


def _limit(arguments: Mapping[str, Any], default: int) -> int:
    return int(arguments.get("limit") or default)


def _cursor(arguments: Mapping[str, Any]) -> str:
    try:
        text = base64.b64decode(str(arguments.get("cursor") or ""), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    ts = text.removeprefix(_CURSOR)
    return ts if text.startswith(_CURSOR) and _TS.fullmatch(ts) else ""


def _paging(next_ts: str) -> dict[str, Any]:
    if not next_ts:
        return {"has_more": False}
    cursor = base64.b64encode(f"{_CURSOR}{next_ts}".encode()).decode()
    return {"has_more": True, "response_metadata": {"next_cursor": cursor}}


def _is_true(value: object) -> bool:
    return value in (True, 1, "1", "true", "True")


def _read(message: Message, answers: Sequence[Message], arguments: Mapping[str, Any]) -> dict[str, Any]:
    written = shown(message)
    if answers:
        written |= {"thread_ts": message.ts, "reply_count": len(answers), "latest_reply": answers[-1].ts}
    if message.metadata and _is_true(arguments.get("include_all_metadata")):
        written["metadata"] = dict(message.metadata)
    return written
