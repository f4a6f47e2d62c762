"""Alarms over a stretch of time: what states they are in, and whom they tell."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from alarmlab.engine.dry_run import named
from alarmlab.engine.rules import is_true
from alarmlab.engine.run import Run, Timeline, Told
from alarmlab.engine.source import MetricSource
from alarmlab.engine.telling import told
from alarmlab.engine.timelines import composed, evaluated
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, CompositeAlarm, MetricAlarm, PromQLAlarm
from alarmlab.model.family import in_order
from alarmlab.model.mute import MuteRule
from alarmlab.model.states import State


def simulate(
    alarms: Sequence[Alarm],
    source: MetricSource,
    *,
    start: int,
    end: int,
    initial: State = State.INSUFFICIENT_DATA,
    mute_rules: Sequence[MuteRule] = (),
    evaluation_range: int | None = None,
) -> Run:
    """The states of alarms between two moments, and their actions.

    An alarm whose initial state is INSUFFICIENT_DATA is new at `start`: its warm-up begins, a PromQL alarm is OK, and a
    composite alarm takes the state of its rule at once, running that state's actions. With another initial state a
    composite alarm begins with what its rule makes of its children's.

    Args:
        alarms: with all that composite alarms look at.
        source: where metrics are read.
        start: Unix second; the first evaluation is at the first multiple of an alarm's interval after it.
        end: Unix second, the last at which something happens.
        initial: the state at `start`.
        mute_rules: with the ids of the alarms that they mute.
        evaluation_range: how many periods evaluations look at; None for what each alarm says.

    Raises:
        InputError: an alarm looks at one that is not there; its metrics cannot be read as it asks.
        UnsupportedError: an alarm needs what is not evaluated here.
    """
    timelines: dict[str, Timeline] = {}
    news: list[Told] = []
    for alarm in in_order(alarms):
        id = alarm.about.id
        before = _initial(alarm, initial, timelines)
        try:
            if isinstance(alarm, CompositeAlarm):
                timelines[id] = composed(alarm, timelines, start=start, initial=before)
            else:
                looking = _looking_at(alarm, evaluation_range)
                timelines[id] = evaluated(looking, source, start=start, end=end, initial=before)
        except InputError as error:
            raise named(error, alarm) from error
        news += told(
            alarm,
            timelines[id],
            suppressor=timelines[alarm.suppressor] if isinstance(alarm, CompositeAlarm) and alarm.suppressor else None,
            mute_rules=[rule for rule in mute_rules if id in rule.alarms],
            end=end,
        )
    return Run(start=start, end=end, timelines=timelines, told=tuple(sorted(news, key=lambda item: item.at)))


def _initial(alarm: Alarm, initial: State, timelines: Mapping[str, Timeline]) -> State:
    if initial is State.INSUFFICIENT_DATA:
        return State.OK if isinstance(alarm, PromQLAlarm) else initial
    if isinstance(alarm, CompositeAlarm):
        return State.ALARM if is_true(alarm.rule, lambda name: timelines[name].initial) else State.OK
    return initial


def _looking_at(alarm: MetricAlarm | PromQLAlarm, evaluation_range: int | None) -> MetricAlarm | PromQLAlarm:
    if evaluation_range is None or isinstance(alarm, PromQLAlarm):
        return alarm
    return replace(alarm, settings=replace(alarm.settings, evaluation_range=evaluation_range))
