"""The states of alarms over a stretch of time."""

from collections.abc import Mapping

import numpy as np

from alarmlab.engine import metric_alarm, promql
from alarmlab.engine.judge import KEEP, STATES, states_after
from alarmlab.engine.run import Timeline
from alarmlab.engine.schedule import interval
from alarmlab.engine.source import MetricSource
from alarmlab.engine.warm_up import has_ended
from alarmlab.engine.window import Codes, Moments, moments_between
from alarmlab.model.alarms import CompositeAlarm, MetricAlarm, PromQLAlarm
from alarmlab.model.rules import children_of, is_true
from alarmlab.model.states import State


def evaluated(
    alarm: MetricAlarm | PromQLAlarm, source: MetricSource, *, start: int, end: int, initial: State
) -> Timeline:
    """The states of an alarm that looks at metrics.

    Args:
        alarm: the alarm; when its initial state is INSUFFICIENT_DATA it is new at `start`, and its warm-up begins.
        source: where metrics are read.
        start: Unix second before the first evaluation.
        end: Unix second of the last one.
        initial: the state at `start`.
    """
    moments = moments_between(start, end, interval(alarm))
    if isinstance(alarm, PromQLAlarm):
        codes = promql.codes(alarm, source, moments)
    else:
        codes = metric_alarm.codes(alarm, source, moments)
        if alarm.warm_up is not None and initial is State.INSUFFICIENT_DATA:
            codes = np.where(has_ended(alarm, source, moments, created=start), codes, np.int8(KEEP))
    return _timeline(moments, states_after(codes, initial), initial)


def composed(alarm: CompositeAlarm, timelines: Mapping[str, Timeline], *, start: int, initial: State) -> Timeline:
    """The states of a composite alarm: those of its rule, evaluated at `start` and whenever a child changes.

    What changes in one second changes at once, so that children that swap their states are no news.

    Args:
        alarm: the alarm.
        timelines: of its children, by id.
        start: Unix second; a change then is that of a new alarm, which leaves INSUFFICIENT_DATA at once.
        initial: the state before.
    """
    children = {name: timelines[name] for name in children_of(alarm.rule)}
    state, at, to = initial, list[int](), list[State]()
    for moment in sorted({start, *(moment for child in children.values() for moment in child.at)}):
        found = rule_state(alarm, {name: child.state(moment) for name, child in children.items()})
        if found is not state:
            state = found
            at.append(moment)
            to.append(state)
    return Timeline(initial=initial, at=tuple(at), to=tuple(to))


def rule_state(alarm: CompositeAlarm, states: Mapping[str, State]) -> State:
    """The state that the rule comes to, given those of the children by id."""
    return State.ALARM if is_true(alarm.rule, states.__getitem__) else State.OK


def _timeline(moments: Moments, states: Codes, initial: State) -> Timeline:
    before = np.concatenate((np.array([STATES.index(initial)], dtype=np.int8), states[:-1]))
    changes = np.flatnonzero(states != before) if len(states) else np.array([], dtype=np.int64)
    return Timeline(
        initial=initial,
        at=tuple(int(moment) for moment in moments[changes]),
        to=tuple(STATES[code] for code in states[changes]),
    )
