"""How soon an alarm can fire after trouble begins, and how soon it ends after the trouble does.

Of metric alarms by simulation: the alarm's own settings are evaluated by the engine on a metric that steps from fine to
breaching, and back, whatever the expression. Of composite and PromQL alarms by formula, from their children and their
periods.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from alarmlab.engine import metric_alarm
from alarmlab.engine.judge import ALARM, OK, states_after
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.window import Codes, Floats, moments_between
from alarmlab.explain.known import known
from alarmlab.model.alarms import About, Alarm, AlarmSettings, CompositeAlarm, MetricAlarm, PromQLAlarm
from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.model.rules import AtLeast, Both, Constant, Either, InState, Rule, children_of
from alarmlab.model.states import Missing, State

_METRIC = MetricId("alarmlab", "Step")
_STEP = 60


@dataclass(frozen=True, kw_only=True)
class DeadTime:
    """Seconds, at best: None where it never happens, or cannot be told.

    Args:
        fires: after trouble begins that shows in a single datapoint.
        fires_mild: after trouble begins that shows only in a period that is full of it.
        silent: after the metric stops coming; None where that is no alarm.
        clears: after the trouble ends.
    """

    fires: int | None
    fires_mild: int | None
    silent: int | None = None
    clears: int | None = None


def dead_time(alarm: Alarm, alarms: Mapping[str, Alarm]) -> DeadTime:
    """How soon an alarm can fire, and end.

    Args:
        alarm: the alarm.
        alarms: by id, for the children of composite alarms.
    """
    match alarm:
        case MetricAlarm():
            resolutions = [known(query.metric).resolution for query in alarm.queries if query.metric is not None]
            step = min(alarm.settings.period, max(resolutions, default=_STEP), _STEP)
            return _of_settings(replace(alarm.settings, low_sample_ignore=False), step)
        case PromQLAlarm(pending=pending, recovery=recovery, interval=interval):
            fires, clears = (_STEP + -(-seconds // interval) * interval for seconds in (pending, recovery))
            return DeadTime(fires=fires, fires_mild=fires, clears=clears)
        case CompositeAlarm(rule=rule):
            parts = {name: dead_time(alarms[name], alarms) for name in children_of(rule) if name in alarms}
            return DeadTime(
                fires=_when(rule, {name: part.fires for name, part in parts.items()}),
                fires_mild=_when(rule, {name: part.fires_mild for name, part in parts.items()}),
                silent=_when(rule, {name: part.silent for name, part in parts.items()}),
                clears=_when(_opposite(rule), {name: part.clears for name, part in parts.items()}),
            )


@lru_cache(maxsize=1024)
def _of_settings(settings: AlarmSettings, step: int) -> DeadTime:
    down = settings.comparison.startswith("LessThan") and settings.threshold is not None
    # A part of a period is enough, except where the rest of it keeps the statistic on the good side.
    needs_all = settings.stat in ("Maximum", "SampleCount", "Sum") if down else settings.stat == "Minimum"
    fires, clears = _first(settings, step, "Minimum" if needs_all else "Maximum", 1.0)
    mild, _ = _first(settings, step, "Minimum", 1.0)
    silent = _first(settings, step, "Maximum", np.nan)[0] if settings.missing is Missing.BREACHING else None
    return DeadTime(fires=fires, fires_mild=mild, silent=silent, clears=clears)


def _first(settings: AlarmSettings, step: int, stat: str, trouble: float) -> tuple[int | None, int | None]:
    """How soon the alarm is in ALARM after `trouble` begins, and out of it after it ends, at the best moment for each."""
    probe = replace(settings, comparison="GreaterThanThreshold", threshold=0.5)
    alarm = MetricAlarm(
        about=About(id="probe", name="probe"),
        settings=probe,
        queries=(MetricQuery(id="m", metric=_METRIC, stat=stat, period=settings.period),),
        returned="m",
    )
    span = settings.period * (settings.periods_looked_at + 2) + settings.interval
    # Time begins at a whole week, so that the clock's periods do; trouble may begin and end anywhere within one.
    begin = -(-span // 604_800) * 604_800
    cycle = max(settings.interval, settings.period if settings.wall_clock else 0)
    offsets = sorted({0, max(0, cycle - step), max(0, settings.interval - step)})
    fires, clears = [], []
    for offset in offsets:
        at = begin + offset
        length = -(-span // step) * step
        values: Floats = np.concatenate(
            [np.zeros(span // step), np.full(length // step, trouble), np.zeros(length // step)]
        )
        source = Recording({_METRIC: SampleSeries.of_values(at - span // step * step, step, values)})
        moments = moments_between(at - 1, at + 2 * length, settings.interval)
        states: Codes = states_after(metric_alarm.codes(alarm, source, moments), State.OK)
        fires += [int(found) - at for found in moments[(states == ALARM) & (moments > at)][:1]]
        ended = moments >= at + length
        if (states[~ended] == ALARM).any():
            clears += [int(found) - at - length for found in moments[ended & (states == OK)][:1]]
    return min(fires, default=None), min(clears, default=None)


def _opposite(rule: Rule) -> Rule:
    """What has to come true for `rule` to be over, with ALARM standing for a child that is over."""
    match rule:
        case Both(left, right):
            return Either(_opposite(left), _opposite(right))
        case Either(left, right):
            return Both(_opposite(left), _opposite(right))
        case AtLeast(count, state, names, negated):
            return AtLeast(len(names) - count + 1, state, names, negated)
        case _:
            return rule


def _when(rule: Rule, times: Mapping[str, int | None]) -> int | None:
    """When a rule comes true at the earliest, given when each child goes into ALARM; what needs none is true already."""
    match rule:
        case InState(State.ALARM, name):
            return times.get(name)
        case Both(left, right):
            return _latest([_when(left, times), _when(right, times)])
        case Either(left, right):
            return _earliest([_when(left, times), _when(right, times)])
        case AtLeast(count, State.ALARM, names, False):
            known_times = sorted(time for name in names if (time := times.get(name)) is not None)
            return known_times[count - 1] if len(known_times) >= count else None
        case Constant(value=False):
            return None
        case _:
            return 0


def _latest(times: list[int | None]) -> int | None:
    return None if None in times else _of(max, times)


def _earliest(times: list[int | None]) -> int | None:
    return _of(min, times)


def _of(choose: Callable[[list[int]], int], times: list[int | None]) -> int | None:
    found = [time for time in times if time is not None]
    return choose(found) if found else None
