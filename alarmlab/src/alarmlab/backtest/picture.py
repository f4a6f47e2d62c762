"""One alarm over one case as a picture: an SVG that stretches to whatever width there is, with its words beside it in HTML.

A year of minutes has far more values than a picture has columns, so of each column the lowest and the highest are drawn, in
the order in which they came: no spike is lost. Words are outside of the SVG, where stretching cannot distort them.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from itertools import pairwise

import numpy as np

from alarmlab.backtest.shelf import Shelf
from alarmlab.engine.bands import band_of
from alarmlab.engine.metric_alarm import datapoints
from alarmlab.engine.run import Timeline
from alarmlab.engine.window import Floats, Moments, Truths, Window
from alarmlab.errors import InputError
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.states import State
from alarmlab.suite.picture import number

COLUMNS = 1000
_HEIGHT = 1000
_CELLS = 1 << 20
_STATES = (State.OK, State.INSUFFICIENT_DATA, State.ALARM)
"""The one that is drawn where a column has several: the last."""
_STEPS = (600, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600)
_MOST_TICKS = 6
_MOST_LANES = 4


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
                low, high = band_of(plain, shelf, Window(block, period, settings.periods_looked_at))
                lower.append(np.array(low[:, -1]))
                upper.append(np.array(high[:, -1]))
    except InputError:
        return None
    band = (np.concatenate(lower), np.concatenate(upper)) if alarm.band else None
    return Curve(times=moments - period // 2, values=np.concatenate(values), band=band)


@dataclass(frozen=True, kw_only=True)
class _Scale:
    low: float
    high: float

    @classmethod
    def of(cls, curve: Curve, threshold: float | None) -> "_Scale":
        """All values; the threshold too, unless everything else would be a flat line then."""
        shown = [curve.values, *(curve.band or ())]
        finite = np.concatenate(shown)
        finite = finite[np.isfinite(finite)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
        size = (high - low) or abs(high) or 1.0
        if threshold is not None and low - 4 * size <= threshold <= high + 4 * size:
            low, high = min(low, threshold), max(high, threshold)
        margin = 0.06 * ((high - low) or size)
        return cls(low=0.0 if 0 <= low < 0.3 * high else low - margin, high=high + margin)

    def y(self, values: Floats) -> Floats:
        """Heights from above."""
        found: Floats = (self.high - values) / (self.high - self.low) * _HEIGHT
        return found

    def ticks(self) -> list[float]:
        """Round values."""
        rough = (self.high - self.low) / 4
        size = 10 ** math.floor(math.log10(rough))
        step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= rough)
        first = math.ceil(self.low / step)
        return [index * step for index in range(first, math.floor(self.high / step) + 1)]


def plot(
    alarm: MetricAlarm,
    curve: Curve,
    span: Span,
    *,
    name: str,
    windows: Sequence[tuple[int, int]],
    pages: Sequence[int],
) -> str:
    """The values against the threshold or band, with labelled windows and pages: HTML."""
    threshold = alarm.settings.threshold
    scale = _Scale.of(curve, threshold)
    line = path(span, curve.times, scale.y(curve.values))
    parts = [_window_shapes(span, windows), f'<path class="page" d="{_marks(span, pages)}"/>']
    if curve.band is not None:
        parts.append(f'<path class="band" d="{_band(span, curve, scale)}"/>')
    parts.append(f'<path id="{name}" class="line" d="{line}"/>')
    labels = [
        f'<i class="y" style="top:{top:.2f}%">{escape(number(tick))}</i>'
        for tick in scale.ticks()
        if 2 < (top := float(scale.y(np.array(tick))) / _HEIGHT * 100) < 98
    ]
    if threshold is not None:
        height = float(scale.y(np.array(threshold)))
        if 0 <= height <= _HEIGHT:
            above = alarm.settings.comparison.startswith("Greater")
            top, bottom = (0, height) if above else (height, _HEIGHT)
            parts.append(
                f'<clipPath id="{name}c"><rect width="{COLUMNS}" y="{top:.0f}" height="{bottom - top:.0f}"/></clipPath>'
            )
            parts.append(f'<path class="threshold" d="M0 {height:.0f}H{COLUMNS}"/>')
            parts.append(f'<path class="line over" clip-path="url(#{name}c)" d="{line}"/>')
            labels.append(f'<i class="t" style="top:{height / _HEIGHT * 100:.2f}%">{escape(number(threshold))}</i>')
        else:
            side = "above" if height < 0 else "below"
            labels.append(f'<i class="t {side}">threshold {escape(number(threshold))} is far {side}</i>')
    grid = "".join(f"M{span.x(moment):.0f} 0V{_HEIGHT}" for moment, _ in span.ticks())
    body = f'<path class="grid" d="{grid}"/>' + "".join(parts)
    return f'<div class="plot">{_svg(body, _HEIGHT)}{"".join(labels)}</div>'


def ribbon(timeline: Timeline, span: Span) -> str:
    """The states, as a coloured line; of several in one column the worst: HTML."""
    worst = np.zeros(COLUMNS, dtype=np.int8)
    for start, end, state in timeline.spans(span.start, span.end):
        left, right = int(span.x(start)), max(math.ceil(span.x(end)), int(span.x(start)) + 1)
        worst[left:right] = np.maximum(worst[left:right], _STATES.index(state))
    changes = np.flatnonzero(np.diff(worst)) + 1
    edges = [0, *changes.tolist(), COLUMNS]
    shapes = "".join(
        f'<rect class="{_STATES[worst[left]].value.lower()}" x="{left}" width="{right - left}" height="10"/>'
        for left, right in pairwise(edges)
    )
    return f'<div class="ribbon">{_svg(shapes, 10)}</div>'


def strip(span: Span, windows: Sequence[tuple[int, int]], incidents: Sequence[tuple[int, int, str]]) -> str:
    """Labelled windows, and incidents with their class before them; those that overlap one above the other: HTML."""
    lanes: list[int] = []
    placed: list[tuple[int, int, int, str]] = []
    for start, end, kind in sorted(incidents):
        lane = next((lane for lane, until in enumerate(lanes) if until <= start), None)
        if lane is None:
            lane = len(lanes) if len(lanes) < _MOST_LANES else lanes.index(min(lanes))
            lanes += [0] if lane == len(lanes) else []
        lanes[lane] = max(lanes[lane], end)
        placed.append((start, end, lane, kind))
    room = _HEIGHT / max(len(lanes), 2)
    bars = "".join(
        f'<rect class="{kind}" x="{span.x(start):.1f}" width="{max(span.x(end) - span.x(start), 2):.1f}" '
        f'y="{(lane + 0.5 * (len(lanes) < 2)) * room + 60:.0f}" height="{room - 120:.0f}"/>'
        for start, end, lane, kind in placed
    )
    return f'<div class="strip">{_svg(_window_shapes(span, windows) + bars, _HEIGHT)}</div>'


def axis(span: Span) -> str:
    """The times: HTML."""
    labels = "".join(f'<i style="left:{span.percent(at)}">{escape(text)}</i>' for at, text in span.ticks())
    return f'<div class="axis">{labels}</div>'


def path(span: Span, times: Moments, heights: Floats) -> str:
    """The line through values, broken where there are none."""
    there: Moments = np.flatnonzero(~np.isnan(heights))
    if not len(there):
        return ""
    xs, ys = span.columns(times), np.clip(heights, -_HEIGHT, 2 * _HEIGHT)
    broken: Truths = np.diff(there, prepend=there[0] - 2) > 1
    if len(there) > 2 * COLUMNS:
        there, broken = _extremes(xs[there].astype(np.int64), ys[there], there, broken)
    return _written(np.round(xs[there]).astype(np.int64), np.round(ys[there]).astype(np.int64), broken)


def _extremes(columns: Moments, ys: Floats, there: Moments, broken: Truths) -> tuple[Moments, Truths]:
    """Of each column the lowest and the highest value in the order in which they came."""
    first = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
    order = np.lexsort((ys, columns))
    last = np.append(first[1:], len(columns)) - 1
    kept = np.unique(np.concatenate([order[first], order[last]]))
    # A gap that is narrower than a column is no gap in the picture, where values stand beside it.
    apart = np.diff(columns[kept], prepend=columns[kept][0] - 2) > 1
    gaps = np.cumsum(broken)[kept]
    return there[kept], apart & (np.diff(gaps, prepend=0) > 0)


def _written(xs: Moments, ys: Moments, broken: Truths) -> str:
    parts: list[str] = []
    for x, y, dx, dy, breaks in zip(
        xs.tolist(),
        ys.tolist(),
        np.diff(xs, prepend=0).tolist(),
        np.diff(ys, prepend=0).tolist(),
        broken.tolist(),
        strict=True,
    ):
        # `h0` is a point: a value with nothing on either side is seen too.
        parts.append(f"M{x} {y}h0" if breaks else f"l{dx} {dy}" if dy >= 0 else f"l{dx}{dy}")
    return "".join(parts)


def _band(span: Span, curve: Curve, scale: _Scale) -> str:
    if curve.band is None:
        return ""
    lower, upper = (np.clip(scale.y(bound), -_HEIGHT, 2 * _HEIGHT) for bound in curve.band)
    known = ~(np.isnan(lower) | np.isnan(upper))
    xs = np.clip(span.columns(curve.times).astype(np.int64), 0, COLUMNS - 1)
    counts = np.bincount(xs[known], minlength=COLUMNS)
    filled = np.flatnonzero(counts)
    shapes = []
    for run in np.split(filled, np.flatnonzero(np.diff(filled) > max(COLUMNS // max(len(filled), 1) * 3, 1)) + 1):
        if not len(run):
            continue
        high, low = (
            np.round(np.bincount(xs[known], bound[known], COLUMNS)[run] / counts[run]).astype(int)
            for bound in (upper, lower)
        )
        there = "L".join(f"{x} {y}" for x, y in zip(run, high, strict=True))
        back = "L".join(f"{x} {y}" for x, y in zip(run[::-1], low[::-1], strict=True))
        shapes.append(f"M{there}L{back}Z")
    return "".join(shapes)


def _marks(span: Span, moments: Sequence[int]) -> str:
    return "".join(f"M{x} 0V{_HEIGHT}" for x in sorted({round(span.x(moment)) for moment in moments}))


def _window_shapes(span: Span, windows: Sequence[tuple[int, int]]) -> str:
    return "".join(
        f'<rect class="window" x="{span.x(start):.1f}" width="{max(span.x(end) - span.x(start), 1):.1f}" height="{_HEIGHT}"/>'
        for start, end in windows
    )


def _svg(body: str, height: int) -> str:
    return f'<svg viewBox="0 0 {COLUMNS} {height}" preserveAspectRatio="none" aria-hidden="true">{body}</svg>'
