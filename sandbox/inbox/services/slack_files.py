"""Slack's file upload in three steps: a URL, the bytes, the sharing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.inbox.contracts.slack import SlackError, is_channel_id, missing
from sandbox.inbox.inbox import Inbox
from sandbox.inbox.payloads import uploaded_bytes
from sandbox.inbox.services import Answer
from sandbox.inbox.services.slack import Call, add_message, refused, thread_error
from sandbox.inbox.workspace import File


def get_upload_url(inbox: Inbox, call: Call) -> Answer:
    """`files.getUploadURLExternal`: where to send the bytes."""
    name, length = call.arguments.get("filename"), _number(call.arguments.get("length"))
    absent = [argument for argument, value in (("filename", name), ("length", length)) if not value]
    if absent or not isinstance(name, str) or length is None:
        return refused(missing(*absent))
    file, ticket = inbox.workspace.open_upload(name, length)
    body = {"ok": True, "upload_url": f"{call.base_url}/upload/v1/{ticket}", "file_id": file.id}
    return Answer(status=200, body=body)


def upload(inbox: Inbox, ticket: str, raw: bytes, content_type: str) -> Answer:
    """The bytes, raw or as a multipart form; `length` bytes, no more and no fewer."""
    file = inbox.workspace.uploading(ticket)
    if file is None:
        return Answer(status=404, body="not found", problems=("no upload URL was given out for this",))
    data = uploaded_bytes(raw, content_type)
    if len(data) != file.length:
        problem = f"{len(data)} bytes came, files.getUploadURLExternal was told {file.length}"
        return Answer(status=400, body=problem, problems=(problem,))
    inbox.workspace.store(replace(file, data=data))
    return Answer(status=200, body=f"OK - {len(data)}")


def complete_upload(inbox: Inbox, call: Call) -> Answer:
    """`files.completeUploadExternal`: makes files usable, and shares them in a channel or a thread."""
    arguments = call.arguments
    asked = arguments.get("files")
    if not isinstance(asked, list) or not asked or not all(isinstance(item, dict) for item in asked):
        return refused(missing("files"))
    files = [_found(inbox, item) for item in asked]
    if any(file is None for file in files):
        return refused(SlackError(code="file_not_found"))
    channel = arguments.get("channel_id")
    if channel and not (isinstance(channel, str) and is_channel_id(channel)):
        return refused(SlackError(code="channel_not_found"))
    if channel and (error := thread_error(inbox, channel, arguments.get("thread_ts"))):
        return refused(error)
    shared = [replace(file, completed=call.at.timestamp()) for file in files if file]
    for file in shared:
        inbox.workspace.store(file)
    if channel:
        add_message(
            inbox,
            channel=channel,
            arguments={"text": _text(arguments.get("initial_comment")), "thread_ts": arguments.get("thread_ts")},
            author=call.author,
            at=call.at,
            file_ids=tuple(file.id for file in shared),
        )
    return Answer(status=200, body={"ok": True, "files": [_listed(file, call.base_url) for file in shared]})


def _found(inbox: Inbox, item: Mapping[str, Any]) -> File | None:
    file_id, title = item.get("id"), item.get("title")
    file = inbox.workspace.files.get(file_id) if isinstance(file_id, str) else None
    if file is None or file.data is None:
        return None
    return replace(file, title=title) if isinstance(title, str) and title else file


def _listed(file: File, base_url: str) -> dict[str, Any]:
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.media_type,
        "size": file.length,
        "permalink": f"{base_url}/files/{file.id}",
    }


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
