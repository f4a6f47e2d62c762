"""Another sink is told when one cannot be: once for each incident."""

from dataclasses import replace

from aws_lambda_powertools.logging import Logger

from alert_dispatcher.gap import Gap
from alert_dispatcher.work import Work, incident_delivery

logger = Logger()

TRIES = 5


def engage(work: Work, sink: str, gap: Gap, why: str) -> None:
    """Tell the sink's fallback of an incident that it does not know of, or that is open.

    The delivery is sent before the incident says so: after a crash in between it is sent twice, which changes nothing.
    """
    settings = work.of(sink)
    fallback = settings.fallback if settings else ""
    incident = gap.incident
    if not fallback or fallback in incident.sinks or not (gap.is_new or incident.is_open):
        return
    stands_in = f"{sink} could not be told: {why}"
    work.send(fallback, incident_delivery(fallback, incident, stands_in=stands_in))
    logger.error("fallback", extra={"sink": sink, "fallback": fallback, "incident": incident.id, "why": why})
    for _ in range(TRIES):
        if fallback in incident.sinks or work.store.save(replace(incident, sinks={**incident.sinks, fallback: 0})):
            return
        fresh = work.store.incident(incident.id)
        if fresh is None:
            return
        incident = fresh
