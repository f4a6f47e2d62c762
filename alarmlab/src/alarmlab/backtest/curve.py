"""What is drawn of an alarm: its values over a stretch of time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from alarmlab.backtest.shelf import Shelf
from alarmlab.engine.bands import band_of
from alarmlab.engine.metric_alarm import datapoints, window_of
from alarmlab.engine.window import Floats, Moments
from alarmlab.errors import InputError
from alarmlab.model.alarms import MetricAlarm

COLUMNS = 1000
"""How many columns a picture has."""
_CELLS = 1 << 20
_STEPS = (600, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 1_209_600)
_MOST_TICKS = 8


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of time that is drawn.

    Args:
        start: Unix second at the left.
        end: Unix second at the right.
    """

    start: int
    end: int

    def x(self, moment: float) -> float:
        """Where a moment is, in columns."""
        return (moment - self.start) / (self.end - self.start) * COLUMNS

    def columns(self, times: Moments) -> Floats:
        """Where moments are, in columns."""
        found: Floats = (times - self.start) / (self.end - self.start) * COLUMNS
        return found

    def percent(self, moment: float) -> str:
        """Where a moment is, for CSS."""
        return f"{min(max(self.x(moment) / COLUMNS * 100, 0), 100):.2f}%"

    def ticks(self) -> Iterator[tuple[int, str]]:
        """Round times with their labels; of a long stretch the beginnings of months."""
        length = self.end - self.start
        step = next((step for step in _STEPS if length / step <= _MOST_TICKS), None)
        if step is None:
            yield from self._months(-(-length // (_MOST_TICKS * 2_678_400)))
            return
        for moment in range(-(-self.start // step) * step, self.end, step):
            at = datetime.fromtimestamp(moment, UTC)
            yield moment, f"{at.day} {at:%b}" if step >= 86_400 or at.hour == 0 else f"{at:%H:%M}"

    def _months(self, apart: int) -> Iterator[tuple[int, str]]:
        at = datetime.fromtimestamp(self.start, UTC)
        for month in range(at.year * 12, at.year * 12 + 12 * (3 + (self.end - self.start) // 31_536_000), apart):
            first = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
            if self.start <= first.timestamp() < self.end:
                yield int(first.timestamp()), f"{first:%b %Y}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """What an alarm compares.

    Args:
        times: the middle of each period, Unix seconds.
        values: NaN where there is none.
        band: its lower and upper bound, for an alarm on a band.
    """

    times: Moments
    values: Floats
    band: tuple[Floats, Floats] | None = None


def curve_of(alarm: MetricAlarm, shelf: Shelf, span: Span) -> Curve | None:
    """What the alarm compares, one value a period; None where nothing of it can be read.

    Periods begin where the recording's do, so that each value is drawn once.
    """
    period = alarm.settings.period
    starts = [
        several[0].start for query in alarm.queries if query.metric and (several := shelf.series.get(query.metric))
    ]
    phase = min(starts, default=span.start) % period
    moments = np.arange((span.start - phase) // period * period + phase + period, span.end + 1, period, dtype=np.int64)
    if not len(moments):
        return None
    settings = replace(alarm.settings, wall_clock=False)
    plain = replace(alarm, settings=settings)
    rows = max(1, _CELLS // settings.periods_looked_at)
    values, lower, upper = [], [], []
    try:
        for at in range(0, len(moments), rows):
            block = moments[at : at + rows]
            values.append(np.array(datapoints(plain, shelf, block)[:, -1]))
            if alarm.band:
                low, high = band_of(plain, shelf, window_of(plain, block))
                lower.append(np.array(low[:, -1]))
                upper.append(np.array(high[:, -1]))
    except InputError:
        return None
    band = (np.concatenate(lower), np.concatenate(upper)) if alarm.band else None
    return Curve(times=moments - period // 2, values=np.concatenate(values), band=band)
