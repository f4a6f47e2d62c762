"""Published samples in sandbox time, bounded in memory."""

import threading
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field

from alarmlab.model.metrics import MetricId
from sandbox.aws.cloudwatch.samples import Samples, merged

RESOLUTION = 10
"""Seconds: the shortest period that can be asked for."""

_FINE_SECONDS = 3 * 3600  # CloudWatch, too, keeps periods under a minute for three hours
_RETENTION_SECONDS = 8 * 86_400  # the longest alarm looks back seven days
_VALUES_PER_BUCKET = 500
_VALUES_PER_OLD_BUCKET = 50


@dataclass(frozen=True, slots=True)
class MetricKey:
    """One metric of one account and region."""

    account: str
    region: str
    metric: MetricId


@dataclass(slots=True)
class _Metric:
    unit: str
    starts: list[int] = field(default_factory=list)
    buckets: dict[int, Samples] = field(default_factory=dict)
    rolled_up_to: int = 0

    def bucket(self, at: float) -> Samples:
        start = int(at // RESOLUTION) * RESOLUTION
        if start < self.rolled_up_to:
            start -= start % 60
        found = self.buckets.get(start)
        if found is None:
            found = self.buckets[start] = Samples()
            insort(self.starts, start)
        return found

    def roll_up(self, now: float) -> None:
        """Join buckets older than three hours into minutes and drop those past retention."""
        edge = int((now - _FINE_SECONDS) // 60) * 60
        if edge < self.rolled_up_to + 600:
            return
        expired = bisect_left(self.starts, now - _RETENTION_SECONDS)
        for start in self.starts[:expired]:
            del self.buckets[start]
        del self.starts[:expired]
        first, last = bisect_left(self.starts, self.rolled_up_to), bisect_left(self.starts, edge)
        minutes: dict[int, Samples] = {}
        for start in self.starts[first:last]:
            minutes.setdefault(start - start % 60, Samples()).merge(self.buckets.pop(start))
        for minute in minutes.values():
            minute.thin(_VALUES_PER_OLD_BUCKET)
        self.buckets |= minutes
        self.starts[first:last] = sorted(minutes)
        self.rolled_up_to = edge


class MetricStore:
    """Samples by metric in buckets of 10 s, of a minute once older than three hours. Safe to use from many threads."""

    def __init__(self) -> None:
        self._metrics: dict[MetricKey, _Metric] = {}
        self._lock = threading.Lock()

    def add(self, key: MetricKey, at: float, value: float, *, count: float = 1.0, unit: str = "None") -> None:
        """Record that `value` was seen `count` times at sandbox time `at`."""
        with self._lock:
            bucket = self._bucket(key, at, unit)
            bucket.add(value, count)
            if len(bucket.values) > 2 * _VALUES_PER_BUCKET:
                bucket.thin(_VALUES_PER_BUCKET)

    def add_set(
        self, key: MetricKey, at: float, *, count: float, total: float, minimum: float, maximum: float, unit: str
    ) -> None:
        """Record a statistic set published for sandbox time `at`."""
        with self._lock:
            self._bucket(key, at, unit).add_set(count=count, total=total, minimum=minimum, maximum=maximum)

    def series(
        self, key: MetricKey, starts: Iterable[int], period: int, *, distribution: bool = True
    ) -> dict[int, Samples]:
        """The samples of each period of those that begin at `starts`, where there are any; all are multiples of 10 s.

        Without `distribution` there are no percentiles, and it is much faster.
        """
        found: dict[int, Samples] = {}
        with self._lock:
            metric = self._metrics.get(key)
            if metric is None:
                return found
            for start in starts:
                first, last = bisect_left(metric.starts, start), bisect_left(metric.starts, start + period)
                if first < last:
                    parts = (metric.buckets[at] for at in metric.starts[first:last])
                    found[start] = merged(parts, distribution=distribution)
        return found

    def unit(self, key: MetricKey) -> str | None:
        """The unit first published for the metric, or None when nothing was."""
        metric = self._metrics.get(key)
        return metric.unit if metric else None

    def keys(self, account: str, region: str) -> list[MetricKey]:
        """Every metric of one account and region."""
        with self._lock:
            return [key for key in self._metrics if key.account == account and key.region == region]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._metrics.clear()

    def _bucket(self, key: MetricKey, at: float, unit: str) -> Samples:
        metric = self._metrics.get(key)
        if metric is None:
            metric = self._metrics[key] = _Metric(unit=unit)
        # The newest sample is the sandbox's own time, so nothing here looks at the wall clock.
        metric.roll_up(at)
        return metric.bucket(at)
