"""Samples in sandbox time."""

import threading

from hypothesis import given
from hypothesis import settings as relaxed
from hypothesis import strategies as st

from alarmlab.model.metrics import MetricId, dimensions_of
from sandbox.aws.cloudwatch.samples import statistics
from sandbox.aws.cloudwatch.store import MetricKey, MetricStore

KEY = MetricKey("000000000000", "us-east-1", MetricId("N", "M", dimensions_of({"b": "2", "a": "1"})))
T0 = 1_800_000_000 - 1_800_000_000 % 3600


def sums(store: MetricStore, starts: range, key: MetricKey = KEY) -> dict[int, float]:
    """Sum by period start."""
    found = store.series(key, starts, starts.step)
    return dict(zip(found, statistics(list(found.values()), "Sum").tolist(), strict=True))


def test_dimensions_are_exact_and_unordered() -> None:
    """A metric is its exact set of dimensions in any order; a subset of them is another metric."""
    store = MetricStore()
    store.add(KEY, T0, 1)
    same = MetricKey("000000000000", "us-east-1", MetricId("N", "M", dimensions_of({"a": "1", "b": "2"})))
    fewer = MetricKey("000000000000", "us-east-1", MetricId("N", "M", dimensions_of({"a": "1"})))
    assert sums(store, range(T0, T0 + 60, 60), same) == {T0: 1}
    assert sums(store, range(T0, T0 + 60, 60), fewer) == {}


def test_accounts_and_regions_are_apart() -> None:
    """What one account publishes no other lists."""
    store = MetricStore()
    store.add(KEY, T0, 1)
    assert store.keys("000000000000", "us-east-1") == [KEY]
    assert store.keys("111111111111", "us-east-1") == store.keys("000000000000", "eu-west-1") == []


@relaxed(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1799), st.integers(0, 9)), max_size=60), st.sampled_from([10, 30, 60, 300]))
def test_periods_hold_exactly_their_samples(published: list[tuple[int, int]], period: int) -> None:
    """However samples arrive, each period sums those published in [start, start + period)."""
    store = MetricStore()
    for at, value in published:
        store.add(KEY, T0 + at, value)
    expected: dict[int, float] = {}
    for at, value in published:
        start = T0 + at - at % period
        expected[start] = expected.get(start, 0) + value
    assert sums(store, range(T0, T0 + 1800, period)) == dict(sorted(expected.items()))


def test_old_samples_become_minutes_and_then_go() -> None:
    """After three hours of sandbox time a minute is whole, after eight days it is gone, and memory stays bounded."""
    store = MetricStore()
    for second in range(0, 86_400, 10):
        store.add(KEY, T0 + second, 1)
    assert sums(store, range(T0, T0 + 120, 60)) == {T0: 6, T0 + 60: 6}
    store.add(KEY, T0 + 20, 1)
    assert sums(store, range(T0, T0 + 60, 60)) == {T0: 7}
    assert len(store._metrics[KEY].buckets) < 86_400 / 60 + 3 * 360 + 100
    store.add(KEY, T0 + 10 * 86_400, 1)
    assert len(store._metrics[KEY].buckets) == len(store._metrics[KEY].starts) == 1


def test_one_period_with_many_different_values_stays_small() -> None:
    """Thousands of distinct latencies in ten seconds are thinned, and the percentile stays close."""
    store = MetricStore()
    for value in range(20_000):
        store.add(KEY, T0, value)
    [samples] = store.series(KEY, [T0], 60).values()
    assert len(samples.values) <= 1000
    assert samples.count == 20_000
    assert abs(statistics([samples], "p99")[0] - 19_800) < 100


def test_threads_lose_nothing() -> None:
    """Samples of many threads at once all count."""
    store = MetricStore()

    def publish() -> None:
        for index in range(2000):
            store.add(KEY, T0 + index % 50, 1)

    threads = [threading.Thread(target=publish) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums(store, range(T0, T0 + 60, 60)) == {T0: 16_000}
