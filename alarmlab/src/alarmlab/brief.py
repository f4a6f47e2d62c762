"""Alarms and numbers in a few characters, for pictures."""

from alarmlab.model.alarms import Alarm, CompositeAlarm, MetricAlarm, PromQLAlarm
from alarmlab.model.family import looked_at
from alarmlab.times import written

_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside of its band",
    "LessThanLowerThreshold": "below its band",
    "GreaterThanUpperThreshold": "above its band",
}


def number(value: float) -> str:
    """A value in a few characters: `920k`, `0.001`."""
    for limit, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if limit <= abs(value) < 1e15:
            return f"{value / (limit if suffix != 'k' else 1e3):.4g}{suffix}"
    return f"{value:.4g}"


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
    query = alarm.query
    if query.metric is None:
        return query.label or " ".join(query.expression.split())
    return f"{query.stat} of {query.metric.name}"
