"""Whether a sink may be sent something now: its rate limit, what it asked for, and whether it works at all. Pure.

One gate stands before each sink, shared by all invocations through the state table. Times are seconds of the clock.

- **Rate**: the generic cell rate algorithm, one number that says when the next message is free.
- **Critical first**: while a critical delivery waits for its turn, others are refused even where a turn is free.
- **Turns**: whoever is refused is told a time of its own, so that a backlog comes back spread out and not all at once.
- **Circuit breaker**: after `TRIP_AFTER` failures in a row nothing is sent for a while, doubling up to `LONGEST_CLOSED`;
  then one delivery tries for all of them.
"""

import math
from dataclasses import dataclass, replace

TRIP_AFTER = 5
"""Failures in a row; fewer are noise, since every delivery is tried again anyway."""
FIRST_CLOSED, LONGEST_CLOSED = 30.0, 300.0
"""Seconds. A service that fails is back within minutes, or not for an hour."""
EARLY_SECONDS = 0.5
"""By which clocks differ: so early is in time for a turn."""
SLACK = 0.2
"""Of an interval: who has a turn may be so much early. The rate still holds, since the next turn is no earlier for it."""
PROBE_SECONDS = 45.0
"""How long one trying delivery keeps the others out; longer than a function may run."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What a sink takes: `messages` every `seconds`, of which `burst` may come at once."""

    messages: int
    seconds: float
    burst: int = 1

    @property
    def interval(self) -> float:
        """Seconds between two messages."""
        return self.seconds / self.messages


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Where a sink stands."""

    free_at: float = 0.0
    """When the next message would be free, were there no burst."""
    critical_until: float = 0.0
    """Until when a critical delivery that was refused is expected back."""
    critical_turn: float = 0.0
    turn: float = 0.0
    """The last turn that was told to a critical delivery, and to any other."""
    failures: int = 0
    """In a row."""
    closed_until: float = 0.0
    """Nothing is sent before: the sink asked for it, or fails."""
    probing_until: float = 0.0
    """A delivery tries the sink for all others."""
    version: int = 0
    """Of the stored item; 0 before it is stored."""

    @property
    def is_tripped(self) -> bool:
        """Whether the circuit breaker is open."""
        return self.failures >= TRIP_AFTER


@dataclass(frozen=True, kw_only=True)
class Answer:
    """May it be sent?"""

    gate: Gate
    granted: bool
    wait: float = 0.0
    """Seconds until it is worth asking again; 0 when it is granted."""
    why: str = ""


def ask(
    gate: Gate,
    rate: Rate | None,
    *,
    now: float,
    critical: bool,
    messages: int = 1,
    far: float = math.inf,
    turn: float | None = None,
) -> Answer:
    """Ask for a turn.

    Args:
        gate: where the sink stands.
        rate: its limit; None for none.
        now: the clock.
        critical: whether it goes before others.
        messages: how many are sent in this turn; the next turn comes that much later.
        far: seconds; a turn further away than that, at a sink that works, is not kept: whoever asks will not come for it.
        turn: the turn that was told when it asked before; who comes for it and finds it taken gets the next free moment, not
            another turn at the end of the line.
    """
    comes_for_it = turn is not None and now >= turn - EARLY_SECONDS
    answer = _ask(gate, rate, now=now, critical=critical, messages=messages, has_turn=comes_for_it)
    works = now >= gate.closed_until and not gate.is_tripped
    return replace(answer, gate=gate) if works and answer.wait > far else answer


def _ask(  # noqa: PLR0911 - one way out a reason
    gate: Gate, rate: Rate | None, *, now: float, critical: bool, messages: int, has_turn: bool
) -> Answer:
    if now < gate.closed_until:
        why = f"the sink has failed {gate.failures} times in a row" if gate.is_tripped else "the sink asked for time"
        return _refuse(gate, rate, after=gate.closed_until, now=now, critical=critical, why=why)
    if gate.is_tripped:
        if now < gate.probing_until:
            return _refuse(
                gate, rate, after=gate.probing_until, now=now, critical=critical, why="another tries the sink"
            )
        gate = replace(gate, probing_until=now + PROBE_SECONDS)
    if rate is None:
        return Answer(gate=gate, granted=True)
    tolerance = (rate.burst - 1) * rate.interval
    earliest = gate.free_at - tolerance
    if not critical and now < gate.critical_until:
        return _refuse(
            gate, rate, after=max(earliest, gate.critical_until), now=now, critical=False, why="critical first"
        )
    # Queues hide messages for whole seconds: turns are met late, and the next one then not quite an interval after it.
    early = earliest - now
    if early > (SLACK * rate.interval if has_turn else 0.0):
        if has_turn:
            return Answer(gate=gate, granted=False, wait=early, why="its turn was taken")
        return _refuse(gate, rate, after=earliest, now=now, critical=critical, why="the sink's rate limit")
    return Answer(gate=replace(gate, free_at=max(gate.free_at, now) + messages * rate.interval), granted=True)


def _refuse(gate: Gate, rate: Rate | None, *, after: float, now: float, critical: bool, why: str) -> Answer:
    """Tell a turn: the next after the last one that was told to its like, and never before `after`."""
    step = rate.interval if rate else 0.0
    turn = max(after, (gate.critical_turn if critical else max(gate.turn, gate.critical_turn)) + step)
    gate = replace(gate, critical_turn=turn, critical_until=turn + 1.0) if critical else replace(gate, turn=turn)
    return Answer(gate=gate, granted=False, wait=turn - now, why=why)


def worked(gate: Gate) -> Gate:
    """The sink took a message."""
    return replace(gate, failures=0, closed_until=0.0, probing_until=0.0)


def asked_for_time(gate: Gate, *, now: float, seconds: float) -> Gate:
    """The sink works, and wants to be left alone for a while (429): for everybody."""
    return replace(gate, closed_until=max(gate.closed_until, now + seconds), probing_until=0.0)


def failed(gate: Gate, *, now: float) -> Gate:
    """The sink failed or did not answer."""
    failures = gate.failures + 1
    if failures < TRIP_AFTER:
        return replace(gate, failures=failures, probing_until=0.0)
    closed = min(FIRST_CLOSED * 2.0 ** min(failures - TRIP_AFTER, 10), LONGEST_CLOSED)
    return replace(gate, failures=failures, closed_until=now + closed, probing_until=0.0)
