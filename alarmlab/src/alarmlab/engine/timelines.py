"""The states of alarms over a stretch of time."""

from collections.abc import Mapping

import numpy as np

from alarmlab.engine import metric_alarm, promql
from alarmlab.engine.judge import ALARM, KEEP, OK, STATES, states_after
from alarmlab.engine.rules import holds
from alarmlab.engine.run import Timeline
from alarmlab.engine.schedule import interval
from alarmlab.engine.source import MetricSource
from alarmlab.engine.warm_up import has_ended
from alarmlab.engine.window import Codes, Moments, moments_between
from alarmlab.model.alarms import CompositeAlarm, MetricAlarm, PromQLAlarm
from alarmlab.model.rules import children_of
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
        if initial is State.ALARM and len(moments):
            # The contributor that put it there is gone since the first evaluation, as far as anybody knows.
            codes[moments < moments[0] + alarm.recovery] = ALARM
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
    moments = np.unique(np.concatenate([[start], *(np.array(child.at, dtype=np.int64) for child in children.values())]))
    found = holds(alarm.rule, lambda name: _codes_at(children[name], moments), len(moments))
    return _timeline(moments, np.where(found, ALARM, OK).astype(np.int8), initial)


def _codes_at(timeline: Timeline, moments: Moments) -> Codes:
    codes = np.array([STATES.index(state) for state in (timeline.initial, *timeline.to)], dtype=np.int8)
    return codes[np.searchsorted(np.array(timeline.at, dtype=np.int64), moments, side="right")]


def _timeline(moments: Moments, states: Codes, initial: State) -> Timeline:
    before = np.concatenate((np.array([STATES.index(initial)], dtype=np.int8), states[:-1]))
    changes = np.flatnonzero(states != before) if len(states) else np.array([], dtype=np.int64)
    return Timeline(
        initial=initial,
        at=tuple(int(moment) for moment in moments[changes]),
        to=tuple(STATES[code] for code in states[changes]),
    )
