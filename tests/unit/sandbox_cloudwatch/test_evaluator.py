"""The evaluator's walk through sandbox time."""

import time

import pytest

from sandbox.aws.cloudwatch.book import AlarmBook
from sandbox.aws.cloudwatch.evaluator import Evaluator
from sandbox.aws.cloudwatch.store import MetricStore
from sandbox.clock import Clock


def test_late_or_not_no_boundary_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """When sandbox time runs faster than evaluations take, every boundary still comes, once and in order."""
    clock = Clock(speed=3600)
    evaluated: list[tuple[int, float]] = []

    def slow(_self: Evaluator, at: int) -> None:
        evaluated.append((at, clock.now()))
        if len(evaluated) % 20 == 1:
            time.sleep(0.05)

    monkeypatch.setattr(Evaluator, "evaluate_all", slow)
    evaluator = Evaluator(clock, MetricStore(), AlarmBook(clock))
    evaluator.start()
    deadline = time.monotonic() + 10
    while len(evaluated) < 100 and time.monotonic() < deadline:
        time.sleep(0.01)
    evaluator.stop()
    boundaries = [at for at, _ in evaluated]
    assert len(boundaries) >= 100
    assert boundaries == list(range(boundaries[0], boundaries[0] + 10 * len(boundaries), 10))
    assert all(at % 10 == 0 and now >= at for at, now in evaluated)
