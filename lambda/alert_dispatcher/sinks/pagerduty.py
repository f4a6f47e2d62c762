"""PagerDuty Events API v2: one alert an incident under a stable dedup key; information becomes a change event."""

import json
from collections.abc import Mapping
from typing import Any

from alert_common.page import Action, Page
from alert_dispatcher import http
from alert_dispatcher.brief import Brief, brief
from alert_dispatcher.errors import RejectedError, UnauthorizedError
from alert_dispatcher.sinks.base import MANY, Remember, Tools, Update
from alert_dispatcher.text import day_and_clock, shorten, shorten_bytes, span

URL = "https://events.pagerduty.com"
SUMMARY_LIMIT = 1024
BODY_LIMIT = 512_000
DETAIL_LIMIT = 4_000
"""Bytes of one detail: more is not read in a page."""
LINKS = 10
NEVER_OPENED = "endpointwatch/heartbeat"
"""A dedup key that is never triggered: PagerDuty takes its resolve and drops it."""

Body = Mapping[str, Any]


class PagerDuty:
    """Sends to one integration; settings: `secret` (the routing key), `api_url`."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        self._url = str(settings.get("api_url") or URL).rstrip("/")
        self._key = tools.secret(settings)
        self._picture = tools.charts.address

    def messages(self, update: Update) -> int:
        """One event each; alerts that join an open incident do not page again."""
        return int(_tells(update)) + len(_deployments(update))

    def send(self, update: Update, remember: Remember) -> None:  # noqa: ARG002 - Sink's; the dedup key absorbs repeats
        """Enqueue what the incident asks for; what has no place in PagerDuty is left out."""
        for page in _deployments(update):
            update.hurry()
            self._enqueue("/v2/change/enqueue", render_change(update, page))
        if not _tells(update):
            return
        update.hurry()
        if update.informs or update.over_before_told:
            self._enqueue("/v2/change/enqueue", render_change(update, update.page))
        else:
            picture = "" if update.closes else self._picture(update.page.context.chart_key)
            self._enqueue("/v2/enqueue", render(update, picture=picture))

    def probe(self) -> None:
        """Resolve an alert that never was: it proves key and way, and has no effect."""
        self._enqueue("/v2/enqueue", {"event_action": "resolve", "dedup_key": NEVER_OPENED})

    def _enqueue(self, path: str, body: Body) -> None:
        try:
            self._post(path, body, fresh=False)
        except RejectedError as error:
            if not isinstance(error, UnauthorizedError) and "routing" not in str(error).lower():
                raise
            self._post(path, body, fresh=True)

    def _post(self, path: str, body: Body, *, fresh: bool) -> None:
        http.post_json(f"{self._url}{path}", {"routing_key": self._key(fresh), **body})


def _tells(update: Update) -> bool:
    begins = update.opens or update.reopened or update.escalates or update.reminds
    return begins or update.closes or update.informs or update.over_before_told


def _deployments(update: Update) -> tuple[Page, ...]:
    """What happened to the resource while its incident is known; the newest, as change events cannot be listed."""
    if update.is_new:
        return ()
    return tuple(page for news, page in update.told_news if news.action is Action.INFORM)[-MANY:]


def render(update: Update, *, picture: str = "") -> Body:
    """Write the event that triggers or resolves the incident, without its routing key."""
    page, incident = update.page, update.incident
    told, alert = brief(page), page.alert
    links = _links(page)
    body: dict[str, Any] = {
        "event_action": "resolve" if update.closes else "trigger",
        "dedup_key": incident.id,
        "client": "endpointwatch",
        "payload": {
            "summary": _over(update, told) if update.closes else _summary(update, told),
            "source": _source(page, told),
            "severity": str(incident.severity),
            "timestamp": (incident.recovered_at or alert.at if update.closes else alert.at).isoformat(),
            "component": shorten(alert.resource.name, 255) if alert.resource else "endpointwatch",
            "group": shorten(page.context.environment, 255) or "endpointwatch",
            "class": str(alert.kind),
            "custom_details": _short(update, told) if update.closes else _details(update, told),
        },
        "links": links,
    }
    if links:
        body["client_url"] = next((link["href"] for link in links if link["text"] == "Dashboard"), links[0]["href"])
    if picture.startswith("https://"):
        body["images"] = [{"src": picture, "alt": f"Chart of {shorten(alert.name, 255)}"}]
    return _bounded(body)


def render_change(update: Update, page: Page) -> Body:
    """Write the change event of something that pages nobody: a notice, or what was over before it could be told."""
    told = brief(page)
    past = update.over_before_told
    return _bounded(
        {
            "payload": {
                "summary": _over(update, told) if past else _headline(page, told),
                "timestamp": page.alert.at.isoformat(),
                "source": _source(page, told),
                "custom_details": _details(update, told) if page is update.page else _details_of(page, told),
            },
            "links": _links(page),
        }
    )


def _headline(page: Page, told: Brief) -> str:
    environment = page.context.environment
    return shorten(f"[{environment}] {told.headline}" if environment else told.headline, SUMMARY_LIMIT)


def _summary(update: Update, told: Brief) -> str:
    """Write the sentence that is all a push, a text message or a call carries: what, where, since when, what changed."""
    others = len(update.others)
    beside = f" (and {others} more alert{'s' if others > 1 else ''})" if others else ""
    still = f", still open after {span(update.now - update.incident.opened_at)}" if update.reminds else ""
    more = f"{beside}{still}, since {told.start}{', ' if told.suspect else ''}{told.suspect}"
    return shorten(_headline(update.page, told), SUMMARY_LIMIT - len(more)) + more


def _over(update: Update, told: Brief) -> str:
    more = f": over after {span(update.lasted)}" if update.lasted is not None else ": over"
    return shorten(_headline(update.page, told), SUMMARY_LIMIT - len(more)) + more


def _source(page: Page, told: Brief) -> str:
    return shorten(told.where or page.alert.arn or page.alert.name or "endpointwatch", SUMMARY_LIMIT)


def _links(page: Page) -> list[dict[str, str]]:
    return [
        {"href": link.href, "text": shorten(link.text, 200)}
        for link in page.context.links[:LINKS]
        if len(link.href) <= 3_000
    ]


def _short(update: Update, told: Brief) -> dict[str, Any]:
    ended = update.incident.recovered_at
    details = {
        "What": told.headline,
        "Where": told.where,
        "From": day_and_clock(update.incident.opened_at),
        "To": day_and_clock(ended) if ended else "",
    }
    return {name: _cut(value) for name, value in details.items() if value}


def _details(update: Update, told: Brief) -> dict[str, Any]:
    head = {
        "Told here because": update.stands_in,
        "Alerts that fire": [f"{m.severity}: {shorten(m.name, 300)}" for m in update.incident.firing[:20]],
    }
    if len(update.incident.members) < 2:
        del head["Alerts that fire"]
    return {**{name: _cut(value) for name, value in head.items() if value}, **_details_of(update.page, told)}


def _details_of(page: Page, told: Brief) -> dict[str, Any]:
    """Order matters: PagerDuty shows the details as they come."""
    alert = page.alert
    details: dict[str, Any] = {
        "What": told.headline,
        "Since": told.since,
        "How bad": told.how_bad,
        "Diagnosis": told.cause,
        "Evidence": list(told.evidence[:10]),
        "Do first": list(told.first),
        "Objective": told.objective,
        "What changed": told.changed,
        "Changes, newest first": list(told.history),
        "Signals, before → since": {name: f"{before} → {after}   {line}" for name, before, after, line in told.signals},
        "Workload": list(told.workload),
        "Also in alarm": list(told.also_in_alarm[:20]),
        "Last error lines": list(told.logs),
        "Why": told.why,
        "Where": told.where,
        "Owner": page.context.owner,
        "Alarm": alert.name,
        "Account and region": " ".join(part for part in (alert.account, alert.region) if part),
        "Not in this page": told.missing,
        "Message as it came": "" if alert.understood else alert.raw,
    }
    return {name: _cut(value) for name, value in details.items() if value}


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return shorten_bytes(value, DETAIL_LIMIT)
    if isinstance(value, list):
        return [shorten_bytes(v, DETAIL_LIMIT) for v in value]
    return {k: shorten_bytes(v, DETAIL_LIMIT) for k, v in value.items()}


def _bounded(body: dict[str, Any]) -> Body:
    """Keep the body under PagerDuty's limit, room for the routing key left: the links survive, details go."""
    if len(json.dumps(body).encode()) <= BODY_LIMIT - 1_000:
        return body
    details = body["payload"]["custom_details"]
    short = {name: shorten_bytes(str(value), 1_000) for name, value in details.items()}
    return {**body, "payload": {**body["payload"], "custom_details": short}}
