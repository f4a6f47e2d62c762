"""Quantiles of classic histograms in PromQL.

https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from alarmlab.engine.promql_vectors import Labels, Vector, nameless
from alarmlab.engine.window import Floats, Truths


def histogram_quantile(share: Floats, vector: Vector) -> Vector:
    """The quantile of classic histograms: series with the upper bound of a bucket in the label `le`."""
    groups: dict[Labels, list[tuple[float, int]]] = defaultdict(list)
    for index, labels in enumerate(vector.labels):
        bound = _bound(dict(labels).get("le", ""))
        if bound is not None:
            groups[tuple(pair for pair in nameless(labels) if pair[0] != "le")].append((bound, index))
    rows = []
    for labels, buckets in groups.items():
        buckets.sort()
        members = [index for _, index in buckets]
        there = vector.present[members]
        bounds = np.array([bound for bound, _ in buckets])
        rows.append(
            (labels, _bucket_quantiles(share, bounds, vector.values[members], there), np.logical_or.reduce(there))
        )
    return Vector.of(rows, vector.moments)


def _bound(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _bucket_quantiles(share: Floats, bounds: Floats, counts: Floats, there: Truths) -> Floats:
    """Moments at which the same buckets are there are worked out together."""
    result = np.full(len(share), np.nan)
    patterns, which = np.unique(there, axis=1, return_inverse=True)
    for index, pattern in enumerate(patterns.T):
        at = np.flatnonzero(which.reshape(-1) == index)
        if pattern.any():
            result[at] = _complete_quantiles(share[at], bounds[pattern], counts[pattern][:, at])
    return result


def _complete_quantiles(share: Floats, bounds: Floats, counts: Floats) -> Floats:
    if len(bounds) < 2 or bounds[-1] != np.inf:
        return np.full(len(share), np.nan)
    rising = np.maximum.accumulate(counts, axis=0)
    total = rising[-1]
    rank = np.clip(share, 0.0, 1.0) * total
    bucket = np.minimum((rising[:-1] < rank).sum(axis=0), len(bounds) - 1)
    at = np.arange(len(share))
    before = np.maximum(bucket - 1, 0)
    start = np.where(bucket > 0, bounds[before], 0.0)
    below = np.where(bucket > 0, rising[before, at], 0.0)
    inside = start + (bounds[bucket] - start) * (rank - below) / (rising[bucket, at] - below)
    found = np.where(bucket == len(bounds) - 1, bounds[-2], inside)
    found = np.where((bucket == 0) & (bounds[0] <= 0), bounds[0], found)
    conditions: Sequence[Truths] = [np.isnan(share), share < 0, share > 1, total == 0]
    return np.select(conditions, [np.nan, -np.inf, np.inf, np.nan], found)
