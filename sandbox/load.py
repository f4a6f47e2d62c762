"""Clients of the sandbox's endpoint: bursty arrivals of real files."""

import math
import random
import sysconfig
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

# Arrivals of inference requests are burstier than a Poisson process: the rate itself wanders. Here it does so as the exponential
# of an autoregressive process (a log-Gaussian Cox process), which is the usual model for them.
_BURSTINESS = 0.5
_MEMORY_SECONDS = 2.0
_STEP_SECONDS = 0.1
# Sizes of requests are log-normal; a median of 1.5 kB is that of small documents.
_MEDIAN_BYTES = 1500
_SPREAD = 0.8
_CLIENTS = 16


def arrivals(rate: float, chance: random.Random) -> Iterator[float]:
    """Times of arrival (seconds from the start), `rate` a second on average, without end."""
    keep = math.exp(-_STEP_SECONDS / _MEMORY_SECONDS)
    wander, start = 0.0, 0.0
    while True:
        wander = keep * wander + chance.gauss(0, _BURSTINESS * math.sqrt(1 - keep**2))
        at = start + chance.expovariate(now := rate * math.exp(wander - _BURSTINESS**2 / 2))
        while at < start + _STEP_SECONDS:
            yield at
            at += chance.expovariate(now)
        start += _STEP_SECONDS


def documents(chance: random.Random) -> Iterator[bytes]:
    """Beginnings of real files (the standard library's source), of log-normal length, without end."""
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    while True:
        content = chance.choice(files).read_bytes()
        yield content[: max(64, int(_MEDIAN_BYTES * math.exp(chance.gauss(0, _SPREAD))))]


class Load:
    """A context in which requests arrive at an endpoint.

    Args:
        runtime: a SageMaker Runtime client; safe to share between threads.
        endpoint_name: what to call.
        rate: requests a (wall-clock) second on average.
        seed: makes arrivals and documents repeatable.

    Attributes:
        answered: requests that were answered.
        failed: requests that were not.
    """

    def __init__(self, runtime: Any, endpoint_name: str, *, rate: float, seed: int = 7) -> None:
        self._runtime = runtime
        self._endpoint_name = endpoint_name
        self._arrivals = arrivals(rate, random.Random(seed))  # noqa: S311 - not for secrets
        self._documents = documents(random.Random(seed))  # noqa: S311
        self._stopping = threading.Event()
        self._count = threading.Lock()
        self._free = threading.Semaphore(_CLIENTS)
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self.answered = 0
        self.failed = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        begun = time.monotonic()
        with ThreadPoolExecutor(_CLIENTS, thread_name_prefix="client") as clients:
            for at, document in zip(self._arrivals, self._documents, strict=False):
                if self._stopping.wait(max(0.0, begun + at - time.monotonic())):
                    break
                # As many clients as there are wait for an answer; one that finds none free goes away.
                if self._free.acquire(blocking=False):
                    clients.submit(self._invoke, document)

    def _invoke(self, document: bytes) -> None:
        try:
            self._runtime.invoke_endpoint(
                EndpointName=self._endpoint_name, ContentType="application/octet-stream", Body=document
            )["Body"].read()
        except (ClientError, BotoCoreError):
            with self._count:
                self.failed += 1
        else:
            with self._count:
                self.answered += 1
        finally:
            self._free.release()
