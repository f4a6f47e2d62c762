"""From one alert to its deliveries."""

from dataclasses import replace
from datetime import datetime

from alert_common import tags
from alert_common.alert import Alert, Severity
from alert_common.context import Context, Missing
from alert_common.delivery import Action, Delivery
from alert_enricher.settings import Settings

MESSAGE_LIMIT = 240_000
"""Bytes. SQS takes 1 MiB, but a queue may be set to less, and 256 KiB was the most for years; no page needs as much."""


def severity(
    alert: Alert, context: Context, action: Action, settings: Settings, *, opened_with: Severity | None
) -> Severity:
    """Decide how urgent: by topic, else by tag, else what the parser made of its kind.

    Information is always info, and what ends or adds to an incident keeps the severity it was opened with.
    """
    if action is Action.INFORM:
        return Severity.INFO
    if opened_with is not None:
        return opened_with
    tagged = context.tags.get(tags.SEVERITY, "")
    if alert.topic in settings.topic_severities:
        return settings.topic_severities[alert.topic]
    return Severity(tagged) if tagged in set(Severity) else alert.severity


def plan(
    alert: Alert, context: Context, action: Action, settings: Settings, *, opened_at: datetime | None
) -> tuple[Delivery, ...]:
    """Make one delivery for every sink of the routes of the alert's severity, each sink once."""
    sinks = dict.fromkeys(s for route in settings.routes if alert.severity in route.severities for s in route.sinks)
    return tuple(
        Delivery(sink=sink, action=action, dedup_key=alert.dedup_key, alert=alert, context=context, opened_at=opened_at)
        for sink in sinks
    )


def body(delivery: Delivery) -> str:
    """Write the delivery for its queue; one that is too long loses its raw text and its lists, never its core."""
    text = delivery.to_json()
    if len(text) <= MESSAGE_LIMIT:
        return text
    alert, context = delivery.alert, delivery.context
    return replace(
        delivery,
        alert=replace(
            alert,
            raw=alert.raw[:2_000],
            reason=alert.reason[:2_000],
            description=alert.description[:2_000],
            rule=alert.rule[:2_000],
            metric=None,
            tags={},
            children=alert.children[:10],
            log_groups=(),
        ),
        context=replace(
            context,
            tags={},
            siblings=context.siblings[:10],
            links=tuple(link for link in context.links if len(link.href) <= 2_000),
            missing=(*context.missing, Missing(what="the whole message", why="too long for its queue")),
        ),
    ).to_json()
