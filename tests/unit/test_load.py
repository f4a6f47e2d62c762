"""The sandbox's clients: arrivals, documents, and what is counted."""

import random
import statistics
import sysconfig
import threading
import time
from collections import Counter
from itertools import islice, pairwise, takewhile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from sandbox.load import Load, arrivals, documents

RATE = 25.0
SECONDS = 2000


@pytest.fixture(scope="module")
def counts() -> list[int]:
    """Arrivals in each of two thousand seconds."""
    times = takewhile(lambda at: at < SECONDS, arrivals(RATE, random.Random(7)))
    counted = Counter(int(at) for at in times)
    return [counted[second] for second in range(SECONDS)]


def test_as_many_arrive_as_asked(counts: list[int]) -> None:
    """The rate wanders, its mean is the one asked for."""
    assert statistics.mean(counts) == pytest.approx(RATE, rel=0.1)


def test_arrivals_are_burstier_than_poisson(counts: list[int]) -> None:
    """The variance of the counts is several times their mean; for a Poisson process it is one time."""
    assert statistics.variance(counts) / statistics.mean(counts) > 3


def test_bursts_last(counts: list[int]) -> None:
    """A busy second follows a busy second: what is bursty is the rate, not single seconds."""
    assert statistics.correlation(counts[:-1], counts[1:]) > 0.3
    assert abs(statistics.correlation(counts[:-60], counts[60:])) < 0.1


@given(seed=st.integers(0, 2**32), rate=st.floats(0.5, 200))
def test_arrivals_come_in_order_and_again_the_same(seed: int, rate: float) -> None:
    """Times grow from zero on; the same seed gives the same."""
    times = list(islice(arrivals(rate, random.Random(seed)), 50))
    assert times[0] >= 0
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times == list(islice(arrivals(rate, random.Random(seed)), 50))


def test_documents_are_beginnings_of_real_files_of_many_lengths() -> None:
    """Around 1.5 kB in the middle, a fraction of that and several times that at the ends."""
    files = [path.read_bytes() for path in Path(sysconfig.get_path("stdlib")).glob("*.py")]
    found = list(islice(documents(random.Random(7)), 400))
    assert all(any(content.startswith(document) for content in files) for document in found[:40])
    lengths = sorted(len(document) for document in found)
    assert 1000 < statistics.median(lengths) < 2000
    assert lengths[20] < 600
    assert lengths[-20] > 4000


class Runtime:
    """Stands in for the SageMaker Runtime client: every third call fails, and each takes a moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls: list[dict[str, Any]] = []

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        """Take the request."""
        with self._lock:
            self.calls.append(request)
            fails = len(self.calls) % 3 == 0
        if fails:
            raise ClientError({"Error": {"Code": "ModelError", "Message": "no"}}, "InvokeEndpoint")
        return {"Body": _Body()}


class _Body:
    def read(self) -> bytes:
        return b"{}"


def test_answers_and_failures_are_counted() -> None:
    """Every call is either answered or failed; after leaving, no more come."""
    runtime = Runtime()
    with Load(runtime, "ranker", rate=200) as load:
        time.sleep(0.5)
    made = len(runtime.calls)
    assert made > 20
    assert load.failed == made // 3
    assert load.answered == made - load.failed
    assert {call["EndpointName"] for call in runtime.calls} == {"ranker"}
    time.sleep(0.1)
    assert len(runtime.calls) == made
