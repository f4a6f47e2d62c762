"""Mute rules: when they are in force, and what becomes of the actions that they hold back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alarmlab.engine.run import Timeline, Told
from alarmlab.engine.telling import told
from alarmlab.errors import InputError
from alarmlab.model.alarms import About, AlarmSettings, MetricAlarm
from alarmlab.model.mute import MuteRule, read_mute_rule
from alarmlab.model.states import State

OK, ALARM = State.OK, State.ALARM
MINUTE, HOUR = 60, 3600
MONDAY = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())


def rule(expression: str, duration: str = "PT1H", **members: Any) -> MuteRule:
    """A rule on the alarm `a`."""
    schedule = {"Expression": expression, "Duration": duration}
    if "Timezone" in members:
        schedule["Timezone"] = members.pop("Timezone")
    properties = {"Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["a"]}, **members}
    return read_mute_rule(properties, id="r")


@pytest.mark.parametrize(
    ("expression", "moment", "muted"),
    [
        ("cron(0 2 * * *)", 2 * HOUR, True),
        ("cron(0 2 * * *)", 3 * HOUR - 1, True),
        ("cron(0 2 * * *)", 3 * HOUR, False),
        ("cron(30 23 * * MON)", 24 * HOUR + 29 * MINUTE, True),
        ("cron(0 2 * * TUE-SUN)", 2 * HOUR, False),
        ("cron(0 2 * * SUN-MON)", 2 * HOUR, True),
        ("cron(*/30 * * * *)", 30 * MINUTE, True),
        ("cron(20-40/10 2 * * *)", 2 * HOUR, False),
        ("cron(0 2 24 * MON)", 2 * HOUR, True),
        ("cron(0 2 24 * *)", 2 * HOUR, False),
        ("cron(0 2 * NOV,DEC 1)", 2 * HOUR, True),
        ("cron(0 2 * JAN 1)", 2 * HOUR, False),
        ("at(2026-11-23T02:00)", 2 * HOUR + 59 * MINUTE, True),
        ("at(2026-11-23T02:00)", 26 * HOUR, False),
    ],
)
def test_windows(expression: str, moment: int, muted: bool) -> None:
    """A window begins when the expression matches, lasts for its duration, also past midnight, and its end is not in it."""
    assert (rule(expression).until(MONDAY + moment) is not None) is muted


def test_windows_follow_the_clock_of_their_zone() -> None:
    """Two o'clock in Berlin is one o'clock UTC in winter and midnight in summer."""
    berlin = rule("cron(0 2 * * *)", Timezone="Europe/Berlin")
    summer = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp())
    assert berlin.until(MONDAY + HOUR) == MONDAY + 2 * HOUR
    assert berlin.until(summer) == summer + HOUR


def test_dates_bound_the_windows() -> None:
    """Nothing is muted before StartDate; ExpireDate cuts a window short."""
    bounded = rule("cron(0 * * * *)", StartDate="2026-11-23T02:10:00", ExpireDate="2026-11-23T03:20:00Z")
    assert bounded.until(MONDAY + 2 * HOUR) is None
    assert bounded.until(MONDAY + 3 * HOUR) == MONDAY + 3 * HOUR + 20 * MINUTE
    assert not bounded.is_expired(MONDAY + 3 * HOUR)
    assert bounded.is_expired(MONDAY + 3 * HOUR + 20 * MINUTE)


@pytest.mark.parametrize(
    ("expression", "duration", "members", "problem"),
    [
        ("rate(5 minutes)", "PT1H", {}, "neither cron"),
        ("cron(0 2 * *)", "PT1H", {}, "has 4 fields; it needs 5"),
        ("cron(0 25 * * *)", "PT1H", {}, "'25' is no hour"),
        ("cron(*/0 2 * * *)", "PT1H", {}, "'\\*/0' is no minute"),
        ("cron(0 2 * * MOON)", "PT1H", {}, "'MOON' is no day of week"),
        ("at(tomorrow)", "PT1H", {}, "Expression: 'tomorrow' is no date"),
        ("at(2026-11-23T02:00)", "1 hour", {}, "Duration: '1 hour' is not between PT1M and P15D"),
        ("at(2026-11-23T02:00)", "P16D", {}, "Duration: 'P16D' is not between"),
        ("at(2026-11-23T02:00)", "PT1H", {"Timezone": "Mars/Olympus"}, "Timezone: 'Mars/Olympus' is not known"),
        ("at(2026-11-23T02:00)", "PT1H", {"StartDate": "soon"}, "StartDate: 'soon' is no date"),
    ],
)
def test_bad_rules_say_what_is_wrong(expression: str, duration: str, members: dict[str, Any], problem: str) -> None:
    """One line with the rule, the member, its value and the fix."""
    with pytest.raises(InputError, match=problem) as caught:
        rule(expression, duration, **members)
    assert "mute rule 'r'" in str(caught.value)


def news(*changes: tuple[int, State], rules: list[MuteRule], initial: State = OK, relief: bool = True) -> list[Told]:
    """What an alarm tells that goes into these states so many minutes after Monday began."""
    alarm = MetricAlarm(
        about=About(id="a", name="a", alarm_actions=("page",), ok_actions=("relief",) if relief else ()),
        settings=AlarmSettings(
            comparison="LessThanThreshold", threshold=1, evaluation_periods=1, datapoints_to_alarm=1, period=60
        ),
        queries=(),
        returned="m",
    )
    timeline = Timeline(
        initial=initial,
        at=tuple(MONDAY + at * MINUTE for at, _ in changes),
        to=tuple(state for _, state in changes),
    )
    return told(alarm, timeline, suppressor=None, mute_rules=rules, end=MONDAY + 24 * HOUR)


def minutes(found: list[Told]) -> list[tuple[int, State, str]]:
    """When, what, and what held it back."""
    return [((item.at - MONDAY) // MINUTE, item.state, item.held_back_by) for item in found]


TWO = rule("cron(0 2 * * *)")
HALF_PAST_TWO = rule("cron(30 2 * * *)")


def test_back_to_ok_within_the_window() -> None:
    """The page's first scenario: what began and ended in the window tells nobody, then or later."""
    assert minutes(news((130, ALARM), (140, OK), rules=[TWO])) == [(130, ALARM, "mute"), (140, OK, "mute")]


def test_still_in_alarm_when_the_window_ends() -> None:
    """The page's second scenario: the actions of a state that lasts run when the window ends."""
    found = news((130, ALARM), (200, OK), rules=[TWO])
    assert minutes(found) == [(180, ALARM, ""), (200, OK, "")]
    assert found[0].changed_at == MONDAY + 130 * MINUTE


def test_windows_that_overlap_end_together() -> None:
    """The page's third scenario: while one of several rules is in force, actions wait."""
    assert minutes(news((130, ALARM), rules=[TWO, HALF_PAST_TWO])) == [(210, ALARM, "")]
    assert minutes(news((130, ALARM), (195, OK), rules=[TWO, HALF_PAST_TWO])) == [
        (130, ALARM, "mute"),
        (195, OK, "mute"),
    ]


def test_in_alarm_before_the_window() -> None:
    """Only transitions are muted: an alarm that fired before says nothing when the window ends."""
    assert minutes(news((100, ALARM), rules=[TWO])) == [(100, ALARM, "")]


def test_back_in_the_state_that_was_muted_first() -> None:
    """An alarm that comes and goes in the window, and is there at the end, tells so once, with its last transition."""
    found = news((130, ALARM), (140, OK), (150, ALARM), rules=[TWO])
    assert minutes(found) == [(130, ALARM, "mute"), (140, OK, "mute"), (180, ALARM, "")]
    assert found[-1].changed_at == MONDAY + 150 * MINUTE


def test_a_state_without_actions_is_not_muted() -> None:
    """Where nobody is told of OK, the first muted state is the ALARM after it, and its page is not lost."""
    found = news((130, OK), (140, ALARM), rules=[TWO], initial=ALARM, relief=False)
    assert minutes(found) == [(180, ALARM, "")]


def test_window_open_at_the_end() -> None:
    """What a window holds back beyond the end of the run stays held back."""
    assert minutes(news((1430, ALARM), rules=[rule("cron(50 23 * * *)")])) == [(1430, ALARM, "mute")]
