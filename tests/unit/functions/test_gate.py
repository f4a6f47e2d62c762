"""A sink gets no more than it takes, the urgent first, and nobody waits for ever."""

import heapq
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_common import gate as gates
from alert_common.gate import FIRST_CLOSED, LONGEST_CLOSED, PROBE_SECONDS, TRIP_AFTER, Gate, Rate, ask
from alert_common.store import BusyError, Store
from alert_dispatcher import turnstile
from alert_dispatcher.turnstile import Learned, Want
from tests.unit.functions.fakes import FakeDynamoDb

RATES = st.builds(
    Rate,
    messages=st.integers(1, 120),
    seconds=st.sampled_from([1.0, 10.0, 60.0]),
    burst=st.integers(1, 5),
)
WANT = Want(urgent=False, messages=1, far=math.inf, turn=None)
ARRIVALS = st.lists(st.tuples(st.floats(0, 30), st.booleans(), st.integers(1, 2)), min_size=1, max_size=60)
"""When, whether it is critical, and how many messages it takes."""


def simulate(
    rate: Rate, arrivals: list[tuple[float, bool, int]], *, late: list[float] | None = None
) -> list[tuple[float, int]]:
    """Let everybody come back when they were told; return when each was granted, by its place in `arrivals`.

    Args:
        rate: of the sink.
        arrivals: who asks.
        late: seconds by which each comes back late, with the turn that it was told; None: on time, and without one.
    """
    waiting: list[tuple[float, int, float | None]] = [(at, index, None) for index, (at, _, _) in enumerate(arrivals)]
    heapq.heapify(waiting)
    gate = Gate()
    granted: list[tuple[float, int]] = []
    for _ in range(20_000):
        if not waiting:
            return granted
        now, index, turn = heapq.heappop(waiting)
        _, critical, messages = arrivals[index]
        answer = ask(gate, rate, now=now, critical=critical, messages=messages, turn=turn)
        gate = answer.gate
        if answer.granted:
            granted.append((now, index))
        else:
            assert answer.wait > 0
            told = now + answer.wait
            heapq.heappush(waiting, (told + late[index], index, told) if late else (told, index, None))
    raise AssertionError("somebody starves")


@settings(deadline=None, max_examples=150)
@given(rate=RATES, arrivals=ARRIVALS)
def test_the_rate_holds_over_any_window_and_nobody_starves(rate: Rate, arrivals: list[tuple[float, bool, int]]) -> None:
    """In any window no more messages than the rate and its burst allow, the last turn's own messages aside."""
    granted = simulate(rate, arrivals)
    assert len(granted) == len(arrivals)
    sizes = [arrivals[index][2] for _, index in granted]
    for first in range(len(granted)):
        for last in range(first, len(granted)):
            window = granted[last][0] - granted[first][0]
            before_last = sum(sizes[first:last])
            assert before_last <= window / rate.interval + rate.burst - 1 + max(sizes) - 1 + 1e-6


@settings(deadline=None, max_examples=150)
@given(rate=RATES, arrivals=ARRIVALS, late=st.lists(st.floats(0, 3), min_size=60, max_size=60))
def test_the_rate_holds_where_turns_are_met_late(
    rate: Rate, arrivals: list[tuple[float, bool, int]], late: list[float]
) -> None:
    """Whoever comes late for a turn keeps its place, and takes no more than a fifth of an interval from the next."""
    granted = simulate(rate, arrivals, late=late)
    assert len(granted) == len(arrivals)
    sizes = [arrivals[index][2] for _, index in granted]
    for first in range(len(granted)):
        for last in range(first, len(granted)):
            window = granted[last][0] - granted[first][0] + gates.SLACK * rate.interval
            assert sum(sizes[first:last]) <= window / rate.interval + rate.burst - 1 + max(sizes) - 1 + 1e-6


def test_a_line_moves_on_although_everybody_is_a_little_late() -> None:
    """Thirty that wait for a second each are through in little more: nobody is sent back to the end of the line."""
    arrivals = [(0.0, False, 1)] * 30
    granted = simulate(Rate(messages=1, seconds=1.0), arrivals, late=[0.7, 0.1, 0.4] * 10)
    assert max(at for at, _ in granted) < 40


@settings(deadline=None, max_examples=100)
@given(rate=RATES, others=st.integers(1, 40))
def test_a_critical_one_waits_for_no_others(rate: Rate, others: int) -> None:
    """It gets the next free turn, however many others wait."""
    gate, now = Gate(), 1_000.0
    for _ in range(others + rate.burst):
        gate = ask(gate, rate, now=now, critical=False).gate
    answer = ask(gate, rate, now=now, critical=True)
    assert answer.wait <= rate.interval + 1e-6
    # Others are refused while it is expected back, even where a turn is free.
    later = now + answer.wait
    assert not ask(answer.gate, rate, now=later - 1e-3, critical=False).granted
    assert ask(answer.gate, rate, now=later, critical=True).granted


def test_a_backlog_comes_back_spread_out() -> None:
    """Everybody who is refused is told a turn of their own."""
    rate, gate, waits = Rate(messages=1, seconds=1.0), Gate(), []
    for _ in range(6):
        answer = ask(gate, rate, now=100.0, critical=False)
        gate = answer.gate
        waits.append(answer.wait)
    assert waits == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_the_breaker_trips_closes_longer_and_lets_one_try() -> None:
    """After so many failures in a row; one delivery tries for all, and a success opens it for everybody."""
    gate, now = Gate(), 1_000.0
    for _ in range(TRIP_AFTER - 1):
        gate = gates.failed(gate, now=now)
        assert ask(gate, None, now=now, critical=False).granted
    gate = gates.failed(gate, now=now)
    assert gate.is_tripped
    assert not ask(gate, None, now=now + FIRST_CLOSED - 1, critical=True).granted
    now += FIRST_CLOSED
    trying = ask(gate, None, now=now, critical=False)
    assert trying.granted
    refused = ask(trying.gate, None, now=now, critical=True)
    assert (refused.granted, refused.why) == (False, "another tries the sink")
    assert ask(trying.gate, None, now=now + PROBE_SECONDS, critical=False).granted, "who tried may have been killed"
    for _ in range(20):
        gate = gates.failed(gate, now=now)
    assert gate.closed_until == now + LONGEST_CLOSED
    assert ask(gates.worked(gate), None, now=now, critical=False).granted


def test_time_that_a_sink_asked_for_holds_for_everybody() -> None:
    """A 429 is no failure, and shorter ones do not cut a longer one short."""
    gate = gates.asked_for_time(Gate(), now=0.0, seconds=60.0)
    gate = gates.asked_for_time(gate, now=10.0, seconds=1.0)
    answer = ask(gate, None, now=20.0, critical=True)
    assert (answer.granted, answer.wait, answer.why) == (False, 40.0, "the sink asked for time")
    assert gate.failures == 0


class Rival(Store):
    """A table on which others save the gate so many times before this one gets through."""

    def __init__(self, conflicts: int) -> None:
        super().__init__(FakeDynamoDb(), "state")
        self.conflicts = conflicts

    def save_gate(self, sink: str, gate: Gate) -> bool:
        """Be late, as long as there are conflicts left."""
        if self.conflicts:
            self.conflicts -= 1
            super().save_gate(sink, ask(self.gate(sink), RATE, now=0.0, critical=False).gate)
        return super().save_gate(sink, gate)


RATE = Rate(messages=1, seconds=1.0)


def test_turns_that_others_took_meanwhile_are_not_given_twice() -> None:
    """A gate that changed since it was read is read and asked again."""
    store = Rival(conflicts=3)
    before, (answer,) = turnstile.ask(store, "slack", RATE, [WANT])
    assert (before.version, answer.granted) == (3, True)
    with pytest.raises(BusyError, match="too many ask for a turn at slack"):
        turnstile.ask(Rival(conflicts=99), "slack", RATE, [WANT])


def test_a_gate_that_need_not_change_is_not_written() -> None:
    """Without a rate, and with nothing learned, a batch reads the gate once and writes nothing."""
    table = FakeDynamoDb()
    store = Store(table, "state")
    before, answers = turnstile.ask(store, "slack", None, [WANT] * 50)
    assert all(answer.granted for answer in answers)
    learned = Learned(before=before)
    learned.took()
    learned.save(store, "slack")
    assert table.calls == ["get_item"]


def test_what_a_batch_learned_is_saved_once() -> None:
    """Failures side by side trip the breaker for its first, short time; with successes among them they are one."""
    store = Store(FakeDynamoDb(), "state")
    learned = Learned()
    for _ in range(50):
        learned.failed("HTTP 500", 5.0)
    learned.save(store, "slack")
    assert store.gate("slack").failures == TRIP_AFTER
    assert learned.held() > 0
    mixed = Learned()
    mixed.took()
    for _ in range(50):
        mixed.failed("HTTP 500", 5.0)
    mixed.save(store, "slack")
    assert store.gate("slack").failures == 1
    again = Learned(before=store.gate("slack"))
    again.took()
    again.save(store, "slack")
    assert store.gate("slack").failures == 0


def test_whoever_will_not_come_for_a_far_turn_takes_none() -> None:
    """A storm that goes into a digest leaves no line of empty turns behind it: the next one waits for those that come."""
    gate, rate = Gate(free_at=20.0), Rate(messages=1, seconds=1.0)
    for _ in range(100):
        answer = ask(gate, rate, now=0.0, critical=False, far=10.0)
        assert (answer.granted, answer.wait) == (False, 20.0)
        gate = answer.gate
    assert ask(gate, rate, now=0.0, critical=False).wait == 20.0
    kept = ask(Gate(free_at=5.0), rate, now=0.0, critical=False, far=10.0)
    assert ask(kept.gate, rate, now=0.0, critical=False).wait == 6.0, "a turn that is near is kept"


def test_after_a_pause_overdue_turns_come_back_one_after_the_other() -> None:
    """When functions stood still and everybody's turn has passed, a batch does not come back as one, over and over."""
    store = Store(FakeDynamoDb(), "state")
    rate = Rate(messages=1, seconds=1.0)
    overdue = [Want(urgent=False, messages=1, far=math.inf, turn=0.0)] * 5
    _, answers = turnstile.ask(store, "slack", rate, overdue)
    assert [answer.granted for answer in answers] == [True, False, False, False, False]
    assert [answer.wait for answer in answers] == pytest.approx([0.0, 1.0, 2.0, 3.0, 4.0])
