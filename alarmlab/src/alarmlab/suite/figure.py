"""What a picture shows of one alarm in one test."""

from collections.abc import Sequence

import numpy as np

from alarmlab.engine.bands import band_of
from alarmlab.engine.metric_alarm import datapoints
from alarmlab.engine.run import Run
from alarmlab.engine.window import Floats, Window, moments_between
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, CompositeAlarm, MetricAlarm, PromQLAlarm
from alarmlab.model.family import looked_at
from alarmlab.paging import pages
from alarmlab.suite.bind import Case
from alarmlab.suite.picture import Curve, Mark, Picture, number
from alarmlab.times import written

_WIDTH = 80
_MOST_CHILDREN = 8
_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside of its band",
    "LessThanLowerThreshold": "below its band",
    "GreaterThanUpperThreshold": "above its band",
}


def picture_of(id: str, case: Case, run: Run, marks: Sequence[Mark]) -> Picture:
    """The metric, the states and the pages of an alarm, and what was expected of it."""
    alarm = case.alarms[id]
    children = [(child, run.timelines[child]) for child in looked_at(alarm)[:_MOST_CHILDREN]]
    return Picture(
        title=_title(alarm),
        start=run.start,
        end=run.end,
        curve=_curve(alarm, case, run) if isinstance(alarm, MetricAlarm) else None,
        states=(*children, ("state", run.timelines[id])),
        pages=tuple(told.at for told in pages(run) if told.alarm == id),
        marks=tuple(marks),
    )


def _title(alarm: Alarm) -> str:
    """The alarm and when it goes off, in two lines where one is too short."""
    name, goes_off = alarm.about.name, condition(alarm)
    if len(name) + len(goes_off) + 2 <= _WIDTH:
        return f"{name}: {goes_off}"
    return f"{_cut(name, _WIDTH)}\n  {_cut(goes_off, _WIDTH - 2)}"


def condition(alarm: Alarm) -> str:
    """When the alarm goes off, in a few words."""
    match alarm:
        case CompositeAlarm():
            return "composite of " + ", ".join(looked_at(alarm))
        case PromQLAlarm():
            return f"{' '.join(alarm.query.split())} for {written(alarm.pending)}"
        case MetricAlarm():
            settings = alarm.settings
            sign = _SIGNS[settings.comparison]
            limit = "" if settings.threshold is None else f" {number(settings.threshold)}"
            count = f"{settings.datapoints_to_alarm} of {settings.evaluation_periods} x {written(settings.period)}"
            return f"{_what(alarm)} {sign}{limit}, {count}, missing: {settings.missing}"


def _what(alarm: MetricAlarm) -> str:
    query = next(query for query in alarm.queries if query.id == alarm.returned)
    if query.metric is None:
        return query.label or " ".join(query.expression.split())
    return f"{query.stat} of {query.metric.name}"


def _curve(alarm: MetricAlarm, case: Case, run: Run) -> Curve | None:
    """The newest datapoint of every evaluation; None where there is no single one."""
    settings = alarm.settings
    moments = moments_between(run.start, run.end, settings.interval)
    try:
        values = datapoints(alarm, case.source, moments)[:, -1]
        if settings.threshold is not None:
            limits: tuple[Floats, ...] = (np.full(len(moments), settings.threshold),)
        else:
            window = Window(moments, settings.period, settings.periods_looked_at, settings.wall_clock)
            limits = tuple(bound[:, -1] for bound in band_of(alarm, case.source, window))
    except InputError:
        return None
    return Curve(moments=moments, values=values, limits=limits)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
