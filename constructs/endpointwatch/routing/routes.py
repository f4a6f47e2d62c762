"""Which severities go to which sinks."""

from collections.abc import Sequence
from dataclasses import dataclass

from endpointwatch import _checks
from endpointwatch.routing.sinks import Sink
from endpointwatch.severity import Severity

# One alarm watches every dead-letter queue, those of SNS and of the enricher too, and CloudWatch allows it 10 metrics.
_MOST_SINKS = 8


@dataclass(frozen=True, kw_only=True)
class Route:
    """Which severities go to which sinks.

    Args:
        severities: what this route is for.
        sinks: names of sinks.
    """

    severities: frozenset[Severity]
    sinks: tuple[str, ...]


def complete_routes(sinks: Sequence[Sink], routes: Sequence[Route] | None) -> list[Route]:
    """The routes to use: the given ones, or one from each sink's own severities.

    Raises:
        ValueError: no sink, two sinks of one name, a route to a sink that is not there, or a severity without a route.
    """
    names = [sink.name for sink in sinks]
    if not names:
        raise ValueError("sinks: is empty; give at least one of PagerDuty, Slack, Email")
    if len(names) > _MOST_SINKS:
        raise ValueError(f"sinks: {len(names)} are more than {_MOST_SINKS}; use a second AlertRouting")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"sinks: two are named {name!r}; give one of them another name=")
    if routes is None:
        own = [Route(severities=sink.severities, sinks=(sink.name,)) for sink in sinks]
        unclaimed = frozenset(Severity).difference(*(sink.severities for sink in sinks))
        # What no sink asks for goes to all of them: alerts are never dropped.
        return [*own, Route(severities=unclaimed, sinks=tuple(names))] if unclaimed else own
    for route in routes:
        for name in route.sinks:
            _checks.one_of("routes", name, names)
    covered = {severity for route in routes for severity in route.severities if route.sinks}
    missing = [severity for severity in Severity if severity not in covered]
    if missing:
        raise ValueError(f"routes: nothing takes {', '.join(missing)}; add a route, for alerts are never dropped")
    return list(routes)
