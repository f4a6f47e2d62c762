"""Draws a graph as CloudWatch would: light, UTC, its legend below."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

_COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
_THRESHOLD_COLOR = "#d62728"
_MOMENT_COLOR = "#687078"
_TEXT = "#16191f"
_MUTED = "#545b64"
_GRID = "#eaeded"
_DPI = 100
_LEGEND_COLUMNS = 3


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: values by Unix second."""

    label: str
    values: Mapping[int, float]
    right: bool = False
    color: str | None = None


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A horizontal annotation: a line, or a band up to `to`; `fill` is above, below or none."""

    value: float
    to: float | None = None
    label: str = ""
    color: str | None = None
    fill: str = "none"
    right: bool = False


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A vertical annotation: a moment, or a range up to `to`; `fill` is before, after or none."""

    at: float
    to: float | None = None
    label: str = ""
    color: str | None = None
    fill: str = "none"


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A graph to draw.

    Args:
        start: Unix seconds, as `end`.
        width: pixels, as `height`.
        axes: `yAxis` as a widget has it: left and right, each with label, min, max.
    """

    start: float
    end: float
    width: int
    height: int
    title: str = ""
    lines: tuple[Line, ...] = ()
    stacked: bool = False
    thresholds: tuple[Threshold, ...] = ()
    moments: tuple[Moment, ...] = ()
    axes: Mapping[str, Any] = field(default_factory=dict)


def warm_up() -> None:
    """Import what `draw` needs, which takes about a second."""
    draw(Graph(start=0, end=3600, width=200, height=100))


def draw(graph: Graph) -> bytes:
    """The graph as a PNG of exactly the size asked for. Not for several threads at once: matplotlib has caches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - a second, and few ever draw
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(graph.width / _DPI, graph.height / _DPI), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    right = axes.twinx() if any(line.right for line in graph.lines) else None
    _draw_lines(graph, axes, right)
    _draw_annotations(graph, axes, right)
    _style(graph, axes, right)
    _lay_out(graph, figure, axes)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _days(at: float) -> float:
    """Unix seconds as matplotlib counts dates: in days since 1970."""
    return at / 86_400


def _draw_lines(graph: Graph, axes: "Axes", right: "Axes | None") -> None:
    colors = cycle(_COLORS)
    floor: dict[int, float] = {}
    for line in graph.lines:
        target = right if line.right and right is not None else axes
        color = line.color or next(colors)
        times = sorted(line.values)
        days = [_days(at) for at in times]
        numbers = [line.values[at] for at in times]
        if graph.stacked and target is axes:
            bottoms = [floor.get(at, 0.0) for at in times]
            numbers = [low + number for low, number in zip(bottoms, numbers, strict=True)]
            floor.update(zip(times, numbers, strict=True))
            axes.fill_between(days, bottoms, numbers, color=color, alpha=0.35, linewidth=0)
        # A point alone in its gap would be invisible as a line.
        marker = "o" if len(times) == 1 else None
        target.plot(days, numbers, color=color, linewidth=1.6, marker=marker, markersize=4, label=line.label)


def _draw_annotations(graph: Graph, axes: "Axes", right: "Axes | None") -> None:
    for threshold in graph.thresholds:
        target = right if threshold.right and right is not None else axes
        color = threshold.color or _THRESHOLD_COLOR
        target.axhline(threshold.value, color=color, linewidth=1.2, linestyle=(0, (5, 3)))
        if threshold.to is not None:
            target.axhspan(threshold.value, threshold.to, color=color, alpha=0.12, linewidth=0)
        if threshold.label:
            _write(axes, threshold.label, (0.005, threshold.value), target.get_yaxis_transform(), color, above=True)
    for moment in graph.moments:
        color = moment.color or _MOMENT_COLOR
        at = _days(moment.at)
        axes.axvline(at, color=color, linewidth=1.1)
        if moment.to is not None:
            axes.axvspan(at, _days(moment.to), color=color, alpha=0.12, linewidth=0)
        if moment.label:
            _write(axes, moment.label, (at, 1.0), axes.get_xaxis_transform(), color, above=False)


def _write(
    axes: "Axes", label: str, place: tuple[float, float], transform: "Transform", color: str, *, above: bool
) -> None:
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    axes.annotate(
        label,
        place,
        xycoords=transform,
        xytext=(3, 2 if above else -2),
        textcoords="offset points",
        va="bottom" if above else "top",
        fontsize=8,
        color=color,
        path_effects=[withStroke(linewidth=2.5, foreground="white", alpha=0.85)],
    )


def _short(number: float, _position: float) -> str:
    """1500000 as 1.5M, the way axes say it."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def _style(graph: Graph, axes: "Axes", right: "Axes | None") -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter  # noqa: PLC0415

    axes.set_xlim(_days(graph.start), _days(graph.end))
    axes.xaxis_date(UTC)
    locator = AutoDateLocator(tz=UTC, minticks=3, maxticks=max(3, graph.width // 90))
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        DateFormatter("%H:%M" if graph.end - graph.start <= 86_400 else "%m/%d %H:%M", tz=UTC)
    )
    for target, side in ((axes, "left"), (right, "right")):
        if target is not None:
            _style_axis(target, graph.axes.get(side) or {}, side, graph)
    axes.grid(visible=True, axis="y", color=_GRID, linewidth=1)
    axes.set_axisbelow(True)


def _style_axis(target: "Axes", wanted: Mapping[str, Any], side: str, graph: Graph) -> None:
    on_right = side == "right"
    numbers = [number for line in graph.lines if line.right == on_right for number in line.values.values()]
    numbers += [line.value for line in graph.thresholds if line.right == on_right]
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    margin = (high - low) * 0.12 or abs(high) * 0.12 or 1.0
    from_zero = low >= 0 and (low < high / 2 or graph.stacked)
    bottom = 0.0 if from_zero else low - margin
    target.set_ylim(wanted.get("min", bottom), wanted.get("max", high + margin))
    for threshold in graph.thresholds:
        if threshold.right == on_right and threshold.to is None and threshold.fill in ("above", "below"):
            edges = target.get_ylim()
            edge = edges[1] if threshold.fill == "above" else edges[0]
            target.axhspan(threshold.value, edge, color=threshold.color or _THRESHOLD_COLOR, alpha=0.08, linewidth=0)
            target.set_ylim(*edges)
    target.yaxis.set_major_formatter(_short)
    target.tick_params(colors=_MUTED, labelsize=8, length=0)
    for name, spine in target.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color("#aab7b8")
    if wanted.get("label"):
        target.set_ylabel(wanted["label"], fontsize=8, color=_MUTED)


def _lay_out(graph: Graph, figure: "Figure", axes: "Axes") -> None:
    # A space where there is no title: the date needs the room.
    axes.set_title(graph.title or " ", loc="left", fontsize=10.5, fontweight="bold", color=_TEXT, pad=9)
    day = datetime.fromtimestamp(graph.end, UTC)
    note = f"{day:%Y-%m-%d} UTC"
    handles = [handle for part in figure.axes for handle in part.get_legend_handles_labels()[0]]
    bottom = 0.0
    if handles:
        columns = min(_LEGEND_COLUMNS, len(handles), max(1, graph.width // 180))
        legend = figure.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0.01, 0.0),
            ncols=columns,
            fontsize=8,
            frameon=False,
            labelcolor=_TEXT,
            handlelength=1.1,
            columnspacing=1.4,
            borderaxespad=0.3,
        )
        rows = -(-len(handles) // columns)
        bottom = (rows * 15 + 6) / graph.height
        legend.set_in_layout(False)
    if not any(line.values for line in graph.lines):
        axes.text(0.5, 0.5, "No data available", transform=axes.transAxes, ha="center", color=_MUTED, fontsize=10)
    figure.text(0.99, 0.975, note, ha="right", va="top", fontsize=7.5, color=_MUTED)
    figure.set_layout_engine("constrained", rect=(0.0, bottom, 1.0, 1.0 - bottom), w_pad=0.07, h_pad=0.07)
