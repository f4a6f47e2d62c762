"""The published metrics of one account and region, as alarmlab reads metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alarmlab.engine.window import Floats, Window
from alarmlab.model.metrics import MetricId
from sandbox.aws.cloudwatch.samples import SIMPLE, statistics
from sandbox.aws.cloudwatch.store import MetricKey, MetricStore


@dataclass(frozen=True)
class StoreSource:
    """A `MetricSource` over the store. Its periods are multiples of 10 s that begin at multiples of 10 s."""

    store: MetricStore
    account: str
    region: str

    def values(self, metric: MetricId, stat: str, window: Window, *, unit: str = "") -> Floats:
        """As `MetricSource.values`."""
        key = MetricKey(self.account, self.region, metric)
        if unit and unit != self.store.unit(key):
            return np.full(window.shape, np.nan)
        # Neighbouring rows share most of their periods.
        distinct, place = np.unique(window.starts, return_inverse=True)
        starts = distinct.tolist()
        found = self.store.series(key, starts, window.period, distribution=stat not in SIMPLE)
        values = np.full(len(starts), np.nan)
        values[[start in found for start in starts]] = statistics(list(found.values()), stat)
        return values[place]

    def metrics(self, namespace: str) -> Sequence[MetricId]:
        """As `MetricSource.metrics`: in the order in which they were first published."""
        found = self.store.keys(self.account, self.region)
        return [key.metric for key in found if key.metric.namespace == namespace]
