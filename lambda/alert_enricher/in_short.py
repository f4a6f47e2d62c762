"""What an alert tells of itself: all the context that joins or ends an incident, whose page has the rest."""

from alert_common import tags
from alert_common.alert import Alert
from alert_common.context import Context, Missing
from alert_enricher.enrich.links import links


def in_short(alert: Alert, missing: tuple[Missing, ...] = (), *, environment: str) -> Context:
    """Make a context of the alert's own tags.

    Args:
        alert: with its tags and resource.
        missing: what could not be found out about these.
        environment: of alerts whose tags name none.
    """
    return Context(
        environment=alert.tags.get(tags.ENVIRONMENT, environment),
        owner=alert.tags.get(tags.TEAM, ""),
        objective=alert.tags.get(tags.OBJECTIVE, ""),
        tags=alert.tags,
        links=links(alert, alert.resource, alert.tags),
        missing=missing,
    )
