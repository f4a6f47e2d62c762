"""Which sinks an alert goes to: the first route that matches, and those after it while routes say to go on."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from alert_common import tags
from alert_common.alert import Alert
from alert_common.settings import Hours, Route, Settings

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def sinks(alert: Alert, settings: Settings) -> Mapping[str, int]:
    """Return the sinks to tell, each with its digest's interval in seconds (0: at once).

    An alert that no route matches goes to every sink: nothing is dropped for a gap in the rules.
    """
    found: dict[str, int] = {}
    for route in settings.routes:
        if not _matches(route, alert, settings):
            continue
        for sink in route.sinks:
            found[sink] = min(route.digest, found.get(sink, route.digest))
        if not route.go_on:
            break
    return found or dict.fromkeys(settings.sinks, 0)


def _matches(route: Route, alert: Alert, settings: Settings) -> bool:
    name = alert.resource.name if alert.resource is not None else alert.name
    return (
        (not route.severities or alert.severity in route.severities)
        and (not route.teams or alert.tags.get(tags.TEAM, "") in route.teams)
        and (not route.environments or alert.tags.get(tags.ENVIRONMENT, settings.environment) in route.environments)
        and (not route.resources or any(fnmatchcase(name, pattern) for pattern in route.resources))
        and (route.hours is None or holds(route.hours, alert.at))
    )


def holds(hours: Hours, at: datetime) -> bool:
    """Whether a moment lies in the hours; those that end after midnight belong to the day on which they began."""
    local = at.astimezone(ZoneInfo(hours.zone))
    clock, today, yesterday = f"{local:%H:%M}", _DAYS[local.weekday()], _DAYS[(local - timedelta(days=1)).weekday()]
    if hours.start < hours.end:
        return today in hours.days and hours.start <= clock < hours.end
    return (today in hours.days and clock >= hours.start) or (yesterday in hours.days and clock < hours.end)
