"""Whom alarms told: actions on transitions, and what holds them back.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules-behaviour.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from alarmlab.engine.muting import muted
from alarmlab.engine.run import Timeline, Told
from alarmlab.engine.suppression import Suppression
from alarmlab.model.alarms import Alarm, CompositeAlarm
from alarmlab.model.mute import MuteRule
from alarmlab.model.states import State

DISABLED, SUPPRESSOR = "disabled", "suppressor"


def actions_of(alarm: Alarm) -> Mapping[State, tuple[str, ...]]:
    """What the alarm runs when it goes into each state."""
    about = alarm.about
    return {
        State.ALARM: about.alarm_actions,
        State.OK: about.ok_actions,
        State.INSUFFICIENT_DATA: about.insufficient_data_actions,
    }


def told(
    alarm: Alarm, timeline: Timeline, *, suppressor: Timeline | None, mute_rules: Sequence[MuteRule], end: int
) -> list[Told]:
    """What became of the actions of each transition, in order of time: they ran, now or later, or were held back.

    Args:
        alarm: the alarm.
        timeline: its states.
        suppressor: the states of its suppressor, None without one.
        mute_rules: those that mute it.
        end: Unix second; nothing runs after it.
    """
    if suppressor is not None and isinstance(alarm, CompositeAlarm):
        news = [item for item in _suppressed(alarm, timeline, suppressor, end) if item.targets]
    else:
        news = [item for item in _news(alarm, timeline) if item.targets]
    if not alarm.about.actions_enabled:
        news = [replace(item, at=item.changed_at, held_back_by=DISABLED) for item in news]
    held_back = [item for item in news if item.held_back_by]
    ran = [item for item in news if not item.held_back_by]
    if mute_rules:
        ran = list(muted(ran, timeline, mute_rules, end=end))
    return sorted(held_back + ran, key=lambda item: item.at)


def _news(alarm: Alarm, timeline: Timeline) -> Iterator[Told]:
    """The actions of each transition, as if nothing held them back."""
    id, actions = alarm.about.id, actions_of(alarm)
    for at, state in zip(timeline.at, timeline.to, strict=True):
        yield Told(at=at, alarm=id, state=state, changed_at=at, targets=actions[state])


def _suppressed(alarm: CompositeAlarm, timeline: Timeline, suppressor: Timeline, end: int) -> Iterator[Told]:
    step = Suppression(
        wait=alarm.wait, extension=alarm.extension, suppressor_in_alarm=suppressor.initial is State.ALARM
    )
    changes = {item.at: item for item in _news(alarm, timeline)}
    of_suppressor = dict(zip(suppressor.at, suppressor.to, strict=True))
    pending: Told | None = None
    for moment in sorted({*changes, *of_suppressor}):
        if pending is not None and step.due(moment - 1):
            yield replace(pending, at=int(step.until or moment))
            step, pending = step.acted(), None
        if moment in changes:
            if pending is not None:
                yield replace(pending, held_back_by=SUPPRESSOR)
            step, pending = step.changed(moment), changes[moment]
        if moment in of_suppressor:
            step = step.suppressor(moment, in_alarm=of_suppressor[moment] is State.ALARM)
        # Last: the page has a wait of 60 s cover a suppressor that changes "within 60 seconds".
        if pending is not None and step.due(moment):
            yield replace(pending, at=moment)
            step, pending = step.acted(), None
    if pending is not None and step.due(end):
        yield replace(pending, at=int(step.until or end))
    elif pending is not None:
        yield replace(pending, held_back_by=SUPPRESSOR)
