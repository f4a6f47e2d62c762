"""The page where a person reads what arrived: pages on the left, threads on the right, nothing loaded from elsewhere."""

import json
from pathlib import Path

from sandbox.inbox.faults import SINKS
from sandbox.inbox.inbox import Event, Inbox, Mail, Webhook
from sandbox.inbox.page.channel import channels
from sandbox.inbox.page.clock import clock
from sandbox.inbox.page.elements import Element, el, html
from sandbox.inbox.page.pager import change_line, incident_card

STATIC = Path(__file__).parent / "static"
_NAMES = {"pagerduty": "PagerDuty", "slack": "Slack", "email": "E-mail", "webhook": "Webhook"}
_SHOWN_INCIDENTS = 100
_SHOWN_REQUESTS = 200
_SHOWN_WEBHOOKS = 50


def render_page(inbox: Inbox) -> bytes:
    """The page as HTML."""
    head = el(
        "head",
        "",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", "", "Inbox · endpointwatch sandbox"),
        el("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        el("link", rel="stylesheet", href="/static/inbox.css"),
        el("script", src="/static/inbox.js", defer="defer"),
    )
    body = el(
        "body",
        "",
        el(
            "div",
            "",
            _top(inbox),
            el(
                "main",
                "",
                el("div", "column", _pager(inbox), _mail(inbox), _webhooks(inbox)),
                el("div", "column", _slack(inbox)),
            ),
            _requests(inbox),
            id="inbox",
        ),
    )
    return html(el("html", "", head, body, lang="en"))


def _top(inbox: Inbox) -> Element:
    events = inbox.events
    refused = sum(1 for event in events if event.status is not None and not event.accepted)
    counts = {
        "pagerduty": len(inbox.incidents.incidents),
        "slack": inbox.workspace.count,
        "email": len(inbox.mails),
        "webhook": sum(1 for webhook in inbox.webhooks.values() if _kind(webhook) != "heartbeat"),
    }
    return el(
        "header",
        "top",
        el("h1", "", "Inbox", el("span", "", "endpointwatch sandbox")),
        el("p", "", "What the people on call would have received. Nothing left this machine; times are UTC."),
        el(
            "div",
            "counts",
            [el("span", "count", f"{_NAMES[sink]} ", el("b", "", str(counts[sink]))) for sink in SINKS],
            el("span", "count refused", "Refused ", el("b", "", str(refused))) if refused else None,
        ),
    )


def _pager(inbox: Inbox) -> Element:
    book = inbox.incidents
    earlier = len(book.incidents) - _SHOWN_INCIDENTS
    changes = [change_line(at, change) for at, change in book.changes[: -_SHOWN_INCIDENTS - 1 : -1]]
    return el(
        "section",
        "pagerduty",
        el("h2", "", "PagerDuty"),
        [incident_card(incident) for incident in book.incidents[: -_SHOWN_INCIDENTS - 1 : -1]]
        or el("p", "empty", "No page yet. An alarm that pages shows up here, and resolves here."),
        el("p", "earlier", f"{earlier} earlier in ", el("a", "", "/api/incidents", href="/api/incidents"))
        if earlier > 0
        else None,
        el("div", "changes", el("h3", "", "Recent changes"), el("ul", "", changes)) if changes else None,
    )


def _slack(inbox: Inbox) -> Element:
    return el(
        "section",
        "slack",
        el("h2", "", "Slack"),
        channels(inbox) or el("p", "empty", "No message yet."),
    )


def _mail(inbox: Inbox) -> Element | None:
    if not inbox.mails:
        return None
    return el("section", "mails", el("h2", "", "E-mail"), [_letter(mail) for mail in reversed(inbox.mails)])


def _letter(mail: Mail) -> Element:
    return el(
        "article",
        "mail",
        el("h3", "", mail.subject),
        el(
            "p",
            "envelope",
            f"to {mail.to}, topic {mail.topic.rpartition(':')[2]}, ",
            el("time", "", clock(mail.at), datetime=mail.at),
        ),
        el("pre", "", mail.body),
    )


def _webhooks(inbox: Inbox) -> Element | None:
    if not inbox.webhooks:
        return None
    telling = [webhook for webhook in inbox.webhooks.values() if _kind(webhook) != "heartbeat"]
    heartbeats = len(inbox.webhooks) - len(telling)
    newest = telling[: -_SHOWN_WEBHOOKS - 1 : -1]
    return el(
        "section",
        "webhooks",
        el("h2", "", "Webhooks"),
        el("div", "mail", [_webhook(webhook) for webhook in newest]) if newest else None,
        el("p", "earlier", f"{heartbeats} heartbeats, in ", el("a", "", "/api/webhooks", href="/api/webhooks"))
        if heartbeats
        else None,
    )


def _kind(webhook: Webhook) -> str:
    return str(webhook.body.get("type", "no type")) if isinstance(webhook.body, dict) else "no object"


def _webhook(webhook: Webhook) -> Element:
    came = f", came {webhook.times} times" if webhook.times > 1 else ""
    return el(
        "details",
        "webhook",
        el(
            "summary",
            "",
            el("time", "", clock(webhook.at), datetime=webhook.at),
            el("b", "", _kind(webhook)),
            el("span", "envelope", f"/webhook/{webhook.path}, {webhook.id}{came}"),
        ),
        el("pre", "", json.dumps(webhook.body, indent=2, ensure_ascii=False)),
        id=f"webhook-{webhook.id}",
    )


def _requests(inbox: Inbox) -> Element:
    events = inbox.events
    newest = events[: -_SHOWN_REQUESTS - 1 : -1]
    return el(
        "details",
        "requests",
        el("summary", "", f"Requests ({len(events)})"),
        el(
            "table",
            "grid",
            el("thead", "", el("tr", "", [el("th", "", name) for name in ("UTC", "sink", "path", "answer", "why")])),
            el("tbody", "", [_request(event) for event in newest]),
        ),
        id="requests",
    )


def _request(event: Event) -> Element:
    state = "waiting" if event.status is None else "accepted" if event.accepted else "refused"
    answer = {None: "waiting", 0: "closed"}.get(event.status, str(event.status))
    why = "; ".join(([f"fault: {event.fault}"] if event.fault and not event.problems else []) + list(event.problems))
    return el(
        "tr",
        state,
        el("td", "", el("time", "", clock(event.at))),
        el("td", "", _NAMES[event.sink]),
        el("td", "", event.path),
        el("td", "", answer),
        el("td", "", why),
    )
