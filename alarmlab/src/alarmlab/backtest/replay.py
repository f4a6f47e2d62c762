"""Alarms run on a recording: those that it concerns, family by family."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from alarmlab.engine.readers import Readers
from alarmlab.engine.run import Run, Timeline, Told
from alarmlab.engine.simulate import simulate
from alarmlab.engine.source import MetricSource
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, CompositeAlarm, MetricAlarm
from alarmlab.model.family import looked_at, with_composites, with_descendants
from alarmlab.model.metrics import MetricId
from alarmlab.model.mute import MuteRule
from alarmlab.model.states import State


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a recording made of alarms.

    Args:
        run: their states, and what they told.
        alarms: that took part.
        refused: why others could not be evaluated, by id.
    """

    run: Run
    alarms: tuple[Alarm, ...]
    refused: Mapping[str, str] = field(default_factory=dict)


def metrics_of(alarm: Alarm) -> tuple[MetricId, ...]:
    """The metrics that an alarm names, each once."""
    if not isinstance(alarm, MetricAlarm):
        return ()
    return tuple(dict.fromkeys(query.metric for query in alarm.queries if query.metric is not None))


def concerned(alarms: Sequence[Alarm], metrics: Iterable[MetricId]) -> tuple[Alarm, ...]:
    """The alarms that read one of the metrics, composite alarms above them, and all that those look at."""
    by_id = {alarm.about.id: alarm for alarm in alarms}
    readers = Readers(alarms)
    found = {alarm.about.id for metric in metrics for alarm, _ in readers.of(metric)}
    taking_part = with_descendants(with_composites(found, by_id), by_id)
    return tuple(alarm for alarm in alarms if alarm.about.id in taking_part)


def replay(
    alarms: Sequence[Alarm],
    source: MetricSource,
    *,
    start: int,
    end: int,
    initial: State = State.INSUFFICIENT_DATA,
    mute_rules: Sequence[MuteRule] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Replay:
    """Run alarms on a recording; one that cannot be evaluated does not stop the others.

    Args:
        alarms: those that the recording concerns.
        source: the recording.
        start: Unix second before the first evaluation.
        end: Unix second of the last one.
        initial: the state at `start`.
        mute_rules: of the assembly.
        progress: is told how many alarms are done, and of how many.
    """
    timelines: dict[str, Timeline] = {}
    told: list[Told] = []
    refused: dict[str, str] = {}

    def run(family: Sequence[Alarm]) -> None:
        found = simulate(family, source, start=start, end=end, initial=initial, mute_rules=mute_rules)
        timelines.update(found.timelines)
        told.extend(found.told)

    done = 0
    for family in _families(alarms):
        try:
            run(family)
        except InputError as error:
            why = _why(family, source, start, end) or {alarm.about.id: str(error) for alarm in family}
            refused |= why
            for rest in _families([alarm for alarm in family if alarm.about.id not in why]):
                run(rest)
        done += len(family)
        if progress is not None:
            progress(done, len(alarms))
    return Replay(
        run=Run(start=start, end=end, timelines=timelines, told=tuple(sorted(told, key=lambda each: each.at))),
        alarms=tuple(alarm for alarm in alarms if alarm.about.id not in refused),
        refused=refused,
    )


def _why(family: Sequence[Alarm], source: MetricSource, start: int, end: int) -> dict[str, str]:
    """Which alarms of a family cannot be evaluated: by themselves, or since they look at one that cannot."""
    found: dict[str, str] = {}
    for alarm in family:
        if not isinstance(alarm, CompositeAlarm):
            try:
                simulate([alarm], source, start=start, end=end)
            except InputError as error:
                found[alarm.about.id] = str(error)
    by_id = {alarm.about.id: alarm for alarm in family}
    for id in by_id:
        cause = next((other for other in with_descendants([id], by_id) - {id} if other in found), None)
        if cause is not None and id not in found:
            found[id] = f"it looks at {cause}, which cannot be evaluated"
    return found


def _families(alarms: Sequence[Alarm]) -> list[list[Alarm]]:
    """Alarms in groups that look at nothing outside, in their order."""
    by_id = {alarm.about.id: alarm for alarm in alarms}
    head = {id: id for id in by_id}

    def top(id: str) -> str:
        while head[id] != id:
            id = head[id]
        return id

    for id, alarm in by_id.items():
        for other in looked_at(alarm):
            head[top(other)] = top(id)
    groups: dict[str, list[Alarm]] = defaultdict(list)
    for id, alarm in by_id.items():
        groups[top(id)].append(alarm)
    return list(groups.values())
