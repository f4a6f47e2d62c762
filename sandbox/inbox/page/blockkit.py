"""Slack's Block Kit as it looks."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.inbox.page.elements import Element, Node, el, link
from sandbox.inbox.page.mrkdwn import emoji, mrkdwn, plain

Block = Mapping[str, Any]


def render_block(block: Block) -> Element:
    """One block of a message that Slack accepted."""
    kind = str(block.get("type"))
    return _RENDERERS.get(kind, _unknown)(block)


def text_object(text: Any) -> list[Node]:
    """What a text object (`mrkdwn` or `plain_text`) shows."""
    if not isinstance(text, Mapping):
        return []
    content = str(text.get("text", ""))
    return mrkdwn(content) if text.get("type") == "mrkdwn" else plain(content)


def _section(block: Block) -> Element:
    fields = block.get("fields") or ()
    return el(
        "div",
        "block section",
        el(
            "div",
            "section-body",
            el("div", "text", text_object(block["text"])) if "text" in block else None,
            el("div", "fields", [el("div", "field", text_object(field)) for field in fields]) if fields else None,
        ),
        el("div", "accessory", _element(block["accessory"])) if "accessory" in block else None,
    )


def _header(block: Block) -> Element:
    return el("h4", "block header", text_object(block.get("text")))


def _divider(_block: Block) -> Element:
    return el("hr", "block")


def _context(block: Block) -> Element:
    return el(
        "div",
        "block context",
        [
            _picture(element, "context-image")
            if element.get("type") == "image"
            else el("span", "", text_object(element))
            for element in block.get("elements") or ()
        ],
    )


def _actions(block: Block) -> Element:
    return el("div", "block actions", [_element(element) for element in block.get("elements") or ()])


def _image(block: Block) -> Element:
    title = block.get("title")
    return el(
        "figure",
        "block image",
        el("figcaption", "", text_object(title)) if title else None,
        _picture(block, "picture"),
    )


def _element(element: Block) -> Element:
    if element.get("type") == "button":
        style = element.get("style")
        class_ = f"button {style}" if style in ("primary", "danger") else "button"
        return link(element.get("url"), text_object(element.get("text")), class_=class_)
    if element.get("type") == "image":
        return _picture(element, "accessory-image")
    return el("span", "button", str(element.get("type", "")).replace("_", " "))


def _picture(image: Block, class_: str) -> Element:
    """A picture: one that lies here is shown, one from elsewhere is named, since this page loads nothing from elsewhere."""
    alt = str(image.get("alt_text", ""))
    file_id = (image.get("slack_file") or {}).get("id")
    if isinstance(file_id, str) and file_id.isalnum():
        return el("img", class_, src=f"/slack/files/{file_id}", alt=alt)
    url = image.get("image_url") or (image.get("slack_file") or {}).get("url")
    return link(url, el("span", "remote-icon", "🖼️"), el("span", "", alt or str(url)), class_=f"{class_} remote")


def _rich_text(block: Block) -> Element:
    return el("div", "block rich-text", [_rich_element(element) for element in block.get("elements") or ()])


def _rich_element(element: Block) -> Element:
    parts = [part for part in element.get("elements") or () if isinstance(part, Mapping)]
    match element.get("type"):
        case "rich_text_list":
            tag = "ol" if element.get("style") == "ordered" else "ul"
            indent = element.get("indent")
            return el(
                tag,
                f"indent-{indent}" if isinstance(indent, int) and 0 < indent < 9 else "",
                [el("li", "", [_rich_inline(inner) for inner in part.get("elements") or ()]) for part in parts],
            )
        case "rich_text_preformatted":
            return el("pre", "", [_rich_inline(part) for part in parts])
        case "rich_text_quote":
            return el("blockquote", "", [_rich_inline(part) for part in parts])
        case _:
            return el("div", "text", [_rich_inline(part) for part in parts])


def _rich_inline(part: Any) -> list[Node]:
    if not isinstance(part, Mapping):
        return []
    match part.get("type"):
        case "link":
            nodes: list[Node] = [link(part.get("url"), str(part.get("text") or part.get("url")))]
        case "emoji":
            nodes = [emoji(str(part.get("name", "")))]
        case "user" | "usergroup" | "channel" | "broadcast" as kind:
            name = part.get("range") or part.get(f"{kind}_id")
            nodes = [el("span", "mention", f"{'#' if kind == 'channel' else '@'}{name}")]
        case _:
            nodes = _lines(str(part.get("text", part.get("fallback", ""))))
    style = part.get("style")
    for name, tag in (("bold", "b"), ("italic", "i"), ("strike", "s"), ("code", "code")):
        if isinstance(style, Mapping) and style.get(name):
            nodes = [el(tag, "", nodes)]
    return nodes


def _lines(text: str) -> list[Node]:
    nodes: list[Node] = []
    for index, line in enumerate(text.split("\n")):
        nodes += [el("br"), line] if index else [line]
    return nodes


def _markdown(block: Block) -> Element:
    return el("div", "block text", _lines(str(block.get("text", ""))))


def _unknown(block: Block) -> Element:
    return el("div", "block unknown", f"a block of type {block.get('type')}, which this page does not draw")


_RENDERERS: dict[str, Callable[[Block], Element]] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "rich_text": _rich_text,
    "markdown": _markdown,
}
