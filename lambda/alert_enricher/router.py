"""What happens to one alert: claim, decide, enrich, hand on, and only then record."""

from collections.abc import Callable
from dataclasses import replace

from aws_lambda_powertools.logging import Logger

from alert_common.alert import Alert
from alert_common.context import Context
from alert_common.delivery import Action, Delivery
from alert_common.redact import redact
from alert_common.state import StateTable
from alert_enricher.plan import plan, severity
from alert_enricher.policy import decide
from alert_enricher.settings import Settings

logger = Logger()

Enrich = Callable[[Alert, Settings], tuple[Alert, Context]]
Send = Callable[[Delivery], None]


def route(alert: Alert, *, settings: Settings, table: StateTable, enrich: Enrich, send: Send) -> None:
    """Hand an alert on to its sinks, once.

    Raises:
        BusyError: another invocation has this alert in hand, or took it over meanwhile; the record must come back.
        Exception: a queue or the table failed; nothing was recorded, so the record may come back.
    """
    lease = table.claim(alert.dedup_key)
    standing = lease.standing
    try:
        decision = decide(alert, standing)
        log: dict[str, object] = {
            "alert": redact(alert.name),
            "state": alert.state,
            "at": alert.at.isoformat(),
            "why": decision.why,
        }
        if decision.standing is None:
            table.release(lease)
            logger.info("dropped", extra=log)
            return
        after = decision.standing
        if decision.action is not None:
            alert, context = enrich(alert, settings)
            opened_with = standing.severity if standing and standing.opened_at else None
            alert = replace(
                alert, severity=severity(alert, context, decision.action, settings, opened_with=opened_with)
            )
            opened_at = after.opened_at or (standing.opened_at if standing else None)
            deliveries = plan(alert, context, decision.action, settings, opened_at=opened_at)
            for delivery in deliveries:
                send(delivery)
            if decision.action is not Action.INFORM:  # information passes by; an open incident keeps its severity
                after = replace(after, severity=alert.severity)
            log |= {"action": decision.action, "sinks": [d.sink for d in deliveries], "severity": alert.severity}
            if not deliveries:
                logger.warning("no route for this severity", extra=log)
        table.commit(lease, after)
        logger.info("handled", extra=log)
    except Exception:
        table.release(lease)
        raise
