"""Settings of an alarm that meet an objective.

For each M of N the tightest threshold (or the narrowest band) that the objective allows is looked for in ever longer strides,
then between them: what is proposed has been run. Beside them, for an alarm on one metric, the policies of `alarmlab.policies`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from alarmlab import policies
from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.alarms import Alarm, MetricAlarm
from alarmlab.model.read import ALARM, read_alarm
from alarmlab.tune.levels import level_of, levels_of, properties_of, widths, with_level
from alarmlab.tune.trial import Option, Trial

_M_OF_N = ((1, 1), (2, 2), (2, 3), (3, 3), (3, 5), (5, 5))


def tunable(alarm: Alarm) -> MetricAlarm:
    """The alarm, when there is something to tune about it.

    Raises:
        UnsupportedError: it has no threshold and no band.
    """
    if not isinstance(alarm, MetricAlarm):
        raise UnsupportedError(
            f"alarm {alarm.about.id!r}: only alarms with a threshold or a band can be tuned, name one"
        )
    return alarm


def options(alarm: MetricAlarm, trial: Trial) -> Iterator[Option]:
    """The alarm as it is, then what the objective allows: its own kind for each M of N, then other policies.

    Raises:
        InputError: it cannot be evaluated on what was recorded.
    """
    if not any(query.metric in case.shelf.series for case in trial.cases for query in alarm.queries if query.metric):
        read = "; ".join(dict.fromkeys(str(query.metric) for query in alarm.queries if query.metric))
        raise InputError(f"alarm {alarm.about.id!r}: it reads {read or 'no metric'}, which was not recorded")
    yield trial.option("as it is", [alarm], {}, level=level_of(alarm))
    levels = levels_of(alarm, trial.cases)
    for needed, periods in dict.fromkeys((_now(alarm), *_M_OF_N)):
        if periods * alarm.settings.period <= (
            policies.DAY if alarm.settings.period < policies.HOUR else policies.WEEK
        ):
            yield from _tightest(alarm, trial, levels, needed, periods)
    if len(alarm.queries) == 1 and alarm.queries[0].metric is not None:
        yield from _policies(alarm, trial)


def best(found: Sequence[Option]) -> Option | None:
    """Of what is allowed: the one that catches most labelled windows, with the fewest false alarms.

    Among equals the alarm's own M of N stays: a single datapoint is sooner on any recording, and wrong on the next. So it does
    where nothing is labelled, and nothing says what another M of N or policy would miss.
    """
    now, *others = found
    allowed = [option for option in others if option.is_allowed]
    if not now.outcome.windows:
        return next((option for option in allowed if _is_alike(option, now)), None)

    return max(allowed, key=lambda option: (*_worth(option), _is_alike(option, now), -_delay(option)), default=None)


def _worth(option: Option) -> tuple[float, ...]:
    return option.outcome.caught, -option.outcome.false


def _delay(option: Option) -> float:
    return option.outcome.delay or 0.0


def _sooner(option: Option) -> tuple[float, ...]:
    return *_worth(option), -_delay(option)


def _is_alike(one: Option, other: Option) -> bool:
    return (one.datapoints, one.periods) == (other.datapoints, other.periods)


def _now(alarm: MetricAlarm) -> tuple[int, int]:
    return alarm.settings.datapoints_to_alarm, alarm.settings.evaluation_periods


def _tightest(alarm: MetricAlarm, trial: Trial, levels: Sequence[float], needed: int, periods: int) -> Iterator[Option]:
    """The tightest of `levels`, which begin with the laxest, up to which all are allowed; with labels the best of these."""

    def tried(level: float) -> Option:
        properties = {
            **properties_of(alarm, level),
            "EvaluationPeriods": periods,
            "DatapointsToAlarm": needed,
        }
        return trial.option("best level", [with_level(alarm, level, needed, periods)], properties, level=level)

    # Strides from the lax end: an alarm that hardly ever leaves ALARM has few incidents too, and must not be found.
    found, low, high, stride = None, 0, len(levels), 1
    while low < high:
        at = min(low + stride - 1, (low + high) // 2)
        option = tried(levels[at])
        if option.is_allowed:
            low, stride = at + 1, 2 * stride
            if found is None or not option.outcome.windows or _sooner(option) > _sooner(found):
                found = option
        else:
            high = at
    if found is not None:
        yield found


def _policies(alarm: MetricAlarm, trial: Trial) -> Iterator[Option]:
    """A band, and what the metric has not done before, whether or not the objective allows them."""
    query = alarm.queries[0]
    assert query.metric is not None
    watched = policies.Watched(
        metric=query.metric, stat=query.stat, actions=alarm.about.alarm_actions, tags=alarm.about.tags
    )
    side: policies.Side = "below" if alarm.settings.comparison.startswith("LessThan") else "above"
    id = re.sub(r"[^A-Za-z0-9]", "", alarm.about.id.rpartition("/")[2])
    period = max(300, query.period)
    properties = policies.band(watched, width=2, period=period, side=side, datapoints=2, periods=3)
    banded = _read(f"{id}Band", properties)
    for found in _tightest(banded, trial, widths(), 2, 3):
        pasted = policies.band(watched, width=found.level or 2, period=period, side=side, datapoints=2, periods=3)
        yield replace(found, name="CloudWatch-like band", properties=_resource(f"{id}Band", pasted))
    steps = [series[0].step for case in trial.cases if (series := case.shelf.series.get(query.metric))]
    resources = policies.unlike_before(id, watched, step=max(query.period, *steps), side=side)
    alarms = [_read(name, resource["Properties"]) for name, resource in resources.items()]
    yield trial.option("unlike before", alarms, resources)
    yield trial.option("unlike before, 12 h quiet", alarms, resources, cool_down=policies.COOL_DOWN)


def _resource(id: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {id: {"Type": ALARM, "Properties": properties}}


def _read(id: str, properties: Mapping[str, Any]) -> MetricAlarm:
    alarm = read_alarm(ALARM, properties, id=id)
    assert isinstance(alarm, MetricAlarm)
    return alarm
