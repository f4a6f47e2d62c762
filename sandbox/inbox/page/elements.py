"""HTML as a tree: text put into it is escaped when it is written, so nothing that arrives can become markup."""

from collections.abc import Iterable
from xml.etree import ElementTree

Element = ElementTree.Element
Node = Element | str | None
Nodes = Iterable["Node | Nodes"]


def el(tag: str, class_: str = "", *children: "Node | Nodes", **attributes: str | None) -> Element:
    """An element.

    Args:
        tag: its name, such as `div`.
        class_: its classes, separated by spaces.
        children: text, elements, or iterables of them; None is left out.
        attributes: further attributes, `_` for `-`; None is left out.
    """
    element = Element(tag)
    if class_:
        element.set("class", class_)
    for name, value in attributes.items():
        if value is not None:
            element.set(name.rstrip("_").replace("_", "-"), value)
    add(element, *children)
    return element


def add(element: Element, *children: "Node | Nodes") -> None:
    """Appends text and elements to `element`."""
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            if len(element):
                element[-1].tail = (element[-1].tail or "") + child
            else:
                element.text = (element.text or "") + child
        elif isinstance(child, Element):
            element.append(child)
        else:
            add(element, *child)


def link(url: object, *children: "Node | Nodes", class_: str = "") -> Element:
    """A link that opens elsewhere; of a URL that is neither web nor mail only the text."""
    if isinstance(url, str) and url.startswith(("https://", "http://", "mailto:")):
        return el("a", class_, *children, href=url, target="_blank", rel="noopener noreferrer")
    return el("span", class_, *children)


def html(document: Element) -> bytes:
    """The document as UTF-8."""
    text = ElementTree.tostring(document, encoding="unicode", method="html")
    return b"<!doctype html>\n" + text.encode(errors="replace")
