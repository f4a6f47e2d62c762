"""What a picture shows of one alarm in one test."""

from collections.abc import Sequence

import numpy as np

from alarmlab.brief import condition
from alarmlab.engine.bands import band_of
from alarmlab.engine.metric_alarm import datapoints, window_of
from alarmlab.engine.run import Run
from alarmlab.engine.window import Floats, moments_between
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, MetricAlarm
from alarmlab.model.family import looked_at
from alarmlab.paging import pages
from alarmlab.suite.bind import Case
from alarmlab.suite.picture import Curve, Mark, Picture

_WIDTH = 80
_MOST_CHILDREN = 8


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


def _curve(alarm: MetricAlarm, case: Case, run: Run) -> Curve | None:
    """The newest datapoint of every evaluation; None where there is no single one."""
    settings = alarm.settings
    moments = moments_between(run.start, run.end, settings.interval)
    try:
        values = datapoints(alarm, case.source, moments)[:, -1]
        if settings.threshold is not None:
            limits: tuple[Floats, ...] = (np.full(len(moments), settings.threshold),)
        else:
            limits = tuple(bound[:, -1] for bound in band_of(alarm, case.source, window_of(alarm, moments)))
    except InputError:
        return None
    return Curve(moments=moments, values=values, limits=limits)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
