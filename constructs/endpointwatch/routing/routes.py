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

    def __post_init__(self) -> None:
        _checks.instance(
            "severities", self.severities, frozenset, set, tuple, list, fix="write frozenset({Severity.CRITICAL})"
        )
        for severity in self.severities:
            _checks.one_of("severities", severity, tuple(Severity))
        _checks.instance("sinks", self.sinks, tuple, list, fix="write ('slack',)")


def complete_routes(sinks: Sequence[Sink], routes: Sequence[Route] | None) -> list[Route]:
    """The routes to use: the given ones, or one from each sink's own severities.

    Raises:
        ValueError: no sink, two sinks of one name, a route to a sink that is not there, or a severity without a route.
    """
    names = _names(sinks)
    if routes is None:
        own = [Route(severities=sink.severities, sinks=(sink.name,)) for sink in sinks]
        unclaimed = frozenset(Severity).difference(*(sink.severities for sink in sinks))
        # What no sink asks for goes to all of them: alerts are never dropped.
        return [*own, Route(severities=unclaimed, sinks=tuple(names))] if unclaimed else own
    for route in routes:
        _checks.instance("routes", route, Route, fix="write Route(severities=..., sinks=...)")
        for name in route.sinks:
            _checks.one_of("routes", name, names)
    covered = {severity for route in routes for severity in route.severities if route.sinks}
    missing = [severity for severity in Severity if severity not in covered]
    if missing:
        raise ValueError(f"routes: nothing takes {', '.join(missing)}; add a route, for alerts are never dropped")
    return list(routes)


def _names(sinks: Sequence[Sink]) -> list[str]:
    _checks.instance("sinks", sinks, list, tuple, fix="give a list, such as [Slack(...)]")
    for sink in sinks:
        if not hasattr(sink, "bind"):
            raise TypeError(
                f"sinks: {sink!r} is no sink; give PagerDuty(...), Slack(...), Email(...) or a Sink of your own"
            )
    names = [sink.name for sink in sinks]
    if not names:
        raise ValueError("sinks: is empty; give at least one of PagerDuty, Slack, Email")
    if len(names) > _MOST_SINKS:
        raise ValueError(f"sinks: {len(names)} are more than {_MOST_SINKS}; use a second AlertRouting")
    for name in names:
        # Hyphens do not count: construct ids are made of the names.
        if [other.replace("-", "") for other in names].count(name.replace("-", "")) > 1:
            raise ValueError(f"sinks: two are named {name!r}, hyphens aside; give one of them another name=")
    return names
