"""How often the alarms that page would do so without a reason, and how soon with one: ours, synthesized, on invented traffic."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from alarmlab.assembly import read_assembly
from alarmlab.engine.recording import Recording, SampleSeries, StatisticSeries
from alarmlab.engine.simulate import simulate
from alarmlab.model.alarms import Alarm
from alarmlab.model.metrics import MetricId, dimensions_of
from alarmlab.model.states import State
from tests.conftest import assembly

MINUTES_A_WEEK = 7 * 24 * 60
QUICK, SLOW = 100_000.0, 400_000.0
"""Microseconds: half of the objective of prod's ranker, and twice as much."""
RANKER = dimensions_of({"EndpointName": "ranker", "VariantName": "AllTraffic"})

Counts = NDArray[np.int64]


@cache
def _alarm(signal: str) -> Alarm:
    return read_assembly(assembly("prod")).find(f"ranker/AllTraffic/{signal}")


def _traffic(rate: int, bad: float, *, minutes: int) -> tuple[Counts, Counts]:
    """Requests of each minute, and how many of them are bad."""
    chance = np.random.default_rng(rate)
    requests = chance.poisson(rate, minutes)
    return requests, chance.binomial(requests, bad)


def _pages(signal: str, recording: Recording, minutes: int) -> list[int]:
    """The minutes at which the alarm pages."""
    run = simulate([_alarm(signal)], recording, start=0, end=60 * minutes, initial=State.OK)
    return [told.at // 60 for told in run.told if told.state is State.ALARM and not told.held_back_by]


def _failing(rate: int, bad: float, *, minutes: int) -> list[int]:
    requests, failures = _traffic(rate, bad, minutes=minutes)
    sums = {"Invocations": requests, "InvocationModelErrors": failures, "Invocation5XXErrors": failures}
    series = {
        MetricId("AWS/SageMaker", name, RANKER): StatisticSeries(0, 60, {"Sum": values.astype(np.float64)})
        for name, values in sums.items()
    }
    return _pages("errors", Recording(series), minutes)


def _slow(rate: int, bad: float, *, minutes: int) -> list[int]:
    requests, slow = _traffic(rate, bad, minutes=minutes)
    place = np.arange(requests.max())[np.newaxis, :]
    samples = np.where(place < slow[:, np.newaxis], SLOW, np.where(place < requests[:, np.newaxis], QUICK, np.nan))
    latency = MetricId("AWS/SageMaker", "ModelLatency", RANKER)
    return _pages("latency", Recording({latency: SampleSeries(0, 60, samples)}), minutes)


@pytest.mark.parametrize("rate", [5, 20, 40, 60, 200])
def test_an_endpoint_that_keeps_its_objective_pages_nobody_for_errors(rate: int) -> None:
    """At exactly 99.9 % a single failure a minute is nothing: no page in four weeks, whatever the traffic."""
    assert _failing(rate, 0.001, minutes=4 * MINUTES_A_WEEK) == []


@pytest.mark.parametrize(("rate", "bad"), [(10, 0.5), (40, 0.1), (200, 0.03)])
def test_a_broken_endpoint_pages_within_minutes(rate: int, bad: float) -> None:
    """Half, a tenth or thirty times the budget of requests fail: the page comes within ten minutes."""
    assert _failing(rate, bad, minutes=60)[0] <= 10


@pytest.mark.parametrize("rate", [5, 30, 50, 200])
def test_a_fast_endpoint_seldom_pages_for_latency(rate: int) -> None:
    """Three times better than its objective (0.3 % slow): at most one page a week, also where p99 is the slowest of a few."""
    weeks = 4
    assert len(_slow(rate, 0.003, minutes=weeks * MINUTES_A_WEEK)) <= weeks


def test_a_slow_endpoint_pages_within_minutes() -> None:
    """A tenth of requests over the objective: the page comes within ten minutes."""
    assert _slow(40, 0.1, minutes=60)[0] <= 10
