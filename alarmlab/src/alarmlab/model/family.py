"""Which alarms look at which."""

from collections.abc import Iterable, Mapping, Sequence

from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, CompositeAlarm
from alarmlab.model.rules import children_of


def looked_at(alarm: Alarm) -> tuple[str, ...]:
    """The ids of the alarms that `alarm` looks at: children of its rule, and its suppressor; each once."""
    if not isinstance(alarm, CompositeAlarm):
        return ()
    found = (*children_of(alarm.rule), *([alarm.suppressor] if alarm.suppressor else []))
    return tuple(dict.fromkeys(found))


def in_order(alarms: Sequence[Alarm]) -> list[Alarm]:
    """`alarms` with each after those that it looks at; otherwise as they were.

    Raises:
        InputError: one looks at an alarm that is not there, or at itself by way of others.
    """
    by_id = {alarm.about.id: alarm for alarm in alarms}
    ordered: dict[str, Alarm] = {}
    for alarm in alarms:
        _visit(alarm, by_id, ordered, path=())
    return list(ordered.values())


def with_descendants(ids: Iterable[str], alarms: Mapping[str, Alarm]) -> set[str]:
    """`ids`, and all that they look at, directly or by way of others."""
    found, left = set[str](), list(ids)
    while left:
        id = left.pop()
        if id not in found:
            found.add(id)
            left += looked_at(alarms[id])
    return found


def with_composites(ids: Iterable[str], alarms: Mapping[str, Alarm]) -> set[str]:
    """`ids`, and the composite alarms that look at one of them, directly or by way of others."""
    found = set(ids)
    while more := {id for id, alarm in alarms.items() if id not in found and found.intersection(looked_at(alarm))}:
        found |= more
    return found


def _visit(alarm: Alarm, by_id: Mapping[str, Alarm], ordered: dict[str, Alarm], path: tuple[str, ...]) -> None:
    id = alarm.about.id
    if id in ordered:
        return
    if id in path:
        circle = " -> ".join((*path[path.index(id) :], id))
        raise InputError(f"alarm {id!r}: it leads back to itself: {circle}")
    for child in looked_at(alarm):
        if child not in by_id:
            raise InputError(f"alarm {id!r}: it looks at {child!r}, which is not there")
        _visit(by_id[child], by_id, ordered, (*path, id))
    ordered[id] = alarm
