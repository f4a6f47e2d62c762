"""The Slack side of the page: channels, messages, threads, files."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.inbox.inbox import Inbox
from sandbox.inbox.page.blockkit import render_block
from sandbox.inbox.page.clock import clock
from sandbox.inbox.page.elements import Element, Node, el, link
from sandbox.inbox.page.mrkdwn import mrkdwn
from sandbox.inbox.workspace import Content, File, Message

_SHOWN_MESSAGES = 100
_COLOURS = {"good": "#2eb67d", "warning": "#ecb22e", "danger": "#e01e5a"}


def channels(inbox: Inbox) -> list[Element]:
    """Every channel, the one with the newest message first, its newest message first."""
    return [_channel(inbox, channel) for channel in inbox.workspace.channels]


def _channel(inbox: Inbox, channel: str) -> Element:
    threads = inbox.workspace.threads(channel)
    earlier = len(threads) - _SHOWN_MESSAGES
    return el(
        "section",
        "channel",
        el("h3", "channel-name", el("span", "hash", "#"), inbox.channel_names.get(channel, channel)),
        [_thread(inbox, message, replies) for message, replies in threads[: -_SHOWN_MESSAGES - 1 : -1]],
        el("p", "earlier", f"{earlier} earlier in ", el("a", "", "/api/messages", href="/api/messages"))
        if earlier > 0
        else None,
    )


def _thread(inbox: Inbox, message: Message, replies: list[Message]) -> Element:
    count = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
    return el(
        "article",
        "message",
        _message(inbox, message),
        el("div", "thread", el("div", "thread-count", count), [_message(inbox, reply) for reply in replies])
        if replies
        else None,
    )


def _message(inbox: Inbox, message: Message) -> Element:
    edited = f"edited {clock(message.edits[-1].at)}" if message.edits else None
    return el(
        "div",
        "post",
        el("div", "avatar", _initials(message.username), aria_hidden="true"),
        el(
            "div",
            "post-body",
            el(
                "div",
                "byline",
                el("b", "", message.username),
                el("span", "app", "APP"),
                el("time", "", clock(message.at), datetime=message.at, title=message.at),
            ),
            _content(message.content),
            el("span", "edited", "(edited)", title=edited) if edited else None,
            [_file(inbox.workspace.files[file_id]) for file_id in message.file_ids],
        ),
    )


def _content(content: Content) -> list[Node]:
    shown: list[Node] = []
    if content.blocks:
        shown += [render_block(block) for block in content.blocks]
    elif content.text:
        shown.append(el("div", "block text", mrkdwn(content.text)))
    return shown + [_attachment(attachment) for attachment in content.attachments]


def _attachment(attachment: Mapping[str, Any]) -> Element:
    colour = str(attachment.get("color", ""))
    colour = _COLOURS.get(colour, colour if colour.startswith("#") else f"#{colour}")
    texts = [str(attachment[name]) for name in ("pretext", "title", "text") if attachment.get(name)]
    bar = el("svg", "bar", el("rect", width="4", height="100%", rx="2", fill=_hex(colour)), aria_hidden="true")
    blocks = [render_block(block) for block in attachment.get("blocks") or ()]
    return el("div", "attachment", bar, el("div", "", blocks or [el("div", "text", mrkdwn(text)) for text in texts]))


def _hex(colour: str) -> str:
    return colour if re.fullmatch(r"#[0-9A-Fa-f]{6}", colour) else "#dddddd"


def _file(file: File) -> Element:
    url = f"/slack/files/{file.id}"
    shown = (
        el("img", "picture", src=url, alt=file.title)
        if file.is_picture
        else el("a", "download", f"📄 {file.name}, {file.length} bytes", href=url)
    )
    return el("figure", "file", el("figcaption", "", link(None, file.title)), shown)


def _initials(name: str) -> str:
    return "".join(part[0] for part in name.replace("-", " ").split()[:2]).upper() or "?"
