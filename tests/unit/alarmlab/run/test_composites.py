"""Composite alarms: their states, and what holds their actions back, compared with a walk through every second."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.run import Timeline, Told
from alarmlab.engine.simulate import simulate
from alarmlab.engine.telling import told
from alarmlab.engine.timelines import composed
from alarmlab.model.alarms import About, Alarm, AlarmSettings, CompositeAlarm, MetricAlarm
from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.model.rules import Rule, parse_rule
from alarmlab.model.states import State
from tests.unit.alarmlab.reference.rules import is_true

OK, ALARM, UNKNOWN = State.OK, State.ALARM, State.INSUFFICIENT_DATA
END = 40


def composite(rule: str = "ALARM(a)", *, suppressor: str = "", wait: int = 0, extension: int = 0) -> CompositeAlarm:
    """A composite alarm that tells somebody of ALARM and of OK."""
    about = About(id="c", name="c", alarm_actions=("page",), ok_actions=("relief",))
    return CompositeAlarm(about=about, rule=parse_rule(rule), suppressor=suppressor, wait=wait, extension=extension)


def timeline(*changes: tuple[int, State], initial: State = OK) -> Timeline:
    """An alarm that goes into these states at these seconds."""
    return Timeline(initial=initial, at=tuple(at for at, _ in changes), to=tuple(state for _, state in changes))


def ran(news: Sequence[Told]) -> list[tuple[int, State]]:
    """When actions ran, and of which state."""
    return [(item.at, item.state) for item in news if not item.held_back_by]


@pytest.mark.parametrize(
    ("alarm", "suppressor", "acted"),
    [
        (timeline((2, ALARM)), timeline(), [(4, ALARM)]),
        (timeline((2, ALARM)), timeline((3, ALARM)), []),
        (timeline((2, ALARM), (3, OK)), timeline(), [(5, OK)]),
        (timeline((2, ALARM)), timeline((1, ALARM)), []),
        (timeline((2, ALARM)), timeline((3, ALARM), (6, OK)), [(9, ALARM)]),
        (timeline((2, ALARM), (7, OK)), timeline((3, ALARM), (6, OK)), [(9, OK)]),
        (timeline((2, ALARM), (8, OK)), timeline((3, ALARM), (6, OK)), [(10, OK)]),
        (timeline((2, ALARM)), timeline(initial=ALARM), []),
        (timeline((2, ALARM)), timeline((4, ALARM)), []),
        (timeline((2, ALARM)), timeline((5, ALARM)), [(4, ALARM)]),
        (timeline((2, ALARM), (4, OK)), timeline(), [(6, OK)]),
        (timeline((2, ALARM)), timeline((2, ALARM), (3, UNKNOWN)), [(6, ALARM)]),
    ],
)
def test_suppressor(alarm: Timeline, suppressor: Timeline, acted: list[tuple[int, State]]) -> None:
    """CloudWatch's six examples to the second; what comes from the start, in the wait's last second and after it."""
    watched = composite(suppressor="s", wait=2, extension=3)
    assert ran(told(watched, alarm, suppressor=suppressor, mute_rules=(), end=END)) == acted


def test_every_transition_has_one_outcome() -> None:
    """What was held back is told as that, once, with the moment of its transition; what ran later with both moments."""
    watched = composite(suppressor="s", wait=2, extension=3)
    news = told(
        watched,
        timeline((2, ALARM), (3, OK), (10, ALARM)),
        suppressor=timeline((11, ALARM), (20, OK)),
        mute_rules=(),
        end=END,
    )
    assert [(item.at, item.changed_at, item.state, item.held_back_by) for item in news] == [
        (2, 2, ALARM, "suppressor"),
        (5, 3, OK, ""),
        (23, 10, ALARM, ""),
    ]


def test_nothing_runs_after_the_end() -> None:
    """A wait that ends with the run has ended, one that ends later counts as held back."""
    watched = composite(suppressor="s", wait=2)
    late = told(watched, timeline((END - 1, ALARM)), suppressor=timeline(), mute_rules=(), end=END)
    assert [(item.at, item.held_back_by) for item in late] == [(END - 1, "suppressor")]
    in_time = told(watched, timeline((END - 2, ALARM)), suppressor=timeline(), mute_rules=(), end=END)
    assert ran(in_time) == [(END, ALARM)]
    at_once = told(composite(suppressor="s"), timeline((END, ALARM)), suppressor=timeline(), mute_rules=(), end=END)
    assert ran(at_once) == [(END, ALARM)]


def test_new_composite_takes_its_state_at_once() -> None:
    """INSUFFICIENT_DATA lasts only until the rule is evaluated, which happens at creation."""
    found = composed(composite("NOT ALARM(a)"), {"a": timeline(initial=UNKNOWN)}, start=7, initial=UNKNOWN)
    assert (found.at, found.to) == ((7,), (ALARM,))


def test_what_changes_in_one_second_changes_at_once() -> None:
    """Two children that swap their states leave the composite alarm as it is."""
    children = {"a": timeline((5, OK), initial=ALARM), "b": timeline((5, ALARM))}
    for rule in ("ALARM(a) OR ALARM(b)", "AT_LEAST(1, ALARM, (a, b))", "NOT (OK(a) AND OK(b))"):
        assert composed(composite(rule), children, start=0, initial=ALARM).at == ()


def test_states_other_than_alarm_count() -> None:
    """A rule may ask for INSUFFICIENT_DATA and OK, and AT_LEAST for what an alarm is not in."""
    children = {"a": timeline((5, UNKNOWN), (9, OK)), "b": timeline((7, ALARM))}
    found = composed(composite("INSUFFICIENT_DATA(a) AND ALARM(b)"), children, start=0, initial=OK)
    assert (found.at, found.to) == ((7, 9), (ALARM, OK))
    found = composed(composite("AT_LEAST(2, NOT OK, (a, b))"), children, start=0, initial=OK)
    assert (found.at, found.to) == ((7, 9), (ALARM, OK))


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """States of an alarm over the seconds up to the end, changing often."""
    initial = draw(st.sampled_from(State))
    at = draw(st.lists(st.integers(1, END), unique=True, max_size=12).map(sorted))
    to = draw(st.lists(st.sampled_from(State), min_size=len(at), max_size=len(at)))
    changes, before = [], initial
    for moment, state in zip(at, to, strict=True):
        if state is not before:
            changes.append((moment, state))
        before = state
    return timeline(*changes, initial=initial)


def seconds(states: Timeline) -> list[State]:
    """The state in each second, found by walking."""
    changes = dict(zip(states.at, states.to, strict=True))
    return list(accumulate(range(1, END + 1), lambda state, second: changes.get(second, state), initial=states.initial))


@settings(deadline=None, max_examples=150)
@given(timelines(), timelines(), st.sampled_from(State))
def test_states_second_by_second(a: Timeline, b: Timeline, initial: State) -> None:
    """In every second after the start the state is what the rule makes of the children's states in that second."""
    walked_a, walked_b = seconds(a), seconds(b)
    rules: dict[str, Callable[[State, State], bool]] = {
        "ALARM(a) AND NOT ALARM(b)": lambda x, y: x is ALARM and y is not ALARM,
        "AT_LEAST(2, ALARM, (a, b)) OR INSUFFICIENT_DATA(b)": lambda x, y: (x is ALARM and y is ALARM) or y is UNKNOWN,
        "OK(a) OR FALSE": lambda x, y: x is OK,
    }
    for rule, holds in rules.items():
        found = composed(composite(rule), {"a": a, "b": b}, start=0, initial=initial)
        wanted = [ALARM if holds(x, y) else OK for x, y in zip(walked_a, walked_b, strict=True)]
        assert [found.state(second) for second in range(END + 1)] == wanted
        assert found.initial is initial
        assert all(x is not y for x, y in zip((initial, *found.to), found.to, strict=False))


def walked(own: Sequence[State], other: Sequence[State], wait: int, extension: int) -> list[tuple[int, State]]:
    """When actions run, told as the page on suppression tells it, second by second.

    In each second the alarm changes first, then the suppressor, and then runs what has become due.

    Args:
        own: the alarm's state in each second.
        other: the suppressor's.
        wait: seconds.
        extension: seconds.
    """
    pending: tuple[int, State] | None = None
    left: int | None = None
    acted = []
    for second in range(1, len(own)):
        if other[second - 1] is ALARM and other[second] is not ALARM:
            left = second
        if own[second] is not own[second - 1]:
            pending = second, own[second]
        if pending is None or other[second] is ALARM:
            continue
        since, state = pending
        if second >= (since + wait if left is None or left < since else left + extension):
            acted.append((second, state))
            pending = None
    return acted


@settings(deadline=None, max_examples=300)
@given(timelines(), timelines(), st.integers(0, 6), st.integers(0, 6))
def test_suppression_second_by_second(states: Timeline, suppressor: Timeline, wait: int, extension: int) -> None:
    """Jumping from event to event runs the same actions in the same seconds as walking through all of them."""
    alarm = composite(suppressor="s", wait=wait, extension=extension)
    acted = walked(seconds(states), seconds(suppressor), wait, extension)
    wanted = [(at, state) for at, state in acted if state is not UNKNOWN]
    assert ran(told(alarm, states, suppressor=suppressor, mute_rules=(), end=END)) == wanted


@settings(deadline=None, max_examples=100)
@given(timelines(), timelines(), st.integers(0, 6), st.integers(0, 6))
def test_no_transition_is_lost(states: Timeline, suppressor: Timeline, wait: int, extension: int) -> None:
    """Each transition into a state with actions has exactly one outcome, and they come in order of time."""
    alarm = composite(suppressor="s", wait=wait, extension=extension)
    news = told(alarm, states, suppressor=suppressor, mute_rules=(), end=END)
    with_actions = [at for at, state in zip(states.at, states.to, strict=True) if state is not UNKNOWN]
    assert sorted(item.changed_at for item in news) == with_actions
    assert [item.at for item in news] == sorted(item.at for item in news)
    assert all(item.at >= item.changed_at for item in news)


MINUTES = 12
minutes = st.lists(st.sampled_from([0.0, 5.0, 5.0, np.nan]), min_size=MINUTES, max_size=MINUTES)
upper = st.sampled_from(["ALARM(A) AND ALARM(B)", "ALARM(A) OR OK(B)", "NOT ALARM(A)", "AT_LEAST(1, ALARM, (A, B))"])
top = st.sampled_from(["ALARM(Upper)", "ALARM(Upper) AND NOT ALARM(B)", "AT_LEAST(2, ALARM, (A, B, Upper))"])
lengths = st.integers(0, 150)


def leaf(name: str) -> MetricAlarm:
    """An alarm on values over 1, with a period of a minute."""
    return MetricAlarm(
        about=About(id=name, name=name, alarm_actions=("page",)),
        settings=AlarmSettings(
            comparison="GreaterThanThreshold", threshold=1, evaluation_periods=1, datapoints_to_alarm=1, period=60
        ),
        queries=(MetricQuery(id="m", metric=MetricId("Test", name), stat="Sum", period=60),),
        returned="m",
    )


@settings(deadline=None, max_examples=100)
@given(
    st.fixed_dictionaries({"A": minutes, "B": minutes}),
    st.fixed_dictionaries({"Upper": upper, "Top": top}).map(lambda texts: {k: parse_rule(v) for k, v in texts.items()}),
    st.sampled_from(["", "A", "B", "Upper"]),
    st.tuples(lengths, lengths),
    st.randoms(),
)
def test_all_alarms_second_by_second(
    values: dict[str, list[float]], rules: dict[str, Rule], by: str, periods: tuple[int, int], random: Random
) -> None:
    """Composite alarms over composite alarms, children that suppress: states and actions as by walking, in any order."""
    wait, extension = periods if by else (0, 0)
    alarms: list[Alarm] = [leaf("A"), leaf("B")]
    for name, rule in rules.items():
        about = About(id=name, name=name, alarm_actions=("page",), ok_actions=("relief",))
        top = CompositeAlarm(about=about, rule=rule, suppressor=by, wait=wait, extension=extension)
        alarms.append(top if name == "Top" else CompositeAlarm(about=about, rule=rule))
    random.shuffle(alarms)
    end = 60 * (MINUTES + 6)
    series = {MetricId("Test", name): SampleSeries.of_values(0, 60, np.array(found)) for name, found in values.items()}
    run = simulate(alarms, Recording(series), start=0, end=end, initial=OK)
    states = {name: [run.timelines[name].state(second) for second in range(end + 1)] for name in values}
    for name in ("Upper", "Top"):
        states[name] = []
        for second in range(end + 1):
            now = {child: found[second] for child, found in states.items() if len(found) > second}
            states[name].append(ALARM if is_true(rules[name], now.__getitem__) else OK)
        assert [run.timelines[name].state(second) for second in range(end + 1)] == states[name]
    acted = walked(states["Top"], states[by] if by else [OK] * (end + 1), wait, extension)
    assert ran([item for item in run.told if item.alarm == "Top"]) == acted
