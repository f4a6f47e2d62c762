"""Whom alarms told: actions on transitions, and what holds them back.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules-behaviour.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from alarmlab.engine.muting import muted
from alarmlab.engine.run import Timeline, Told
from alarmlab.engine.suppression import Suppression
from alarmlab.model.alarms import Alarm, CompositeAlarm
from alarmlab.model.mute import MuteRule
from alarmlab.model.states import State

DISABLED, SUPPRESSOR = "disabled", "suppressor"


def actions_for(alarm: Alarm, state: State) -> tuple[str, ...]:
    """What the alarm runs when it goes into `state`."""
    match state:
        case State.ALARM:
            return alarm.about.alarm_actions
        case State.OK:
            return alarm.about.ok_actions
        case State.INSUFFICIENT_DATA:
            return alarm.about.insufficient_data_actions


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
        news = list(_suppressed(alarm, timeline, suppressor, end))
    else:
        news = [_news(alarm, at, state) for at, state in zip(timeline.at, timeline.to, strict=True)]
    news = [item for item in news if item.targets]
    if not alarm.about.actions_enabled:
        news = [replace(item, at=item.changed_at, held_back_by=DISABLED) for item in news]
    held_back = [item for item in news if item.held_back_by]
    ran = list(muted([item for item in news if not item.held_back_by], timeline, mute_rules, end=end))
    return sorted(held_back + ran, key=lambda item: item.at)


def _news(alarm: Alarm, at: int, state: State) -> Told:
    return Told(at=at, alarm=alarm.about.id, state=state, changed_at=at, targets=actions_for(alarm, state))


def _suppressed(alarm: CompositeAlarm, timeline: Timeline, suppressor: Timeline, end: int) -> Iterator[Told]:
    step = Suppression(
        wait=alarm.wait, extension=alarm.extension, suppressor_in_alarm=suppressor.initial is State.ALARM
    )
    changes = dict(zip(timeline.at, timeline.to, strict=True))
    of_suppressor = dict(zip(suppressor.at, suppressor.to, strict=True))
    pending: Told | None = None
    for moment in sorted({*changes, *of_suppressor}):
        if pending is not None and step.due(moment - 1):
            yield replace(pending, at=int(step.until or moment))
            step, pending = step.acted(), None
        if moment in changes:
            if pending is not None:
                yield replace(pending, held_back_by=SUPPRESSOR)
            step, pending = step.changed(moment), _news(alarm, moment, changes[moment])
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
