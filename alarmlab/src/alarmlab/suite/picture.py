"""Small pictures for a terminal: a metric with its limits, states below it, and what was expected when.

They fit 80 columns. Where the output cannot show blocks and braille, ASCII takes their place.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from alarmlab.brief import number
from alarmlab.engine.run import Timeline
from alarmlab.engine.window import Floats, Moments, Truths
from alarmlab.model.states import State
from alarmlab.times import written

PLOT = 62
"""Columns of time."""
MARGIN = 14
"""Columns for what is on the left of them."""
HEIGHT = 8
_LABEL = MARGIN - 2
_TICKS = (
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
    2_592_000,
    7_776_000,
)
_TICK_COLUMNS = 9
# Dots of a braille cell by row and column, as Unicode numbers them.
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


@dataclass(frozen=True, kw_only=True)
class Glyphs:
    """What a picture is drawn with; limits are dashes of braille where there is braille."""

    states: dict[State, str]
    limit: str
    tick: str
    axis: str
    page: str
    mark: str
    span: str
    braille: bool


UNICODE = Glyphs(
    states={State.OK: "▁", State.ALARM: "█", State.INSUFFICIENT_DATA: "░"},
    limit="",
    tick="┤",
    axis="│",
    page="●",
    mark="▲",
    span="─",
    braille=True,
)
ASCII = Glyphs(
    states={State.OK: "_", State.ALARM: "#", State.INSUFFICIENT_DATA: "?"},
    limit="-",
    tick="|",
    axis="|",
    page="!",
    mark="^",
    span="-",
    braille=False,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """Datapoints.

    Args:
        moments: Unix seconds, ascending.
        values: NaN where there is none.
        limits: what they are compared with: a value for each moment.
    """

    moments: Moments
    values: Floats
    limits: tuple[Floats, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What was expected, from one moment to another, in words below the picture."""

    first: int
    last: int
    words: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """What is shown of one alarm.

    Args:
        title: a line or two above it.
        start: Unix second at the left.
        end: Unix second at the right.
        curve: None where there is no single number to show.
        states: rows of states, each with its label.
        pages: Unix seconds.
    """

    title: str
    start: int
    end: int
    curve: Curve | None
    states: tuple[tuple[str, Timeline], ...]
    pages: tuple[int, ...]
    marks: tuple[Mark, ...]


def draw(picture: Picture, glyphs: Glyphs) -> list[str]:
    """The lines of the picture."""
    scale = _Scale(picture.start, max(picture.end, picture.start + 1))
    lines = [picture.title]
    if picture.curve is not None:
        lines += _curve(picture.curve, scale, glyphs)
    states = [(label, _states(timeline, scale, glyphs)) for label, timeline in picture.states]
    lines += [_row(label, cells) for label, cells in states]
    if picture.pages:
        cells = [" "] * PLOT
        for moment in picture.pages:
            cells[scale.column(moment)] = glyphs.page
        lines.append(_row("pages", "".join(cells)))
    lines.append(_row("", _axis(scale)))
    for mark in picture.marks:
        lines += _mark(mark, scale, glyphs)
    shown = [state for state in State if any(glyphs.states[state] in cells for _, cells in states)]
    lines.append(_row("", "  ".join(f"{glyphs.states[state]} {state}" for state in shown)))
    return [line.rstrip() for line in lines]


@dataclass(frozen=True)
class _Scale:
    start: int
    end: int

    def column(self, moment: float) -> int:
        """Where a moment is."""
        share = (moment - self.start) / (self.end - self.start)
        return min(PLOT - 1, max(0, int(share * PLOT)))

    def bounds(self) -> Iterator[tuple[float, float]]:
        """Between which moments each column lies."""
        width = (self.end - self.start) / PLOT
        for column in range(PLOT):
            yield self.start + column * width, self.start + (column + 1) * width


def _row(label: str, cells: str) -> str:
    short = label if len(label) <= _LABEL else f"{label[: _LABEL - 2]}.."
    return f"{short:>{_LABEL}}  {cells}"


def _states(timeline: Timeline, scale: _Scale, glyphs: Glyphs) -> str:
    """The state in each column: an alarm is seen, however short it was."""
    cells = []
    for first, last in scale.bounds():
        inside = [
            timeline.state(first),
            *(to for at, to in zip(timeline.at, timeline.to, strict=True) if first <= at < last),
        ]
        cells.append(State.ALARM if State.ALARM in inside else inside[-1])
    return "".join(glyphs.states[state] for state in cells)


def _axis(scale: _Scale) -> str:
    length = scale.end - scale.start
    step = next((tick for tick in _TICKS if tick * PLOT >= length * _TICK_COLUMNS), _TICKS[-1])
    cells = [" "] * (PLOT + MARGIN)
    free = 0
    for moment in range(0, length + 1, step):
        column, label = scale.column(scale.start + moment), written(moment)
        if column >= free and column + len(label) <= PLOT + 3:
            cells[column : column + len(label)] = label
            free = column + len(label) + 1
    return "".join(cells).rstrip()


def _mark(mark: Mark, scale: _Scale, glyphs: Glyphs) -> list[str]:
    first, last = scale.column(mark.first), scale.column(mark.last)
    pointer = glyphs.mark if first == last else glyphs.mark + glyphs.span * (last - first - 1) + glyphs.mark
    right = first + len(pointer) + 1
    if right + len(mark.words) <= PLOT + 3:
        return [_row("", " " * first + pointer + " " + mark.words)]
    if len(mark.words) + 1 <= first:
        return [_row("", f"{mark.words:>{first - 1}} {pointer}")]
    return [_row("", " " * first + pointer), f"  {mark.words}"]


def _curve(curve: Curve, scale: _Scale, glyphs: Glyphs) -> list[str]:
    finite = [values[np.isfinite(values)] for values in (curve.values, *curve.limits)]
    if not len(finite[0]):
        return [_row("", "no datapoints")]
    everything = np.concatenate(finite)
    low, high = float(everything.min()), float(everything.max())
    if low == high:
        margin = abs(low) / 2 or 1.0
        low, high = low - margin, high + margin
    across, down = (2, 4) if glyphs.braille else (1, 1)
    raster = _Raster(scale=scale, columns=PLOT * across, rows=HEIGHT * down, low=low, high=high)
    lines = raster.empty()
    labels = {0: number(high), HEIGHT - 1: number(low)}
    for limit in curve.limits:
        # Dashed, so that it differs from the metric where both run through one cell.
        for column, inside in raster.filled(curve.moments, limit):
            lines[inside, column] |= not glyphs.braille or column % 4 < 2
        constant = limit[np.isfinite(limit)]
        if len(constant) and (constant == constant[0]).all():
            labels[raster.row(float(constant[0])) // down] = number(float(constant[0]))
    grid = raster.empty()
    for column, inside in raster.filled(curve.moments, curve.values):
        grid[inside, column] = True
    cells = _braille(grid | lines) if glyphs.braille else _plain(grid, lines, glyphs)
    return [
        f"{labels.get(row, ''):>{_LABEL}}{glyphs.tick if row in labels else glyphs.axis} {line}"
        for row, line in enumerate(cells)
    ]


@dataclass(frozen=True, kw_only=True)
class _Raster:
    """Dots: rows from the highest value to the lowest."""

    scale: _Scale
    columns: int
    rows: int
    low: float
    high: float

    def empty(self) -> Truths:
        return np.zeros((self.rows, self.columns), dtype=np.bool_)

    def row(self, value: float) -> int:
        return round((self.high - value) / (self.high - self.low) * (self.rows - 1))

    def filled(self, moments: Moments, values: Floats) -> Iterator[tuple[int, slice]]:
        """The rows of each column between its lowest and its highest datapoint; one holds until the next evaluation."""
        edges = self.scale.start + (self.scale.end - self.scale.start) * np.arange(self.columns + 1) / self.columns
        first, beyond = np.searchsorted(moments, edges[:-1]), np.searchsorted(moments, edges[1:])
        for column in range(self.columns):
            inside = values[first[column] : beyond[column]]
            if not len(inside) and first[column]:
                inside = values[first[column] - 1 : first[column]]
            inside = inside[np.isfinite(inside)]
            if len(inside):
                yield column, slice(self.row(float(inside.max())), self.row(float(inside.min())) + 1)


def _braille(grid: Truths) -> list[str]:
    blocks = grid.reshape(HEIGHT, 4, PLOT, 2)
    codes = (blocks * _DOTS[np.newaxis, :, np.newaxis, :]).sum(axis=(1, 3))
    return ["".join(chr(0x2800 + code) if code else " " for code in row) for row in codes]


def _plain(grid: Truths, lines: Truths, glyphs: Glyphs) -> list[str]:
    return [
        "".join("*" if dot else glyphs.limit if line else " " for dot, line in zip(*rows, strict=True))
        for rows in zip(grid, lines, strict=True)
    ]
