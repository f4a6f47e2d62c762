"""What metric math computes with: numbers, time series, arrays of time series, each once for every row of a window."""

from dataclasses import dataclass

import numpy as np

from alarmlab.engine.window import AnyArray, Floats, Truths


@dataclass(frozen=True, eq=False)
class Scalar:
    """A number for each row: `values` is [T, 1], NaN where a row has none (the largest of no values)."""

    values: Floats


@dataclass(frozen=True, eq=False)
class Series:
    """A time series for each row: `values` is [T, K], NaN where a datapoint is missing; `period` in seconds."""

    values: Floats
    period: int


@dataclass(frozen=True, eq=False)
class SeriesArray:
    """Several time series for each row.

    Args:
        values: [N, T, K]; NaN where a row has no N-th series.
        period: seconds.
        there: [N, T], whether a row's array has an N-th series at all; those that it has come first.
    """

    values: Floats
    period: int
    there: Truths

    @property
    def count(self) -> Floats:
        """How many series each row has: [T, 1]."""
        count: Floats = self.there.sum(axis=0, dtype=np.float64)
        return count[:, np.newaxis]


Value = Scalar | Series | SeriesArray


def stacked(parts: list[Series], period: int, shape: tuple[int, int]) -> SeriesArray:
    """An array of `parts`; `shape` is that of each."""
    values = np.stack([part.values for part in parts]) if parts else np.empty((0, *shape))
    return SeriesArray(values, period, np.ones((len(parts), shape[0]), dtype=bool))


def finite(values: Floats) -> Floats:
    """`values` without what is not a number: CloudWatch drops such datapoints."""
    return np.where(np.isfinite(values), values, np.nan)


def filled(values: AnyArray, other: AnyArray) -> Floats:
    """`values` with 0 where only `other` has a datapoint."""
    return np.where(np.isnan(values) & ~np.isnan(other), 0.0, values)
