"""The periods that evaluations look at."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Moments = NDArray[np.int64]
Truths = NDArray[np.bool_]
Codes = NDArray[np.int8]
AnyArray = NDArray[Any]

_WEEK = 604_800
_FIRST_MONDAY = 345_600
"""The first Monday in Unix seconds: weeks of the clock begin on Monday at 00:00, the start of the ISO 8601 week.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
"""


@dataclass(frozen=True, eq=False)
class Window:
    """One row of periods for each moment.

    Args:
        moments: Unix seconds of the evaluations, ascending.
        period: seconds.
        periods: how many periods each evaluation looks at.
        wall_clock: whole periods of the clock (UTC), the newest one completed, instead of ones that end at the moment.
    """

    moments: Moments
    period: int
    periods: int
    wall_clock: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Moments and periods."""
        return len(self.moments), self.periods

    @property
    def ends(self) -> Moments:
        """Where the newest period of each row ends."""
        if not self.wall_clock:
            return self.moments
        first = _FIRST_MONDAY if self.period == _WEEK else 0
        return self.moments - (self.moments - first) % self.period

    @property
    def starts(self) -> Moments:
        """Where each period begins: rows of moments, columns from the oldest period to the newest."""
        back: Moments = self.period * np.arange(self.periods, 0, -1, dtype=np.int64)
        return self.ends[:, np.newaxis] - back[np.newaxis, :]


def moments_between(first: int, last: int, interval: int) -> Moments:
    """The evaluations after `first` up to and with `last`: multiples of `interval`, in Unix seconds."""
    return np.arange((first // interval + 1) * interval, last + 1, interval, dtype=np.int64)
