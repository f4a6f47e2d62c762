"""Who is told of what: ordered rules (Dynatrace calls them alerting profiles)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Any

from aws_cdk import Duration

from endpointwatch import _checks
from endpointwatch.routing.sinks import Sink
from endpointwatch.severity import Severity

# One alarm watches every dead-letter queue, those of SNS and of the enricher too, and CloudWatch allows it 10 metrics.
_MOST_SINKS = 8
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
# SQS hides a message for 12 hours at most, and what is told a day late helps nobody.
_LONGEST_DIGEST = 12 * 3600
_DEFAULT_DIGEST = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Hours:
    """When a route holds.

    Args:
        days: `mon` to `sun`; every day when left out.
        start: `09:00`, in `zone`.
        end: `17:00`, up to `24:00`; one before `start` is on the next day, so that a night belongs to the day on which it began.
        zone: as in the IANA database, such as `Europe/Berlin`; daylight saving time is followed.

    Raises:
        ValueError: a day, a time or the zone does not exist.
    """

    days: tuple[str, ...] = DAYS
    start: str
    end: str
    zone: str

    def __post_init__(self) -> None:
        _checks.instance("days", self.days, tuple, list, fix="write ('mon', 'tue')")
        if not self.days:
            raise ValueError("days: is empty; leave it out for every day")
        for day in self.days:
            _checks.one_of("days", day, DAYS)
        for field, value in (("start", self.start), ("end", self.end)):
            clock = _checks.text(field, value, fix="write 09:00")
            if not _CLOCK.fullmatch(clock) and (field, clock) != ("end", "24:00"):
                raise ValueError(f"{field}: {value!r} is no time of day; write 09:00")
        if self.start == self.end:
            raise ValueError(f"end: {self.end!r} is also the start; for whole days write start='00:00', end='24:00'")
        if _checks.text("zone", self.zone, fix="write Europe/Berlin") not in _zones():
            raise ValueError(
                f"zone: {self.zone!r} is not in the IANA database; write a name such as Europe/Berlin or UTC"
            )


@dataclass(frozen=True, kw_only=True)
class Route:
    """Who is told of what. Routes are looked at in order, and the first that matches decides; an empty condition always holds.

    Args:
        sinks: names of sinks.
        severities: of the alert.
        teams: of the alarm's tag `team`.
        environments: of the alarm's tag `endpointwatch:environment`; the routing's own where the alarm has none.
        resources: names of endpoints, clusters or jobs; `*` stands for anything, `?` for one character.
        hours: when it holds, by the time of the alert; always when left out.
        digest: gathers everything for so long and tells it in one message (a CDK `Duration` or a `timedelta`, 1 second up to
            12 hours); at once when left out. PagerDuty takes no digest.
        go_on: whether later routes are looked at too.

    Raises:
        ValueError: no sink, or a condition that cannot be.
    """

    sinks: tuple[str, ...]
    severities: Collection[Severity] = ()
    teams: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    hours: Hours | None = None
    digest: Duration | timedelta | None = None
    go_on: bool = False

    def __post_init__(self) -> None:
        _checks.instance(
            "severities", self.severities, frozenset, set, tuple, list, fix="write frozenset({Severity.CRITICAL})"
        )
        for severity in self.severities:
            _checks.one_of("severities", severity, tuple(Severity))
        for field in ("sinks", "teams", "environments", "resources"):
            value = getattr(self, field)
            _checks.instance(field, value, tuple, list, fix=f"write ({field[:-1]!r},)")
            for entry in value:
                _checks.text(field, entry, fix=f"write ({field[:-1]!r},)")
        if not self.sinks:
            raise ValueError("sinks: is empty; name at least one, for alerts are never dropped")
        if self.hours is not None:
            _checks.instance("hours", self.hours, Hours, fix="write Hours(start='09:00', end='17:00', zone='UTC')")
        _checks.instance("go_on", self.go_on, bool, fix="write True or False")
        _checks.number("digest", self.digest_seconds, low=0, high=_LONGEST_DIGEST, fix="give 1 second up to 12 hours")

    @property
    def digest_seconds(self) -> int:
        """For how long everything is gathered; 0 for not at all."""
        if self.digest is None:
            return 0
        milliseconds = _checks.milliseconds("digest", self.digest, fix="write Duration.hours(1), or leave it out")
        if milliseconds % 1000:
            raise ValueError(f"digest: {milliseconds:g} ms are not whole seconds; write Duration.hours(1)")
        return int(milliseconds / 1000)

    @property
    def covers(self) -> frozenset[Severity]:
        """The severities of which it takes everything."""
        if self.teams or self.environments or self.resources or self.hours is not None:
            return frozenset()
        return frozenset(self.severities or Severity)

    @property
    def document(self) -> Mapping[str, Any]:
        """As the functions read it."""
        return {
            "severities": [severity for severity in Severity if severity in self.severities],
            "teams": list(self.teams),
            "environments": list(self.environments),
            "resources": list(self.resources),
            "hours": None
            if self.hours is None
            else {
                "days": [day for day in DAYS if day in self.hours.days],
                "start": self.hours.start,
                "end": self.hours.end,
                "zone": self.hours.zone,
            },
            "sinks": list(self.sinks),
            "digest": self.digest_seconds,
            "go_on": self.go_on,
        }


@cache
def _zones() -> frozenset[str]:
    """Those that travel with the enricher; this machine may have others, such as `localtime`."""
    return frozenset((resources.files("tzdata") / "zones").read_text().split())


def complete_routes(sinks: Sequence[Sink], routes: Sequence[Route] | None) -> list[Route]:
    """The routes to use: the given ones, or those that follow from what each sink is for.

    Raises:
        ValueError: no sink, two sinks of one name, a route or a fallback to a sink that is not there, fallbacks in a circle, a
            digest for a sink that takes none, a route that is never looked at, or a severity that may find no route.
    """
    by_name = _by_name(sinks)
    _check_fallbacks(by_name)
    if routes is None:
        return _default_routes(sinks)
    _checks.instance("routes", routes, list, tuple, fix="give a list, or leave it out")
    taken: dict[Severity, int] = {}
    for number, route in enumerate(routes):
        _checks.instance(f"routes[{number}]", route, Route, fix="write Route(severities=..., sinks=...)")
        for name in route.sinks:
            _checks.one_of(f"routes[{number}]: sinks", name, by_name)
            _check_digest(f"routes[{number}]", route, by_name[name], by_name)
        wanted = frozenset(route.severities or Severity)
        if wanted <= taken.keys():
            before = max(taken[severity] for severity in wanted)
            raise ValueError(
                f"routes[{number}]: is never looked at, since routes[{before}] and those before it take everything of "
                f"{_listed(wanted)}; move it before them, or give them go_on=True"
            )
        if not route.go_on:
            for severity in route.covers:
                taken.setdefault(severity, number)
    missing = frozenset(Severity).difference(*(route.covers for route in routes))
    if missing:
        raise ValueError(
            f"routes: an alert of severity {_listed(missing)} may match none; add as the last one "
            f"Route(severities=..., sinks=...) without other conditions, for alerts are never dropped"
        )
    return list(routes)


def _default_routes(sinks: Sequence[Sink]) -> list[Route]:
    """One route a severity: to the sinks that are for it, else to those that wake nobody, else to what there is."""
    routes: list[Route] = []
    for severity in Severity:
        readers = [sink for sink in sinks if sink.takes_digests]
        told = [sink for sink in sinks if severity in sink.severities] or readers or list(sinks)
        if severity is Severity.INFO:
            gathered = tuple(sink.name for sink in told if sink.takes_digests)
            at_once = tuple(sink.name for sink in told if not sink.takes_digests)
            if gathered:
                routes.append(
                    Route(severities=frozenset({severity}), sinks=gathered, digest=_DEFAULT_DIGEST, go_on=bool(at_once))
                )
            if at_once:
                routes.append(Route(severities=frozenset({severity}), sinks=at_once))
        else:
            routes.append(Route(severities=frozenset({severity}), sinks=tuple(sink.name for sink in told)))
    return routes


def _by_name(sinks: Sequence[Sink]) -> dict[str, Sink]:
    _checks.instance("sinks", sinks, list, tuple, fix="give a list, such as [Slack(...)]")
    for sink in sinks:
        if isinstance(sink, type) or not hasattr(sink, "bind"):
            raise TypeError(
                f"sinks: {sink!r} is no sink; give PagerDuty(...), Slack(...), Email(...), Webhook(...) or CustomSink(...)"
            )
    names = [sink.name for sink in sinks]
    if not names:
        raise ValueError("sinks: is empty; give at least one of PagerDuty, Slack, Email, Webhook, CustomSink")
    if len(names) > _MOST_SINKS:
        raise ValueError(f"sinks: {len(names)} are more than {_MOST_SINKS}; use a second AlertRouting")
    for name in names:
        # Hyphens do not count: construct ids are made of the names.
        if [other.replace("-", "") for other in names].count(name.replace("-", "")) > 1:
            raise ValueError(f"sinks: two are named {name!r}, hyphens aside; give one of them another name=")
    return {sink.name: sink for sink in sinks}


def _check_fallbacks(sinks: Mapping[str, Sink]) -> None:
    for name, sink in sinks.items():
        way = [name]
        while sink.fallback is not None:
            _checks.one_of(f"sinks[{way[-1]!r}]: fallback", sink.fallback, sinks)
            if sink.fallback in way:
                circle = " -> ".join([*way, sink.fallback])
                raise ValueError(f"fallback: {circle} is a circle; leave one of them without a fallback")
            way.append(sink.fallback)
            sink = sinks[sink.fallback]  # noqa: PLW2901 - follows the chain


def _check_digest(where: str, route: Route, sink: Sink, sinks: Mapping[str, Sink]) -> None:
    follow: Sink | None = sink if route.digest_seconds else None
    while follow is not None:
        if not follow.takes_digests:
            raise ValueError(
                f"{where}: digest: {follow.name!r} takes no digests (as a sink, or as the fallback of one); "
                "leave out digest, or name another sink"
            )
        follow = sinks[follow.fallback] if follow.fallback is not None else None


def _listed(severities: frozenset[Severity]) -> str:
    return ", ".join(severity for severity in Severity if severity in severities)
