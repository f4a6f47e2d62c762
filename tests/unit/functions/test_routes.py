"""Who is told of an alert: ordered rules, each with conditions that all hold."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_common.alert import Alert, Kind, Resource, Severity, State
from alert_common.settings import Hours, Route, Settings, SinkSettings
from alert_enricher.routes import holds, sinks

NINE_TO_FIVE = Hours(days=("mon", "tue", "wed", "thu", "fri"), start="09:00", end="17:00", zone="Europe/Berlin")
NIGHT = Hours(days=("fri",), start="22:00", end="06:00", zone="Europe/Berlin")
ALL = Route(sinks=("slack",))


def _alert(**changes: Any) -> Alert:
    alert = Alert(
        kind=Kind.METRIC_ALARM,
        name="ranker/AllTraffic/errors",
        state=State.ALARM,
        at=datetime(2026, 11, 23, 14, 0, tzinfo=UTC),
        severity=Severity.CRITICAL,
        resource=Resource(kind="endpoint", name="ranker"),
        tags={"team": "ml-platform"},
    )
    return replace(alert, **changes)


def _settings(*routes: Route) -> Settings:
    names = ("pagerduty", "slack", "email")
    return Settings(
        environment="prod",
        topics={},
        routes=routes,
        sinks={name: SinkSettings(queue=f"q/{name}", dead_letters="") for name in names},
    )


@pytest.mark.parametrize(
    ("conditions", "fits", "differs"),
    [
        ({"severities": (Severity.CRITICAL,)}, {}, {"severity": Severity.WARNING}),
        ({"teams": ("ml-platform",)}, {}, {"tags": {"team": "search"}}),
        ({"teams": ("ml-platform",)}, {}, {"tags": {}}),
        ({"environments": ("prod",)}, {}, {"tags": {"endpointwatch:environment": "dev"}}),
        ({"resources": ("rank*",)}, {}, {"resource": Resource(kind="endpoint", name="embedder")}),
        ({"resources": ("ranker/*",)}, {"resource": None}, {"resource": Resource(kind="endpoint", name="ranker")}),
        ({"hours": NINE_TO_FIVE}, {}, {"at": datetime(2026, 11, 23, 20, 0, tzinfo=UTC)}),
    ],
)
def test_each_condition_decides(conditions: Any, fits: Any, differs: Any) -> None:
    """A route holds when its condition does, and does not when only that differs."""
    settings = _settings(Route(sinks=("pagerduty",), **conditions), ALL)
    assert list(sinks(_alert(**fits), settings)) == ["pagerduty"]
    assert list(sinks(_alert(**differs), settings)) == ["slack"]


def test_first_match_decides_unless_it_goes_on() -> None:
    """Later routes are looked at only when the one that matched says so."""
    assert list(sinks(_alert(), _settings(Route(sinks=("email",)), ALL))) == ["email"]
    assert list(sinks(_alert(), _settings(Route(sinks=("email",), go_on=True), ALL))) == ["email", "slack"]


def test_at_once_wins_over_a_digest() -> None:
    """A sink that two routes name is told by the sooner one."""
    routes = (Route(sinks=("slack",), digest=3600, go_on=True), Route(sinks=("slack",), digest=60, go_on=True))
    assert sinks(_alert(), _settings(*routes)) == {"slack": 60}
    assert sinks(_alert(), _settings(*routes, ALL)) == {"slack": 0}


def test_nothing_falls_through_a_gap() -> None:
    """An alert that no route matches goes to every sink, at once."""
    settings = _settings(Route(severities=(Severity.INFO,), sinks=("slack",)))
    assert sinks(_alert(), settings) == {"pagerduty": 0, "slack": 0, "email": 0}


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        (NINE_TO_FIVE, "2026-11-23T08:00:00+00:00", True),  # 09:00 in Berlin, a Monday
        (NINE_TO_FIVE, "2026-11-23T07:59:59+00:00", False),
        (NINE_TO_FIVE, "2026-11-23T16:00:00+00:00", False),  # the end is not in it
        (NINE_TO_FIVE, "2026-07-20T07:00:00+00:00", True),  # summer time
        (NINE_TO_FIVE, "2026-11-22T12:00:00+00:00", False),  # a Sunday
        (NIGHT, "2026-11-20T21:00:00+00:00", True),  # Friday 22:00
        (NIGHT, "2026-11-21T04:59:00+00:00", True),  # Saturday 05:59, Friday's night
        (NIGHT, "2026-11-20T04:00:00+00:00", False),  # Friday 05:00 is Thursday's night
    ],
)
def test_hours(hours: Hours, at: str, expected: bool) -> None:
    """Hours are those of their zone, and a night belongs to the day on which it began."""
    assert holds(hours, datetime.fromisoformat(at)) is expected


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)))  # noqa: DTZ001 - made aware below
def test_day_and_night_share_out_the_week(at: datetime) -> None:
    """Of two complementary hours over all days exactly one holds at any moment, changes of the clock included."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    day = Hours(days=days, start="07:30", end="19:30", zone="America/New_York")
    night = Hours(days=days, start="19:30", end="07:30", zone="America/New_York")
    moment = at.replace(tzinfo=UTC)
    assert holds(day, moment) is not holds(night, moment)


def test_settings_name_sinks_that_exist() -> None:
    """A route or fallback to a sink that is not there is refused by name."""
    with pytest.raises(ValueError, match="sinks that are not there: pager; there are pagerduty"):
        _settings(Route(sinks=("pager",)))
