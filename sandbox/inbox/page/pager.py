"""The PagerDuty side of the page: incidents as cards, and change events."""

from collections.abc import Mapping
from typing import Any

from sandbox.inbox.incidents import Incident
from sandbox.inbox.page.clock import clock, lasted
from sandbox.inbox.page.elements import Element, Node, el, link

_DONE = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}


def incident_card(incident: Incident) -> Element:
    """One incident as the person on call reads it."""
    payload, event = incident.payload, incident.event
    severity = str(payload["severity"])
    return el(
        "article",
        f"incident {incident.status} {severity}",
        el(
            "div",
            "status-line",
            el("span", f"pill {incident.status}", incident.status.capitalize()),
            el("span", f"severity {severity}", severity),
            el("span", "since", _since(incident)),
        ),
        el("h3", "summary", str(payload["summary"])),
        _facts(payload),
        el("div", "links", [_link(item) for item in _dicts(event.get("links"))]) if event.get("links") else None,
        [_image(image) for image in _dicts(event.get("images"))],
        _details(payload.get("custom_details")),
        _timeline(incident),
    )


def change_line(at: str, change: Mapping[str, Any]) -> Element:
    """One change event."""
    links = [link(item.get("href"), str(item.get("text") or item.get("href"))) for item in _dicts(change.get("links"))]
    return el("li", "", el("time", "", clock(at)), el("span", "", str(change["payload"]["summary"])), links)


def _since(incident: Incident) -> str:
    if incident.resolved:
        opened, resolved = clock(incident.opened), clock(incident.resolved)
        return f"{opened} to {resolved}, open for {lasted(incident.opened, incident.resolved)}"
    return f"since {clock(incident.opened)}"


def _facts(payload: Mapping[str, Any]) -> Element:
    names = ("source", "component", "group", "class")
    return el(
        "dl",
        "facts",
        [
            el("div", "", el("dt", "", name), el("dd", "", str(payload[name])))
            for name in names
            if payload.get(name) not in (None, "")
        ],
    )


def _link(item: Mapping[str, Any]) -> Element:
    return link(item.get("href"), str(item.get("text") or item.get("href")), class_="pager-link")


def _image(image: Mapping[str, Any]) -> Element:
    label = str(image.get("alt") or image.get("src"))
    icon = el("span", "remote-icon", "🖼️")
    return link(image.get("href") or image.get("src"), icon, el("span", "", label), class_="remote")


def _details(details: Any) -> Element | None:
    if details in (None, "", {}, []):
        return None
    return el("div", "details", el("h4", "", "Details"), _value(details))


def _value(value: Any) -> Node:
    """A value of `custom_details`: objects and lists of objects as tables, lists as lists, text as written."""
    if isinstance(value, Mapping):
        rows = [
            el("tr", "", el("th", "", _label(name), scope="row"), el("td", "", _value(value[name]))) for name in value
        ]
        return el("table", "", el("tbody", "", rows))
    if isinstance(value, list):
        if len(value) == 1:
            return _value(value[0])
        return _table(value) or el("ul", "", [el("li", "", _value(item)) for item in value])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return _text(str(value))


def _text(text: str) -> Element:
    if text.startswith(("https://", "http://")) and not any(character.isspace() for character in text):
        return link(text, text)
    return el("span", "value", text)


def _table(items: list[Any]) -> Element | None:
    """A list of objects of the same shape, one a row."""
    if len(items) < 2 or not all(isinstance(item, Mapping) and item.keys() == items[0].keys() for item in items):
        return None
    head = el("thead", "", el("tr", "", [el("th", "", _label(name)) for name in items[0]]))
    rows = [el("tr", "", [el("td", "", _value(value)) for value in item.values()]) for item in items]
    return el("table", "grid", head, el("tbody", "", rows))


def _label(name: Any) -> str:
    return str(name).replace("_", " ")


def _timeline(incident: Incident) -> Element:
    return el(
        "ol",
        "timeline",
        [
            el("li", event.action, el("time", "", clock(event.at)), el("span", "", _DONE[event.action]))
            for event in incident.events
        ],
    )


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
