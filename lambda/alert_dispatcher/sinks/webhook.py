"""A webhook of one's own: the incident as JSON, signed as Standard Webhooks (standardwebhooks.com, version 1) does it.

The document; its shape only grows::

    {
      "type": "incident.opened",
      "id": "msg_...",
      "at": "2026-11-23T14:11:04+00:00",
      "stands_in": "",
      "incident": {"id", "state", "severity", "environment", "resource", "opened_at", "recovered_at", "headline", "where"},
      "alerts": [{"name", "state", "severity", "firing_since", "changed_at"}],
      "news": [{"seq", "action", "alert", "at", "headline"}],
      "diagnosis": {"rule", "cause", "evidence", "first"},
      "what_changed": "...", "how_bad": "...", "do_first": ["..."], "missing": "...",
      "links": [{"text", "href"}]
    }

`type` is `incident.` and one of opened, updated, escalated, reopened, reminder, closed, notice; or `heartbeat`. `diagnosis` is
null where no rule matched. Times are ISO 8601, UTC. Headers: `webhook-id` (equal to `id`, and the same when a message comes
again, so that a receiver can drop the repeat), `webhook-timestamp` (Unix seconds), `webhook-signature`
(`v1,` and the base64 of HMAC-SHA256 over `ID.TIMESTAMP.BODY`).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alert_common import clock
from alert_common.alert import digest
from alert_common.context import Diagnosis
from alert_dispatcher import http
from alert_dispatcher.brief import brief
from alert_dispatcher.errors import RejectedError, UnauthorizedError
from alert_dispatcher.sinks.base import Remember, Tools, Update

PREFIX = "whsec_"


class Webhook:
    """Posts to one address; settings: `url`, `secret` (`whsec_` and base64, or any text)."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        self._url = str(settings["url"])
        self._secret = tools.secret(settings)

    def messages(self, update: Update) -> int:  # noqa: ARG002 - Sink's
        """Whatever changed: a machine reads it."""
        return 1

    def send(self, update: Update, remember: Remember) -> None:  # noqa: ARG002 - Sink's; the id absorbs repeats
        """Post the document."""
        self._post(document(update))

    def probe(self) -> None:
        """Post a heartbeat."""
        now = clock.now()
        self._post({"type": "heartbeat", "id": f"msg_{digest('heartbeat', now.isoformat())}", "at": now.isoformat()})

    def _post(self, body: Mapping[str, Any]) -> None:
        payload = http.encode(body)
        try:
            self._once(str(body["id"]), payload, fresh=False)
        except UnauthorizedError:
            self._once(str(body["id"]), payload, fresh=True)

    def _once(self, id: str, payload: bytes, *, fresh: bool) -> None:
        at = int(clock.now().timestamp())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": id,
            "webhook-timestamp": str(at),
            "webhook-signature": sign(self._secret(fresh), id, at, payload),
        }
        http.post(self._url, payload, headers=headers)


def sign(secret: str, id: str, at: int, payload: bytes) -> str:
    """Return the signature header.

    Raises:
        RejectedError: the secret starts with `whsec_` and is not base64.
    """
    try:
        key = (
            base64.b64decode(secret.removeprefix(PREFIX), validate=True)
            if secret.startswith(PREFIX)
            else secret.encode()
        )
    except binascii.Error:
        raise RejectedError("the webhook's secret starts with whsec_ and is not base64; mend it") from None
    mac = hmac.new(key, f"{id}.{at}.".encode() + payload, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def document(update: Update) -> Mapping[str, Any]:
    """Write what the module's docstring describes."""
    incident, page = update.incident, update.page
    told, kind = brief(page), _type(update)
    key = (incident.id, str(update.after.seq), str(update.after.stage))
    again = str(update.told.at) if update.reminds else ""
    headlines = {news.seq: brief(page).headline for news, page in update.told_news}
    return {
        "type": f"incident.{kind}",
        "id": f"msg_{digest(*key, again)}",
        "at": update.now.isoformat(),
        "stands_in": update.stands_in,
        "incident": {
            "id": incident.id,
            "state": "notice" if incident.is_notice else "open" if incident.is_open else "over",
            "severity": str(incident.severity),
            "environment": incident.environment,
            "resource": {"kind": incident.resource.kind, "name": incident.resource.name} if incident.resource else None,
            "opened_at": incident.opened_at.isoformat(),
            "recovered_at": _time(incident.recovered_at),
            "headline": told.headline,
            "where": told.where,
        },
        "alerts": [
            {
                "name": member.name,
                "state": str(member.state),
                "severity": str(member.severity),
                "firing_since": _time(member.opened_at),
                "changed_at": member.at.isoformat(),
            }
            for member in incident.members.values()
        ],
        "news": [
            {
                "seq": news.seq,
                "action": str(news.action),
                "alert": news.name,
                "at": news.at.isoformat(),
                "headline": headlines.get(news.seq, ""),
            }
            for news in update.news
        ],
        "diagnosis": _diagnosis(page.context.diagnosis),
        "what_changed": told.changed,
        "how_bad": told.how_bad,
        "do_first": list(told.first),
        "missing": told.missing,
        "links": [{"text": link.text, "href": link.href} for link in page.context.links],
    }


def _type(update: Update) -> str:
    kinds = {
        "closed": update.closes or update.over_before_told,
        "notice": update.informs,
        "opened": update.opens,
        "reopened": update.reopened,
        "escalated": update.escalates,
        "reminder": update.reminds,
    }
    return next((kind for kind, holds in kinds.items() if holds), "updated")


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _diagnosis(found: Diagnosis | None) -> Mapping[str, Any] | None:
    if found is None:
        return None
    return {"rule": found.rule, "cause": found.cause, "evidence": list(found.evidence), "first": found.first}
