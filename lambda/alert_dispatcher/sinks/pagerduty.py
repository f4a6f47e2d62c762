"""PagerDuty Events API v2: an alert with a stable dedup key; information becomes a change event."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alert_common.delivery import Action, Delivery
from alert_common.state import SinkRecord
from alert_dispatcher import http
from alert_dispatcher.brief import Brief, brief
from alert_dispatcher.errors import RejectedError, UnauthorizedError
from alert_dispatcher.sinks.base import Remember
from alert_dispatcher.text import shorten, shorten_bytes

SUMMARY_LIMIT = 1024
BODY_LIMIT = 512_000
DETAIL_LIMIT = 4_000
"""Bytes of one detail: more is not read in a page."""
LINKS = 10

Body = Mapping[str, Any]


@dataclass(frozen=True)
class PagerDuty:
    """Sends to one integration; the secret is its routing key."""

    api_url: str
    routing_key: Callable[[bool], str]
    """The key; True reads it afresh."""
    picture: Callable[[str], str]
    """A web address for the chart with this key, empty when there is none."""

    def send(self, delivery: Delivery, last: SinkRecord | None, remember: Remember) -> None:  # noqa: ARG002 - Sink's
        """Enqueue the event; a note, which has no place in PagerDuty, is left out."""
        if delivery.action is Action.NOTE:
            return
        body = render(delivery, picture=self.picture(delivery.context.chart_key))
        path = "/v2/change/enqueue" if delivery.action is Action.INFORM else "/v2/enqueue"
        try:
            self._post(path, body, fresh=False)
        except RejectedError as error:
            if not isinstance(error, UnauthorizedError) and "routing" not in str(error).lower():
                raise
            self._post(path, body, fresh=True)
        remember(SinkRecord(action=delivery.action, at=delivery.alert.at))

    def _post(self, path: str, body: Body, *, fresh: bool) -> None:
        http.post_json(f"{self.api_url.rstrip('/')}{path}", {"routing_key": self.routing_key(fresh), **body})


def render(delivery: Delivery, *, picture: str = "") -> Body:
    """Write the event's body, without its routing key."""
    told = brief(delivery)
    alert = delivery.alert
    environment = delivery.context.environment
    summary = _summary(delivery, told)
    source = told.where or alert.arn or alert.name or "endpointwatch"
    links = [
        {"href": link.href, "text": shorten(link.text, 200)}
        for link in delivery.context.links[:LINKS]
        if len(link.href) <= 3_000
    ]
    if delivery.action is Action.INFORM:
        return {
            "payload": {
                "summary": summary,
                "timestamp": alert.at.isoformat(),
                "source": shorten(source, SUMMARY_LIMIT),
                "custom_details": _details(delivery, told),
            },
            "links": links,
        }
    body: dict[str, Any] = {
        "event_action": "resolve" if delivery.action is Action.RESOLVE else "trigger",
        "dedup_key": delivery.dedup_key,
        "client": "endpointwatch",
        "payload": {
            "summary": summary,
            "source": shorten(source, SUMMARY_LIMIT),
            "severity": str(alert.severity),
            "timestamp": alert.at.isoformat(),
            "component": shorten(alert.resource.name, 255) if alert.resource else "endpointwatch",
            "group": environment or "endpointwatch",
            "class": str(alert.kind),
            "custom_details": _details(delivery, told),
        },
        "links": links,
    }
    if links:
        body["client_url"] = next((link["href"] for link in links if link["text"] == "Dashboard"), links[0]["href"])
    if picture.startswith("https://"):
        body["images"] = [{"src": picture, "alt": f"Chart of {alert.name}"}]
    return _bounded(body)


def _summary(delivery: Delivery, told: Brief) -> str:
    """Write the sentence that is all a push, a text message or a call carries: what, where, since when, what changed."""
    environment = delivery.context.environment
    sentence = f"[{environment}] {told.headline}" if environment else told.headline
    if delivery.action is not Action.TRIGGER:
        return shorten(sentence, SUMMARY_LIMIT)
    more = f", since {told.start}{', ' if told.suspect else ''}{told.suspect}"
    return shorten(sentence, SUMMARY_LIMIT - len(more)) + more


def _details(delivery: Delivery, told: Brief) -> dict[str, Any]:
    """Order matters: PagerDuty shows the details as they come."""
    alert, context = delivery.alert, delivery.context
    if delivery.action is Action.RESOLVE:
        return {name: value for name, value in (("What", told.headline), ("Where", told.where)) if value}
    details: dict[str, Any] = {
        "What": told.headline,
        "Since": told.since,
        "How bad": told.how_bad,
        "Objective": told.objective,
        "What changed": told.changed,
        "Do first": list(told.first),
        "Signals, before → since": {name: f"{before} → {after}   {line}" for name, before, after, line in told.signals},
        "Also in alarm": list(told.also_in_alarm[:20]),
        "Last error lines": list(told.logs),
        "Why": told.why,
        "Where": told.where,
        "Owner": context.owner,
        "Alarm": alert.name,
        "Account and region": " ".join(part for part in (alert.account, alert.region) if part),
        "Could not be fetched": told.missing,
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
