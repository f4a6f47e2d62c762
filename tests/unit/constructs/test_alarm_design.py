"""How often the alarms that page would do so without a reason, and how soon with one.

The real settings of the library on invented traffic, minute by minute.
"""

import random
from collections.abc import Callable, Iterator

import pytest
from aws_cdk import Duration

from endpointwatch import EndpointMetrics, Objectives, Signal
from endpointwatch.alarms.spec import AlarmSpec
from endpointwatch.sagemaker.endpoint_alarms import endpoint_alarms

WEEK = 7 * 24 * 60
Minute = tuple[int, int]
"""Requests, and how many of them were bad."""


def _alarm(signal: Signal) -> AlarmSpec:
    metrics = EndpointMetrics(endpoint_name="ranker", variant_name="AllTraffic", shape=None)
    objectives = Objectives(latency_p99=Duration.millis(200), availability=0.999)
    return next(spec for spec in endpoint_alarms(metrics, objectives, {}) if spec.signal == signal)


def _traffic(rate: int, bad: float, *, seed: int) -> Iterator[Minute]:
    chance = random.Random(seed)
    while True:
        requests = max(0, round(chance.gauss(rate, rate**0.5)))
        yield requests, sum(chance.random() < bad for _ in range(requests))


def _pages(alarm: AlarmSpec, minutes: list[Minute], breaching: Callable[[Minute], bool]) -> list[int]:
    """Minutes at which the alarm fires, by M of N (there is traffic in every minute, so nothing is missing)."""
    breaches = [breaching(minute) for minute in minutes]
    firing = [sum(breaches[max(0, at - alarm.periods + 1) : at + 1]) >= alarm.datapoints for at in range(len(breaches))]
    return [at for at, now in enumerate(firing) if now and not firing[at - 1]]


def _fails(alarm: AlarmSpec) -> Callable[[Minute], bool]:
    return lambda minute: minute[1] >= 2 and minute[1] / minute[0] > alarm.threshold


def _is_slow(minute: Minute) -> bool:
    """Whether p99 is over the objective: more than one of a hundred requests is, or the only ones there are."""
    requests, slow = minute
    return slow > 0 and slow >= requests / 100


@pytest.mark.parametrize("rate", [5, 20, 40, 60, 200])
def test_an_endpoint_that_keeps_its_objective_pages_nobody_for_errors(rate: int) -> None:
    """At exactly 99.9 % a single failure a minute is nothing: no page in four weeks, whatever the traffic."""
    alarm = _alarm(Signal.ERRORS)
    traffic = _traffic(rate, 0.001, seed=rate)
    assert _pages(alarm, [next(traffic) for _ in range(4 * WEEK)], _fails(alarm)) == []


@pytest.mark.parametrize(("rate", "bad"), [(10, 0.5), (40, 0.1), (200, 0.03)])
def test_a_broken_endpoint_pages_within_minutes(rate: int, bad: float) -> None:
    """Half, a tenth or thirty times the budget of requests fail: the page comes within ten minutes."""
    alarm = _alarm(Signal.ERRORS)
    traffic = _traffic(rate, bad, seed=rate)
    assert _pages(alarm, [next(traffic) for _ in range(60)], _fails(alarm))[0] <= 10


@pytest.mark.parametrize("rate", [5, 30, 50, 200])
def test_a_fast_endpoint_seldom_pages_for_latency(rate: int) -> None:
    """Three times better than its objective (0.3 % slow): at most one page a week, also where p99 is the slowest of a few."""
    traffic = _traffic(rate, 0.003, seed=rate)
    weeks = 4
    assert len(_pages(_alarm(Signal.LATENCY), [next(traffic) for _ in range(weeks * WEEK)], _is_slow)) <= weeks


def test_a_slow_endpoint_pages_within_minutes() -> None:
    """A tenth of requests over the objective: the page comes within ten minutes."""
    traffic = _traffic(40, 0.1, seed=1)
    assert _pages(_alarm(Signal.LATENCY), [next(traffic) for _ in range(60)], _is_slow)[0] <= 10
