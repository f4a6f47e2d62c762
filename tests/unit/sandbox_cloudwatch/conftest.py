"""An overlay on this process's ministack, whose clock the test sets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from ministack.services import cloudwatch as ministack_cloudwatch

from sandbox.aws.cloudwatch import book, mutes, overlay
from sandbox.aws.cloudwatch.evaluator import Evaluator
from sandbox.aws.cloudwatch.notifications import Transition
from sandbox.clock import Clock

T0 = 1_795_446_000


class StoppedClock(Clock):
    """A clock that shows what it was set to."""

    time = float(T0)

    def now(self) -> float:
        """The time it was set to."""
        return type(self).time


@dataclass
class Account:
    """Our CloudWatch without a server: calls go to its operations, actions are collected instead of carried out."""

    overlay: Any
    evaluator: Evaluator
    acted: list[tuple[float, str, str, tuple[str, ...]]] = field(default_factory=list)

    def call(self, operation: str, **request: Any) -> Any:
        """The output of an operation."""
        return self.overlay.operations[operation](request)

    def at(self, seconds: float) -> float:
        """Set the clock to so many seconds after T0."""
        StoppedClock.time = T0 + seconds
        return StoppedClock.time

    def walk(self, start: int, end: int) -> None:
        """Evaluate at every boundary after `start` up to `end` (seconds after T0)."""
        for second in range(start + 10, end + 1, 10):
            self.evaluator.evaluate_all(T0 + second)
            self.overlay.book.advance(self.at(second))

    def state(self, name: str) -> str:
        """The state of an alarm."""
        found = self.call("DescribeAlarms", AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return str((found["MetricAlarms"] + found["CompositeAlarms"])[0]["StateValue"])

    def put(self, name: str, value: float, second: float) -> None:
        """Publish one sample so many seconds after T0."""
        overlay.record("N", name, value, at=T0 + second)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """A fresh account at T0."""
    StoppedClock.time = float(T0)
    installed = overlay._Overlay(StoppedClock())
    monkeypatch.setattr(overlay, "_overlay", installed)
    made = Account(installed, Evaluator(installed.clock, installed.store, installed.book))

    def collect(transition: Transition, actions: Any) -> None:
        made.acted.append(
            (transition.at - T0, transition.alarm["AlarmName"], transition.state["value"], tuple(actions))
        )

    monkeypatch.setattr(book, "carry_out", collect)
    monkeypatch.setattr(mutes, "carry_out", collect)
    ministack_cloudwatch.reset()
    yield made
    ministack_cloudwatch.reset()
