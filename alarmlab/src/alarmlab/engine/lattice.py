"""How rows of periods are read off a series of steps.

Neighbouring evaluations look at mostly the same periods. All periods of all rows end on a lattice, so each is computed
once, and the rows are a view of the lattice.
"""

import math
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import as_strided

from alarmlab.engine.rolling import Steps, padded
from alarmlab.engine.window import AnyArray, Floats, Moments, Window


class Series(Protocol):
    """A series of steps."""

    @property
    def start(self) -> int:
        """Unix second at which the first step begins."""

    @property
    def step(self) -> int:
        """Seconds."""

    def at_steps(self, stat: str) -> Floats:
        """The statistic of each step."""

    def over(self, steps: Steps, stat: str) -> Floats:
        """The statistic of several steps together."""


def read(series: Series, stat: str, window: Window) -> Floats:
    """The statistic of each period of `window`; may be a view."""
    if 0 in window.shape:
        return np.empty(window.shape)
    rows = _complete(series, stat, window)
    return _cut(rows, series, stat, window)


def _complete(series: Series, stat: str, window: Window) -> Floats:
    """Each period with all of its steps, also those that a row cannot have seen to their end."""
    ends, period, periods = window.ends, window.period, window.periods
    apart = np.diff(ends)
    pitch = math.gcd(int(np.gcd.reduce(apart)) if len(apart) else 0, period)
    first = int(ends[0]) - (periods - 1) * period
    points = (int(ends[-1]) - first) // pitch + 1
    if points > ends.size * periods:
        cells = window.starts.ravel() + period
        return _periods(series, stat, cells, period, pitch=0).reshape(window.shape)
    lattice = _periods(series, stat, first + pitch * np.arange(points), period, pitch)
    along = period // pitch
    if len(apart) and (apart == apart[0]).all():
        down = int(apart[0]) // pitch
        size = lattice.strides[0]
        view: AnyArray = as_strided(lattice, window.shape, (down * size, along * size), writeable=False)
        return view
    places: Moments = ((ends - first) // pitch)[:, np.newaxis] - along * np.arange(periods - 1, -1, -1)
    return np.asarray(lattice[places])


def _periods(series: Series, stat: str, ends: Moments, period: int, pitch: int) -> Floats:
    """The statistic of the periods that end at `ends`, which are `pitch` seconds apart (0: at no one distance)."""
    step = series.step
    first = -((series.start - ends + period) // step)
    beyond = -((series.start - ends) // step)
    if period <= step:
        return _at_most_one(series.at_steps(stat), first, beyond, regular=period == step and pitch == step)
    return series.over(Steps(first, beyond, pitch // step if pitch % step == 0 else 0), stat)


def _at_most_one(values: Floats, first: Moments, beyond: Moments, *, regular: bool) -> Floats:
    """Periods that hold one step or none."""
    if regular:
        return padded(values, int(first[0]), int(beyond[-1]), np.nan)
    there = (beyond > first) & (first >= 0) & (first < len(values))
    return np.where(there, values[np.clip(first, 0, len(values) - 1)], np.nan)


def _cut(rows: Floats, series: Series, stat: str, window: Window) -> Floats:
    """`rows` without the steps that had not ended at the row's moment: at most the newest ones of each row."""
    step, period = series.step, window.period
    newest = min(window.periods, max(1, -(-step // period)))
    ends = window.ends[:, np.newaxis] - period * np.arange(newest - 1, -1, -1)
    seen = np.broadcast_to(((window.moments - series.start) // step)[:, np.newaxis], ends.shape)
    beyond = -((series.start - ends) // step)
    unseen = beyond > seen
    if not unseen.any():
        return rows
    row, column = np.nonzero(unseen)
    first = -((series.start - ends + period) // step)
    rows = rows.copy()
    rows[row, column + window.periods - newest] = (
        np.nan if period <= step else series.over(Steps(first[unseen], seen[unseen]), stat)
    )
    return rows
