"""Container output on its way into CloudWatch Logs, in batches."""

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from sandbox.clock import Clock

PutLogEvents = Callable[[str, str, Sequence[tuple[int, str]]], None]
"""Group, stream, and events as (milliseconds of sandbox time, message)."""

_GATHER_SECONDS = 0.1


class LogWriter:
    """Stamps lines with sandbox time and stores them from one thread, a batch a stream."""

    def __init__(self, *, clock: Clock, put: PutLogEvents) -> None:
        self._clock = clock
        self._put = put
        self._lines: queue.Queue[tuple[str, str, int, str] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="container-logs", daemon=True)
        self._thread.start()

    def write(self, group: str, stream: str, line: str) -> None:
        """Queue one line; empty lines are dropped, as Logs refuses them."""
        if line.strip():
            self._lines.put((group, stream, int(self._clock.now() * 1000), line))

    def close(self) -> None:
        """Store what is queued and end the thread."""
        self._lines.put(None)
        self._thread.join(timeout=2)

    def _run(self) -> None:
        ended = False
        while not ended:
            batch: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
            item = self._lines.get()
            store_at = time.monotonic() + _GATHER_SECONDS
            while item is not None:
                group, stream, at, line = item
                batch[group, stream].append((at, line))
                try:
                    item = self._lines.get(timeout=max(0.0, store_at - time.monotonic()))
                except queue.Empty:
                    break
            ended = item is None
            for (group, stream), events in batch.items():
                self._put(group, stream, events)
