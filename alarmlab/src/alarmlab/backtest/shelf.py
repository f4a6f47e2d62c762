"""Recorded tracks as a source: one series of each metric for each length of step."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alarmlab.backtest.track import Grid, Track, grid_of
from alarmlab.engine.recording import Recording, SampleSeries, StatisticSeries
from alarmlab.engine.window import Floats, Moments, Window
from alarmlab.errors import InputError
from alarmlab.model.metrics import MetricId

_MOST_SAMPLES = 60_000_000
Series = SampleSeries | StatisticSeries


@dataclass(frozen=True, kw_only=True, eq=False)
class Shelf:
    """What was recorded: a `MetricSource`.

    CloudWatch keeps old values in longer periods than new ones, and percentiles of a long period do not follow from those of
    a short one, so a metric may have several series.

    Args:
        series: of each metric, the shortest step first.
        notes: what was odd about what was read.
    """

    series: Mapping[MetricId, tuple[Series, ...]]
    notes: tuple[str, ...] = ()

    @property
    def start(self) -> int:
        """Where the first step begins, Unix seconds."""
        return min(series.start for all_of_it in self.series.values() for series in all_of_it)

    @property
    def end(self) -> int:
        """Where the last step ends, Unix seconds."""
        return max(_end(series) for all_of_it in self.series.values() for series in all_of_it)

    def values(self, metric: MetricId, stat: str, window: Window, *, unit: str = "") -> Floats:
        """See `MetricSource.values`.

        The series whose step is the period answers, else the one with the shortest step that knows the statistic; what lies
        before its beginning is read from the others.
        """
        known = sorted(self.series.get(metric, ()), key=lambda series: (series.step != window.period, series.step))
        if not known:
            return Recording({}).values(metric, stat, window, unit=unit)
        if len(known) == 1:
            return Recording({metric: known[0]}).values(metric, stat, window, unit=unit)
        answer: Floats | None = None
        begins, problem = 0, InputError(f"{metric}: {stat} was not recorded")
        for series in known:
            try:
                found = Recording({metric: series}).values(metric, stat, window, unit=unit)
            except InputError as error:
                problem = error
                continue
            if answer is None:
                answer, begins = found, series.start
            elif series.start < begins:
                answer, begins = np.where(window.starts < begins, found, answer), series.start
        if answer is None:
            raise problem
        return answer

    def metrics(self, namespace: str) -> Sequence[MetricId]:
        """See `MetricSource.metrics`."""
        return [metric for metric in self.series if metric.namespace == namespace]


def shelf_of(tracks: Iterable[Track]) -> Shelf:
    """Tracks put together: samples of one metric by step, statistics of one step side by side, files one after the other.

    Raises:
        InputError: no values at all, or statistics whose rows are on no grid.
    """
    groups: dict[tuple[MetricId, str, bool, int | None], list[Track]] = defaultdict(list)
    for track in tracks:
        there = ~np.isnan(track.values)
        if there.any():
            kept = replace(track, times=track.times[there], values=track.values[there])
            groups[track.metric, track.unit, not track.stat, track.step].append(kept)
    if not groups:
        raise InputError("the recording holds no value")
    notes: list[str] = []
    found: dict[MetricId, list[Series]] = defaultdict(list)
    for (metric, _, are_samples, _), group in groups.items():
        try:
            found[metric].append((_samples if are_samples else _statistics)(group, notes))
        except InputError as error:
            raise InputError(f"{group[0].origin}: {error}") from None
    series = {metric: tuple(sorted(several, key=lambda one: one.step)) for metric, several in found.items()}
    return Shelf(series=series, notes=tuple(notes))


def _samples(group: Sequence[Track], notes: list[str]) -> SampleSeries:
    times = np.concatenate([track.times for track in group])
    values = np.concatenate([track.values for track in group])
    grid = grid_of(times, group[0].step)
    order = np.argsort(times, kind="stable")
    places = grid.places(times[order])
    column = np.arange(len(places)) - np.searchsorted(places, places)
    rows, most = int(places[-1]) + 1, int(column.max()) + 1
    if rows * most > _MOST_SAMPLES:
        raise InputError(f"up to {most} samples in each of {rows} steps of {grid.step} s: give another --period")
    samples = np.full((rows, most), np.nan)
    samples[places, column] = values[order]
    notes += _oddities(group[0], times, places, grid)
    return SampleSeries(grid.start, grid.step, samples, group[0].unit)


def _statistics(group: Sequence[Track], notes: list[str]) -> StatisticSeries:
    times = np.concatenate([track.times for track in group])
    grid = grid_of(times, group[0].step)
    if not grid.is_regular:
        raise InputError(f"{group[0].metric}: statistics at irregular times: say with --period what a row stands for")
    rows = int(grid.places(times).max()) + 1
    statistics: dict[str, Floats] = {}
    twice = 0
    for track in group:
        column = statistics.setdefault(track.stat, np.full(rows, np.nan))
        places = grid.places(track.times)
        twice += len(places) - len(np.unique(places)) + int((~np.isnan(column[np.unique(places)])).sum())
        column[places] = track.values
    gaps = int(np.isnan(np.stack(list(statistics.values()))).all(axis=0).sum())
    if gaps:
        notes.append(
            f"{group[0].metric}: periods of {grid.step} s without a value: {gaps} of {rows}: they are missing data"
        )
    if twice:
        notes.append(f"{group[0].metric}: values that are there twice: {twice}: the last one counts")
    return StatisticSeries(grid.start, grid.step, statistics, group[0].unit)


def _oddities(track: Track, times: Moments, places: Moments, grid: Grid) -> list[str]:
    notes = []
    rows = int(places[-1]) + 1
    if not grid.is_regular:
        notes.append(f"{track.origin}: rows at irregular times: each is a sample of its period of {grid.step} s")
    elif (together := len(places) - len(np.unique(places))) > 0:
        notes.append(f"{track.origin}: rows that share a period with another: {together}: they are its samples")
    if grid.is_regular and (gaps := rows - len(np.unique(places))) > 0:
        notes.append(
            f"{track.origin}: periods of {grid.step} s without a value: {gaps} of {rows}: they are missing data"
        )
    if (np.diff(times) < 0).any():
        notes.append(f"{track.origin}: rows are not in order of time: sorted")
    return notes


def _end(series: Series) -> int:
    return series.start + len(series) * series.step
