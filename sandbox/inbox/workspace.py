"""A Slack workspace's state: channels with messages, threads, edits and files."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}

PROCESSING_SECONDS = 2.0
"""How long a file cannot be used in blocks after `files.completeUploadExternal`. Slack's own time varies; that it is not zero
catches senders that rely on it."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a message says: `text`, and the `blocks` and `attachments` that replace it on the screen."""

    text: str
    blocks: tuple[Mapping[str, Any], ...] = ()
    attachments: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What a message said before `chat.update`, and when it was changed (ISO, UTC)."""

    at: str
    before: Content


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a channel.

    Args:
        ts: Slack's timestamp, the message's identity within its channel.
        thread_ts: the `ts` of the message that this one replies to, None at the top level.
        author: the masked token or webhook that sent it.
        username: the name to show.
        edits: what it said before, oldest first.
        file_ids: files shared with it.
        metadata: what its sender attached for programs, None for nothing.
    """

    ts: str
    thread_ts: str | None
    at: str
    author: str
    username: str
    content: Content
    edits: tuple[Edit, ...] = ()
    file_ids: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class File:
    """A file from `files.getUploadURLExternal` on; `data` is None until its bytes came, `completed` until then too (Unix time)."""

    id: str
    name: str
    length: int
    title: str
    data: bytes | None = None
    completed: float | None = None

    @property
    def media_type(self) -> str:
        """The media type as the bytes themselves tell it; of what is no picture, a type that browsers do not run."""
        for start, media_type in _PICTURES.items():
            if (self.data or b"").startswith(start):
                return media_type
        return "application/octet-stream"

    def ready(self, now: float) -> bool:
        """Whether an image block may show it at `now`: Slack processes uploads for a while after they were completed."""
        return self.completed is not None and now >= self.completed + PROCESSING_SECONDS

    @property
    def is_picture(self) -> bool:
        """Whether a browser may show it."""
        return self.media_type.startswith("image/")


class Workspace:
    """Channels by ID, each with its messages oldest first, and files by ID."""

    def __init__(self) -> None:
        self._channels: dict[str, dict[str, Message]] = {}
        self._replies: dict[tuple[str, str], list[str]] = {}
        self.files: dict[str, File] = {}
        self._uploads: dict[str, str] = {}
        self._sequence = itertools.count(1)
        self._newest = 0

    @property
    def count(self) -> int:
        """How many messages there are, replies included."""
        return sum(len(messages) for messages in self._channels.values())

    @property
    def channels(self) -> list[str]:
        """IDs of the channels, the one with the newest message first."""
        return sorted(self._channels, key=lambda channel: next(reversed(self._channels[channel])), reverse=True)

    def timestamp(self, now: float) -> str:
        """A `ts` for a message at `now` (Unix seconds), unique in the workspace and later than every other."""
        self._newest = max(self._newest + 1, int(now * 1_000_000))
        return f"{self._newest // 1_000_000}.{self._newest % 1_000_000:06d}"

    def find(self, channel: str, ts: object) -> Message | None:
        """The message `ts` of `channel`."""
        return self._channels.get(channel, {}).get(ts) if isinstance(ts, str) else None

    def post(self, channel: str, message: Message) -> None:
        """Adds a message to a channel."""
        self._channels.setdefault(channel, {})[message.ts] = message
        if message.thread_ts is not None:
            self._replies.setdefault((channel, message.thread_ts), []).append(message.ts)

    def edit(self, channel: str, ts: str, content: Content, *, metadata: Mapping[str, Any] | None, at: str) -> None:
        """Replaces what the message `ts` of `channel` says, and keeps what it said before."""
        message = self._channels[channel][ts]
        self._channels[channel][ts] = replace(
            message,
            content=content,
            metadata=metadata or None,
            edits=(*message.edits, Edit(at=at, before=message.content)),
        )

    def replies(self, channel: str, ts: str) -> list[Message]:
        """The replies to the message `ts` of a channel, oldest first."""
        return [self._channels[channel][reply] for reply in self._replies.get((channel, ts), ())]

    def threads(self, channel: str) -> list[tuple[Message, list[Message]]]:
        """The top-level messages of a channel, oldest first, each with its replies, oldest first."""
        return [
            (message, self.replies(channel, message.ts))
            for message in self._channels.get(channel, {}).values()
            if message.thread_ts is None
        ]

    def open_upload(self, name: str, length: int) -> tuple[File, str]:
        """A new file and the ticket of its upload URL."""
        number = next(self._sequence)
        file = File(id=f"F{number:010d}", name=name, length=length, title=name)
        self.files[file.id] = file
        ticket = f"CwABAAAA{number:010d}"
        self._uploads[ticket] = file.id
        return file, ticket

    def uploading(self, ticket: str) -> File | None:
        """The file that the upload URL with `ticket` is for."""
        file_id = self._uploads.get(ticket)
        return self.files[file_id] if file_id else None

    def store(self, file: File) -> None:
        """Keeps the newer state of a file."""
        self.files[file.id] = file

    def as_json(self, names: Mapping[str, str]) -> list[dict[str, Any]]:
        """Channels as `GET /api/messages` shows them.

        Args:
            names: names of channels by ID.
        """
        return [
            {
                "channel": channel,
                "name": names.get(channel, channel),
                "messages": [
                    {**self._message_json(message), "replies": [self._message_json(reply) for reply in replies]}
                    for message, replies in self.threads(channel)
                ],
            }
            for channel in self._channels
        ]

    def _message_json(self, message: Message) -> dict[str, Any]:
        files = [self.files[file_id] for file_id in message.file_ids]
        return {
            "ts": message.ts,
            "thread_ts": message.thread_ts,
            "at": message.at,
            "author": message.author,
            "username": message.username,
            **vars(message.content),
            "metadata": message.metadata,
            "edits": [{"at": edit.at, **vars(edit.before)} for edit in message.edits],
            "files": [
                {
                    "id": file.id,
                    "name": file.name,
                    "title": file.title,
                    "mimetype": file.media_type,
                    "size": file.length,
                }
                for file in files
            ],
        }
