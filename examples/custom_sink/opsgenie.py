"""A sink for Opsgenie's Alert API: one alert an incident, closed when it is over. This module runs in the dispatcher.

Jira Service Management, where Opsgenie's customers go, takes the same at https://api.atlassian.com/jsm/ops/integration/v2/alerts.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from alert_dispatcher import http
from alert_dispatcher.brief import brief
from alert_dispatcher.errors import UnauthorizedError
from alert_dispatcher.sinks.base import Remember, Tools, Update

PRIORITIES = {"critical": "P1", "warning": "P3", "info": "P5"}


class Opsgenie:
    """Settings: `api_url`, `secret` (the key of an API integration)."""

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        self._url = str(settings["api_url"])
        self._key = tools.secret(settings)

    def messages(self, update: Update) -> int:
        """Beginnings, ends and notices; what happens between is not told."""
        return int(update.opens or update.reopened or update.informs or update.closes)

    def send(self, update: Update, remember: Remember) -> None:  # noqa: ARG002 - the alias absorbs repeats
        """Open or close the alert; an open one with the same alias is not opened twice."""
        alias = update.incident.id
        if update.closes:
            self._close(alias)
            return
        told = brief(update.page)
        alert = {
            "message": told.headline[:130],
            "alias": alias,
            "priority": PRIORITIES[update.incident.severity],
            "description": "\n".join(line for line in (told.how_bad, told.changed, *told.first) if line),
            "source": "endpointwatch",
        }
        self._post("", alert)

    def probe(self) -> None:
        """Close what was never opened: the key is checked, and nothing happens."""
        self._close("endpointwatch/heartbeat")

    def _close(self, alias: str) -> None:
        self._post(f"/{quote(alias, safe='')}/close?identifierType=alias", {"source": "endpointwatch"})

    def _post(self, path: str, body: Mapping[str, str], *, fresh: bool = False) -> None:
        try:
            http.post_json(self._url + path, body, headers={"Authorization": f"GenieKey {self._key(fresh)}"})
        except UnauthorizedError:  # the key may have been rotated
            if fresh:
                raise
            self._post(path, body, fresh=True)
