"""One alarm over one case as a picture: an SVG that stretches to whatever width there is, with its words beside it in HTML.

A year of minutes has far more values than a picture has columns, so of each column the lowest and the highest are drawn, in
the order in which they came: no spike is lost. Words are outside of the SVG, where stretching cannot distort them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np

from alarmlab.backtest.curve import COLUMNS, Curve, Span
from alarmlab.brief import number
from alarmlab.engine.run import Timeline
from alarmlab.engine.window import Floats, Moments, Truths
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.states import State

_HEIGHT = 1000
_STATES = (State.OK, State.INSUFFICIENT_DATA, State.ALARM)
"""The one that is drawn where a column has several: the last."""
_MOST_LANES = 4
_MANY = 60


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
    parts = [
        _window_shapes(span, windows),
        f'<path class="page{" many" if len(pages) > _MANY else ""}" d="{_marks(span, pages)}"/>',
    ]
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
    xs = span.columns(times)
    ys = np.round(np.clip(heights[there], -_HEIGHT, 2 * _HEIGHT)).astype(np.int64)
    broken: Truths = np.diff(there, prepend=there[0] - 2) > 1
    if len(there) <= 2 * COLUMNS:
        return _written(np.round(xs[there]).astype(np.int64), ys, broken)
    columns = xs[there].astype(np.int64)
    kept, broken = _extremes(columns, ys, broken)
    return _written(columns[kept], ys[kept], broken)


def _extremes(columns: Moments, ys: Moments, broken: Truths) -> tuple[Moments, Truths]:
    """Of each column the lowest and the highest value in the order in which they came, and where the line is broken."""
    first = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
    order = np.lexsort((ys, columns))
    last = np.append(first[1:], len(columns)) - 1
    kept: Moments = np.unique(np.concatenate([order[first], order[last]]))
    # A gap that is narrower than a column is no gap in the picture, where values stand beside it.
    apart = np.diff(columns[kept], prepend=columns[kept][0] - 2) > 1
    gaps = np.cumsum(broken)[kept]
    return kept, apart & (np.diff(gaps, prepend=0) > 0)


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
