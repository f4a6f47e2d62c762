"""Slack's mrkdwn as it looks: emphasis, code, quotes, links, mentions, dates, emoji."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from sandbox.inbox.page.elements import Element, Node, el, link
from sandbox.inbox.page.emoji import EMOJI

_TOKEN = re.compile(
    r"```\n?(?P<fence>.+?)\n?```"
    r"|`(?P<code>[^`\n]+)`"
    r"|<(?P<angle>[^<>\n]+)>"
    r"|(?P<url>https?://[^\s<>|`]+[^\s<>|`.,;:!?)'\"*_~])"
    r"|(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])"
    r"|:(?P<emoji>[a-z0-9_+-]{1,40}):"
    r"|(?P<newline>\n)",
    re.DOTALL,
)
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_QUOTE = re.compile(r"(?:^&gt;[^\n]*(?:\n|$))+", re.MULTILINE)
_DATES = {
    "date_num": "%Y-%m-%d",
    "date": "%B %-d, %Y",
    "date_short": "%b %-d, %Y",
    "date_long": "%A, %B %-d, %Y",
    "date_pretty": "%B %-d, %Y",
    "date_short_pretty": "%b %-d, %Y",
    "date_long_pretty": "%A, %B %-d, %Y",
    "time": "%H:%M",
    "time_secs": "%H:%M:%S",
}


def mrkdwn(text: str) -> list[Node]:
    """What a `mrkdwn` text shows."""
    nodes: list[Node] = []
    position = 0
    for quote in _QUOTE.finditer(text):
        nodes += _inline(text[position : quote.start()])
        lines = [line.removeprefix("&gt;").removeprefix(" ") for line in quote[0].rstrip("\n").split("\n")]
        nodes.append(el("blockquote", "", _inline("\n".join(lines))))
        position = quote.end()
    return nodes + list(_inline(text[position:]))


def plain(text: str) -> list[Node]:
    """What a `plain_text` text shows: emoji and line breaks, nothing else."""
    nodes: list[Node] = []
    for index, line in enumerate(text.split("\n")):
        nodes += [el("br")] if index else []
        nodes.append(re.sub(r":([a-z0-9_+-]{1,40}):", lambda found: emoji(found[1]), line))
    return nodes


def emoji(name: str) -> str:
    """The character of an emoji shortcode, or the shortcode when it is not known here."""
    return EMOJI.get(name, f":{name}:")


def unescape(text: str) -> str:
    """`text` with Slack's three entities as characters; it has no others."""
    return re.sub("&(?:lt|gt|amp);", lambda found: _ENTITIES[found[0]], text)


def _inline(text: str) -> Iterator[Node]:
    position = 0
    for token in _TOKEN.finditer(text):
        yield unescape(text[position : token.start()])
        kind = token.lastgroup
        assert kind is not None
        yield _RENDERERS[kind](token[kind])
        position = token.end()
    yield unescape(text[position:])


def _angle(inside: str) -> Node:
    target, _, label = inside.partition("|")
    if target.startswith("!date^"):
        return _date(target, unescape(label))
    if target.startswith("!"):
        name = target[1:].partition("^")[0]
        return el("span", "mention broadcast" if name in ("here", "channel", "everyone") else "mention", f"@{name}")
    if target.startswith("@"):
        return el("span", "mention", f"@{unescape(label) or target[1:]}")
    if target.startswith("#"):
        return el("span", "mention", f"#{unescape(label) or target[1:]}")
    url = unescape(target)
    return link(url, unescape(label) or url.removeprefix("mailto:"))


def _date(target: str, fallback: str) -> Node:
    _, seconds, template, *_rest = [*target.split("^"), "", ""]
    try:
        moment = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return fallback
    shown = re.sub(
        r"\{(\w+)\}", lambda found: moment.strftime(_DATES[found[1]]) if found[1] in _DATES else found[0], template
    )
    return el("span", "date", shown or fallback, title=f"{moment:%Y-%m-%d %H:%M:%S} UTC")


_RENDERERS: dict[str, Callable[[str], Element | str | None]] = {
    "fence": lambda text: el("pre", "", unescape(text)),
    "code": lambda text: el("code", "", unescape(text)),
    "angle": _angle,
    "url": lambda text: link(unescape(text), unescape(text)),
    "bold": lambda text: el("b", "", _inline(text)),
    "italic": lambda text: el("i", "", _inline(text)),
    "strike": lambda text: el("s", "", _inline(text)),
    "emoji": emoji,
    "newline": lambda _: el("br"),
}
