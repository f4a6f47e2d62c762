"""Slack's Block Kit: the limits of blocks in messages, in the words of Slack's `response_metadata.messages`.

Sources: docs.slack.dev, "Block Kit reference"; the wording of errors is what users quote from real answers. The total over all
blocks is undocumented: users measured `msg_blocks_too_long` between 13,100 and 13,300 characters (slackapi/bolt-js#2509).
"""

from collections.abc import Callable, Iterator
from typing import Any

BLOCKS = 50
TOTAL_CHARACTERS = 13_000

_LIMITS = {"section": 3000, "header": 150, "field": 2000, "context": 3000, "button": 75, "markdown": 12_000}
_PROPERTIES = {
    "section": {"text", "fields", "accessory", "expand"},
    "header": {"text", "level"},
    "divider": set[str](),
    "image": {"image_url", "slack_file", "alt_text", "title"},
    "context": {"elements"},
    "actions": {"elements"},
    "rich_text": {"elements"},
    "markdown": {"text"},
}
# Slack takes these too; a page of ours never holds them, so only their type is looked at.
_UNCHECKED = {"video", "file", "input", "table", "context_actions"}
_RICH_TEXT = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}


def block_problems(blocks: object, *, pointer: str = "/blocks") -> list[str]:
    """What Slack's `invalid_blocks` would list for `blocks`; empty when it takes them.

    Args:
        blocks: the decoded value of `blocks`.
        pointer: the JSON pointer to it, which Slack writes behind every message.
    """
    return [f"{text} [json-pointer:{where}]" for text, where in _blocks(blocks, pointer)]


def characters(value: object) -> int:
    """Characters of every text in `blocks`, counted as for `msg_blocks_too_long`."""
    if isinstance(value, dict):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(characters(part) for part in value.values())
    if isinstance(value, list):
        return sum(characters(part) for part in value)
    return 0


_Problems = Iterator[tuple[str, str]]


def _blocks(blocks: object, at: str) -> _Problems:
    if not isinstance(blocks, list):
        yield "must provide an array", at
        return
    if len(blocks) > BLOCKS:
        yield f"no more than {BLOCKS} items allowed", at
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        here = f"{at}/{index}"
        if not isinstance(block, dict):
            yield "must provide an object", here
            continue
        yield from _block(block, here)
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                yield f"`block_id` {block_id!r} already exists", f"{here}/block_id"
            seen.add(block_id)


def _block(block: dict[str, Any], at: str) -> _Problems:
    kind = block.get("type")
    if kind is None:
        yield "missing required field: type", at
        return
    if not isinstance(kind, str) or kind not in _PROPERTIES.keys() | _UNCHECKED:
        yield f"unsupported type: {kind}", f"{at}/type"
        return
    if "block_id" in block:
        yield from _string(block["block_id"], f"{at}/block_id", most=255)
    known = _PROPERTIES.get(kind)
    if known is not None:
        for name in sorted(block.keys() - known - {"type", "block_id"}):
            yield f"invalid additional property: {name}", at
    if kind in _CHECKS:
        yield from _CHECKS[kind](block, at)


def _header(block: dict[str, Any], at: str) -> _Problems:
    yield from _required_text(block, "text", at, most=_LIMITS["header"], kinds=("plain_text",))


def _image_block(block: dict[str, Any], at: str) -> _Problems:
    yield from _image(block, at)
    if "title" in block:
        yield from _text(block["title"], f"{at}/title", most=2000, kinds=("plain_text",))


def _markdown(block: dict[str, Any], at: str) -> _Problems:
    if "text" not in block:
        yield "missing required field: text", at
    else:
        yield from _string(block["text"], f"{at}/text", most=_LIMITS["markdown"])


def _section(block: dict[str, Any], at: str) -> _Problems:
    if "text" not in block and "fields" not in block:
        yield "must define either `fields` or `text`", at
    if "text" in block:
        yield from _text(block["text"], f"{at}/text", most=_LIMITS["section"])
    if "fields" in block:
        yield from _array(block["fields"], f"{at}/fields", most=10)
        for here, field in _items(block["fields"], f"{at}/fields"):
            yield from _text(field, here, most=_LIMITS["field"])
    if "accessory" in block:
        yield from _element(block["accessory"], f"{at}/accessory")


def _context(block: dict[str, Any], at: str) -> _Problems:
    yield from _array(block.get("elements"), f"{at}/elements", most=10)
    for here, element in _items(block.get("elements"), f"{at}/elements"):
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _image(element, here)
        else:
            yield from _text(element, here, most=_LIMITS["context"])


def _actions(block: dict[str, Any], at: str) -> _Problems:
    yield from _array(block.get("elements"), f"{at}/elements", most=25)
    for here, element in _items(block.get("elements"), f"{at}/elements"):
        yield from _element(element, here)


def _rich_text(block: dict[str, Any], at: str) -> _Problems:
    yield from _array(block.get("elements"), f"{at}/elements", most=None)
    for here, element in _items(block.get("elements"), f"{at}/elements"):
        kind = element.get("type") if isinstance(element, dict) else None
        if not isinstance(element, dict) or not isinstance(kind, str) or kind not in _RICH_TEXT:
            yield f"unsupported type: {kind}", f"{here}/type"
        else:
            yield from _array(element.get("elements"), f"{here}/elements", most=None)


def _element(element: object, at: str) -> _Problems:
    if not isinstance(element, dict):
        yield "must provide an object", at
        return
    kind = element.get("type")
    if not isinstance(kind, str):
        yield "missing required field: type", at
    elif kind == "image":
        yield from _image(element, at)
    elif kind == "button":
        yield from _required_text(element, "text", at, most=_LIMITS["button"], kinds=("plain_text",))
        for name, most in (("url", 3000), ("value", 2000), ("action_id", 255)):
            if name in element:
                yield from _string(element[name], f"{at}/{name}", most=most)
        if element.get("style", "primary") not in ("primary", "danger"):
            yield "must be one of: primary, danger", f"{at}/style"


def _image(image: dict[str, Any], at: str) -> _Problems:
    if "alt_text" not in image:
        yield "missing required field: alt_text", at
    else:
        yield from _string(image["alt_text"], f"{at}/alt_text", most=2000)
    if ("image_url" in image) == ("slack_file" in image):
        yield "must define either `image_url` or `slack_file`", at
    elif "image_url" in image:
        yield from _string(image["image_url"], f"{at}/image_url", most=3000)
        if not str(image["image_url"]).startswith("https://"):
            yield "invalid url", f"{at}/image_url"
    elif not isinstance(image["slack_file"], dict) or not image["slack_file"].keys() & {"id", "url"}:
        yield "must define either `id` or `url`", f"{at}/slack_file"


def _required_text(
    holder: dict[str, Any], name: str, at: str, *, most: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")
) -> _Problems:
    if name not in holder:
        yield f"missing required field: {name}", at
    else:
        yield from _text(holder[name], f"{at}/{name}", most=most, kinds=kinds)


def _text(text: object, at: str, *, most: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> _Problems:
    problems = list(_text_details(text, at, most, kinds))
    if problems:
        yield "failed to match all allowed schemas", at
        yield from problems


def _text_details(text: object, at: str, most: int, kinds: tuple[str, ...]) -> _Problems:
    if not isinstance(text, dict):
        yield "must provide an object", at
        return
    if text.get("type") not in kinds:
        yield f"unsupported type: {text.get('type')}", f"{at}/type"
    if "text" not in text:
        yield "missing required field: text", at
    else:
        yield from _string(text["text"], f"{at}/text", most=most)


def _string(value: object, at: str, *, most: int) -> _Problems:
    if not isinstance(value, str):
        yield "must provide a string", at
    elif not value:
        yield "must be more than 0 characters", at
    elif len(value) > most:
        yield f"must be less than {most + 1} characters", at


def _array(value: object, at: str, *, most: int | None) -> _Problems:
    if not isinstance(value, list):
        yield "must provide an array", at
    elif not value:
        yield "no less than 1 items allowed", at
    elif most is not None and len(value) > most:
        yield f"no more than {most} items allowed", at


def _items(value: object, at: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{at}/{index}", item


_CHECKS: dict[str, Callable[[dict[str, Any], str], _Problems]] = {
    "section": _section,
    "header": _header,
    "image": _image_block,
    "context": _context,
    "actions": _actions,
    "rich_text": _rich_text,
    "markdown": _markdown,
}
