"""The gates of the sinks, as a batch sees them: turns for all of it at once, and at its end what it learned."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from alert_common import clock
from alert_common import gate as gates
from alert_common.gate import Answer, Gate, Rate
from alert_common.store import BusyError, Store

TRIES = 8
"""Others save the same gate; each conflict means that one of them got on."""


@dataclass(frozen=True, kw_only=True)
class Want:
    """What is asked for; see `gate.ask`."""

    urgent: bool
    messages: int
    far: float
    turn: float | None


def ask(store: Store, sink: str, rate: Rate | None, wants: Sequence[Want]) -> tuple[Gate, Sequence[Answer]]:
    """Ask for turns, in the order in which they are to be told; return the gate as it was before, too.

    Raises:
        BusyError: too many others ask at the same time.
    """
    for _ in range(TRIES):
        before = gate = store.gate(sink)
        now, answers, overtaken = clock.now().timestamp(), [], 0.0
        for want in wants:
            answer = gates.ask(
                gate, rate, now=now, critical=want.urgent, messages=want.messages, far=want.far, turn=want.turn
            )
            if rate is not None and want.turn is not None and not answer.granted and answer.gate == gate:
                # Whose turn has passed keeps its place, one after the other: after a pause of the functions that is everybody.
                answer = replace(answer, wait=answer.wait + overtaken)
                overtaken += want.messages * rate.interval
            gate = answer.gate
            answers.append(answer)
        if gate == before or store.save_gate(sink, gate):
            return before, answers
    raise BusyError(f"too many ask for a turn at {sink}")


@dataclass
class Learned:
    """What a batch learned of one sink; threads share it."""

    before: Gate = field(default_factory=Gate)
    """As it was when the batch got its turns."""
    taken: int = 0
    failures: int = 0
    asked: float = 0.0
    """Seconds that the sink asked for."""
    why: str = ""
    """What it said, or how it failed."""
    _held_until: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def took(self) -> None:
        """It took a message."""
        with self._lock:
            self.taken += 1

    def failed(self, why: str, seconds: float) -> None:
        """It failed; nothing more is started for so many seconds."""
        with self._lock:
            self.failures += 1
            self._hold(why, seconds)

    def asked_for_time(self, why: str, seconds: float) -> None:
        """It asked for so many seconds."""
        with self._lock:
            self.asked = max(self.asked, seconds)
            self._hold(why, seconds)

    def held(self) -> float:
        """Seconds for which what was not started yet goes back; 0 when it may start."""
        return max(0.0, self._held_until - time.monotonic())

    def save(self, store: Store, sink: str) -> None:
        """Tell the gate, where that changes anything."""
        if not (self.failures or self.asked or (self.taken and (self.before.failures or self.before.probing_until))):
            return
        for _ in range(TRIES):
            gate = store.gate(sink)
            after = self.after(gate)
            if after == gate or store.save_gate(sink, after):
                return

    def after(self, gate: Gate) -> Gate:
        """Return the gate as it is to be.

        Many that fail side by side are one failure of the sink: they trip the breaker, and do not close it for longer. A
        sink that takes some and refuses others works, more or less.
        """
        now = clock.now().timestamp()
        if self.taken and (gate.failures or gate.probing_until):
            gate = gates.worked(gate)
        most = 1 if self.taken or gate.is_tripped else gates.TRIP_AFTER - gate.failures
        for _ in range(min(self.failures, most)):
            gate = gates.failed(gate, now=now)
        return gates.asked_for_time(gate, now=now, seconds=self.asked) if self.asked else gate

    def _hold(self, why: str, seconds: float) -> None:
        self._held_until, self.why = max(self._held_until, time.monotonic() + seconds), why
