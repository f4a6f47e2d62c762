"""Alarms over a stretch of time: what states they were in, and whom they told."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from alarmlab.model.states import State


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The states of one alarm.

    Args:
        initial: before the first change.
        at: Unix seconds of the changes, ascending.
        to: the state after each.
    """

    initial: State
    at: tuple[int, ...] = ()
    to: tuple[State, ...] = ()

    def state(self, moment: float) -> State:
        """The state after the evaluation at `moment`."""
        index = bisect_right(self.at, moment)
        return self.to[index - 1] if index else self.initial

    def spans(self, start: int, end: int) -> Iterator[tuple[int, int, State]]:
        """Stretches in one state between `start` and `end`: where each begins and ends, and its state."""
        inside = [moment for moment in self.at if start < moment < end]
        for begin, finish in pairwise((start, *inside, end)):
            yield begin, finish, self.state(begin)


@dataclass(frozen=True, kw_only=True)
class Told:
    """Actions of an alarm that ran, or that something held back.

    Args:
        at: when they ran, or would have; Unix seconds.
        alarm: its id.
        state: the state that they tell.
        changed_at: when the alarm went into it.
        targets: the actions.
        held_back_by: empty where they ran; otherwise `disabled`, `suppressor`, `mute`.
    """

    at: int
    alarm: str
    state: State
    changed_at: int
    targets: tuple[str, ...]
    held_back_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a simulation came to.

    Args:
        start: Unix second before the first evaluation.
        end: Unix second of the last one.
        timelines: by alarm id.
        told: in order of time.
    """

    start: int
    end: int
    timelines: Mapping[str, Timeline] = field(default_factory=dict)
    told: tuple[Told, ...] = ()
