"""Alarms in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass

from alarmlab.explain.dead_time import DeadTime
from alarmlab.explain.quantities import compared
from alarmlab.explain.units import duration, number, quantity
from alarmlab.model.alarms import About, Alarm, AlarmSettings, CompositeAlarm, MetricAlarm, PromQLAlarm
from alarmlab.model.bands import band_of_alarm
from alarmlab.model.labels import severity_of
from alarmlab.model.rules import AtLeast, Both, Constant, Either, InState, Not, Rule
from alarmlab.model.states import Missing, State

_COMPARISONS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at least",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at most",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside",
    "LessThanLowerThreshold": "below",
    "GreaterThanUpperThreshold": "above",
}
_MISSING = {
    Missing.MISSING: "Minutes without data do not count; without any, the state is INSUFFICIENT_DATA.",
    Missing.IGNORE: "Without data the state stays as it is.",
    Missing.BREACHING: "No data counts as a breach.",
    Missing.NOT_BREACHING: "No data counts as fine.",
}
_STATES = {State.ALARM: "is in ALARM", State.OK: "is OK", State.INSUFFICIENT_DATA: "has no data"}


@dataclass(frozen=True, kw_only=True)
class Words:
    """What an alarm does.

    Args:
        when: when it goes off, and what else decides it.
        timing: how soon it fires, and ends.
        tells: whom it tells.
    """

    when: str
    timing: str
    tells: str


def words(alarm: Alarm, alarms: Mapping[str, Alarm], dead_time: DeadTime) -> Words:
    """What an alarm does.

    Args:
        alarm: the alarm.
        alarms: by id, for those that a composite alarm looks at.
        dead_time: how soon it fires, and ends.
    """
    match alarm:
        case MetricAlarm():
            when = _metric(alarm)
        case PromQLAlarm():
            when = _promql(alarm)
        case CompositeAlarm():
            when = _composite(alarm, alarms)
    severity = severity_of(alarm)
    verb = "Pages" if alarm.about.alarm_actions and alarm.about.actions_enabled else "Tells nobody"
    return Words(
        when=f"{verb}{f' ({severity})' if severity else ''} when {when}",
        timing=_timing(alarm, dead_time),
        tells=_tells(alarm.about),
    )


def _metric(alarm: MetricAlarm) -> str:
    settings = alarm.settings
    what = compared(alarm)
    if settings.threshold is None:
        width = number(band_of_alarm(alarm)[1])
        limit = f"the band that CloudWatch learns from the past ({width} standard deviations wide each way)"
    else:
        limit = quantity(settings.threshold, what.unit)
    comma = "," if ", " in what.words and not what.words.endswith(",") else ""
    sentences = [f"{what.words}{comma} is {_COMPARISONS[settings.comparison]} {limit} {_how_often(settings)}."]
    sentences.append(_MISSING[settings.missing].replace("Minutes", _periods(settings, 2).split(" ", 1)[1].capitalize()))
    if settings.low_sample_ignore:
        sentences.append("A percentile of too few samples changes nothing.")
    if settings.wall_clock:
        sentences.append("Periods are those of the clock (UTC), looked at when they are over.")
    if alarm.warm_up is not None:
        how_long = duration(alarm.warm_up.minutes * 60)
        sentences.append(
            f"A new one is silent for {how_long}."
            if alarm.warm_up.whole
            else f"A new one waits for its first data, {how_long} at most."
        )
    return " ".join(sentences)


def _how_often(settings: AlarmSettings) -> str:
    needed, periods = settings.datapoints_to_alarm, settings.evaluation_periods
    if periods == 1:
        return "in any one minute" if settings.period == 60 else f"in any {duration(settings.period)}"
    if needed == periods:
        return f"in {_periods(settings, periods)} in a row"
    return f"in {needed} of the last {_periods(settings, periods)}"


def _periods(settings: AlarmSettings, count: int) -> str:
    if settings.period == 60:
        return f"{count} minutes"
    return f"{count} periods of {duration(settings.period)}"


def _promql(alarm: PromQLAlarm) -> str:
    pending = f" for {duration(alarm.pending)}" if alarm.pending else ""
    ends = f", until it has been gone for {duration(alarm.recovery)}" if alarm.recovery else ""
    return (
        f"`{alarm.query}` returns a series{pending}{ends}. Each series counts for itself; it is looked at every "
        f"{duration(alarm.interval)}."
    )


def _composite(alarm: CompositeAlarm, alarms: Mapping[str, Alarm]) -> str:
    sentence = f"{_rule(alarm.rule, alarms)}."
    if not alarm.suppressor:
        return sentence
    name = _name(alarm.suppressor, alarms)
    return (
        f"{sentence} Held back while {name} is in ALARM: it waits {duration(alarm.wait)} for that, and stays silent for "
        f"{duration(alarm.extension)} after it."
    )


def _rule(rule: Rule, alarms: Mapping[str, Alarm], *, inside: bool = False) -> str:
    match rule:
        case Constant(value):
            return "always" if value else "never"
        case InState(state, name):
            return f"{_name(name, alarms)} {_STATES[state]}"
        case Not(InState(State.ALARM, name)):
            return f"{_name(name, alarms)} is not in ALARM"
        case Not(operand):
            return f"not ({_rule(operand, alarms)})"
        case Both(left, right):
            text = f"{_rule(left, alarms, inside=True)} and {_rule(right, alarms, inside=True)}"
        case Either(left, right):
            text = f"{_rule(left, alarms, inside=True)} or {_rule(right, alarms, inside=True)}"
        case AtLeast(count, state, names, negated):
            which = f"{'not ' if negated else ''}in {state}"
            return f"at least {count} of {', '.join(_name(name, alarms) for name in names)} are {which}"
    return f"({text})" if inside else text


def _name(id: str, alarms: Mapping[str, Alarm]) -> str:
    return alarms[id].about.name if id in alarms else id


def _timing(alarm: Alarm, dead_time: DeadTime) -> str:
    if dead_time.fires is None:
        return "Can never fire."
    parts = [f"Fires at the earliest {duration(dead_time.fires)} after the value turns bad"]
    if dead_time.fires_mild not in (None, dead_time.fires):
        parts.append(f"({duration(dead_time.fires_mild or 0)} where a part of a period is not enough)")
    if dead_time.silent is not None:
        parts.append(f"and {duration(dead_time.silent)} after data stops")
    text = " ".join(parts)
    if dead_time.clears is not None:
        text += f"; ends at the earliest {duration(dead_time.clears)} after it is good again"
    if isinstance(alarm, CompositeAlarm) and alarm.wait:
        text += f"; its actions wait {duration(alarm.wait)} longer for the suppressor"
    return f"{text}."


def _tells(about: About) -> str:
    if not about.actions_enabled:
        return "Its actions are disabled."
    actions = (
        ("ALARM", about.alarm_actions),
        ("OK", about.ok_actions),
        ("INSUFFICIENT_DATA", about.insufficient_data_actions),
    )
    by_target: dict[str, list[str]] = {}
    for state, targets in actions:
        for target in targets:
            by_target.setdefault(_target(target), []).append(state)
    if not by_target:
        return "Has no actions."
    return "Tells " + ", ".join(f"{target} of {' and '.join(states)}" for target, states in by_target.items()) + "."


def _target(action: str) -> str:
    """The name of what an action is: the topic's, or the action's."""
    if action.startswith("${"):
        return action[2:].removesuffix("}")
    return action.rsplit(":", 1)[-1] or action
