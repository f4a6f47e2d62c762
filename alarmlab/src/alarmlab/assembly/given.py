"""Names in alarms that only the deployment decides, given by somebody who knows them: which there are, and alarms with them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, MetricAlarm
from alarmlab.model.metrics import MetricId, MetricQuery

_STAND_IN = re.compile(r"\$\{([^{}]+)\}")


def read_values(pairs: Iterable[str]) -> Mapping[str, str]:
    """`Queue.QueueName=orders` of each stand-in, whose braces may be written too.

    Raises:
        InputError: one is not written so.
    """
    found = {}
    for pair in pairs:
        match = re.fullmatch(r"(?:\$\{([^{}]+)\}|([^={}]+))=(.+)", pair)
        if match is None:
            raise InputError(f"--set {pair!r}: write NAME=VALUE, such as Queue.QueueName=orders")
        found[match[1] or match[2]] = match[3]
    return found


def stand_ins_of(metric: MetricId) -> tuple[str, ...]:
    """What stands in the name of a metric for what nobody knows yet."""
    texts = (metric.namespace, metric.name, *(value for _, value in metric.dimensions))
    return tuple(dict.fromkeys(name for text in texts for name in _STAND_IN.findall(text)))


def with_values(alarms: Iterable[Alarm], values: Mapping[str, str]) -> tuple[Alarm, ...]:
    """Alarms whose metrics have the values in place of their stand-ins.

    Raises:
        InputError: a value is for a stand-in that no metric has.
    """
    found = list(alarms)
    known = {name for alarm in found if isinstance(alarm, MetricAlarm) for name in _of_alarm(alarm)}
    if unknown := [name for name in values if name not in known]:
        there = f"there are {', '.join(sorted(known))}" if known else "there is none"
        raise InputError(f"--set {unknown[0]}: no metric of an alarm has ${{{unknown[0]}}}: {there}")

    def filled(text: str) -> str:
        return _STAND_IN.sub(lambda match: values.get(match[1], match[0]), text)

    def query(one: MetricQuery) -> MetricQuery:
        metric = one.metric and MetricId(
            filled(one.metric.namespace),
            filled(one.metric.name),
            tuple((name, filled(value)) for name, value in one.metric.dimensions),
        )
        return replace(one, metric=metric, expression=filled(one.expression))

    return tuple(
        replace(alarm, queries=tuple(map(query, alarm.queries))) if isinstance(alarm, MetricAlarm) else alarm
        for alarm in found
    )


def _of_alarm(alarm: MetricAlarm) -> Iterable[str]:
    for query in alarm.queries:
        yield from _STAND_IN.findall(query.expression)
        if query.metric is not None:
            yield from stand_ins_of(query.metric)
