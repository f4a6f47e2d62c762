"""Recordings as people have them: files and folders, with labels where somebody has labelled what went wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from alarmlab.backtest.nab import Windows, read_windows
from alarmlab.backtest.records_csv import UNNAMED, read_csv
from alarmlab.backtest.records_json import RESULTS, read_json
from alarmlab.backtest.shelf import Shelf, shelf_of
from alarmlab.backtest.track import Track
from alarmlab.engine.window import Moments
from alarmlab.errors import InputError
from alarmlab.files import read_text
from alarmlab.model.metrics import MetricId
from alarmlab.times import minute

LABELS = "combined_windows.json"
"""The name that labels have in a folder of the Numenta Anomaly Benchmark."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One stretch of time that was recorded.

    Args:
        name: the file, or the first of several.
        shelf: its metrics.
        rows: times of the recorded rows, Unix seconds, as they were recorded.
        step: seconds that a row stands for.
        windows: when something was wrong; None where nobody has labelled it.
        notes: what was odd about what was read.
    """

    name: str
    shelf: Shelf
    rows: Moments
    step: int
    windows: Windows | None
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _File:
    name: str
    path: Path
    tracks: Sequence[Track]
    notes: tuple[str, ...]

    @property
    def is_unnamed(self) -> bool:
        return any(track.metric == UNNAMED for track in self.tracks)


def read_cases(
    paths: Iterable[Path],
    *,
    metric: MetricId | None = None,
    labels: Path | None = None,
    queries: Path | None = None,
    period: int | None = None,
) -> list[Case]:
    """Files and folders as cases: those that name their metrics together, each of the others with them as one of its own.

    Args:
        paths: CSV and JSON files, and folders of them.
        metric: what a CSV file that does not name its metric recorded.
        labels: a NAB-style file of labels; None for the folders' own.
        queries: of answers of GetMetricData that stand alone.
        period: seconds that one row stands for; None for what the files say or show.

    Raises:
        InputError: the file, the line and what is wrong there.
    """
    files: list[_File] = []
    found_labels = [labels] if labels is not None else []
    for path in paths:
        if path.is_dir():
            files += _of_folder(path, queries)
            found_labels += [path / LABELS] if labels is None and (path / LABELS).is_file() else []
        else:
            files.append(_read(path, read_text(path), path.name, queries))
    unnamed = [file for file in files if file.is_unnamed]
    if unnamed and metric is None:
        raise InputError(f"{unnamed[0].path}: it does not name its metric: say which with --metric, or --as ALARM")
    named = [file for file in files if not file.is_unnamed]
    groups = [[each, *named] for each in unnamed] or [named]
    known = _labels(found_labels)
    groups = [group for group in groups if group]
    cases = [_case(group, metric or UNNAMED, known, period, alone=len(groups) == 1) for group in groups]
    if not cases:
        raise InputError(f"no CSV or JSON file in {', '.join(map(str, paths))}")
    if known is not None and all(case.windows is None for case in cases):
        several = ", ".join(list(known)[:3]) + ("..." if len(known) > 3 else "")
        raise InputError(f"{found_labels[0]}: it labels {several or 'nothing'}, but what was given is {cases[0].name}")
    return cases


def _of_folder(folder: Path, queries: Path | None) -> list[_File]:
    """CSV files and recordings; what else lies in a folder in JSON may be anything: labels, settings."""
    found = []
    for path in sorted(folder.rglob("*")):
        kind = path.name.lower().removesuffix(".gz")
        if path.is_file() and kind.endswith((".csv", ".json")):
            text = read_text(path)
            if kind.endswith(".csv") or RESULTS in text:
                found.append(_read(path, text, path.relative_to(folder).as_posix(), queries))
    return found


def _read(path: Path, text: str, name: str, queries: Path | None) -> _File:
    if text.lstrip()[:1] in ("{", "["):
        tracks, notes = read_json(path, text, queries)
        return _File(name=name, path=path, tracks=tracks, notes=notes)
    return _File(name=name, path=path, tracks=read_csv(path, text), notes=())


def _labels(paths: Sequence[Path]) -> dict[str, Windows] | None:
    if not paths:
        return None
    return {name: windows for path in paths for name, windows in read_windows(path).items()}


def _case(
    group: Sequence[_File], metric: MetricId, labels: dict[str, Windows] | None, period: int | None, *, alone: bool
) -> Case:
    tracks = [_placed(track, metric, period) for file in group for track in file.tracks]
    if not tracks:
        raise InputError(f"{group[0].path}: the recording holds no value")
    shelf = shelf_of(tracks)
    first = next((track for track in group[0].tracks if track.metric == UNNAMED), None)
    step = min(series.step for several in shelf.series.values() for series in several)
    if first is None:
        rows = np.arange(shelf.start, shelf.end, step, dtype=np.int64)
    else:
        rows, step = first.times, shelf.series[metric][0].step
    windows = None if labels is None else _windows_of(group[0], labels, alone=alone)
    notes = tuple(note for file in group for note in file.notes)
    notes += tuple(
        f"{group[0].name}: the label at {minute(begin)} lies outside of the recording: it counts for nothing"
        for begin, end in windows or ()
        if end < shelf.start or begin >= shelf.end
    )
    return Case(
        name=group[0].name,
        shelf=shelf,
        rows=rows,
        step=step,
        windows=windows,
        notes=notes + shelf.notes,
    )


def _placed(track: Track, metric: MetricId, period: int | None) -> Track:
    named = replace(track, metric=metric) if track.metric == UNNAMED else track
    return replace(named, step=period) if period is not None and named.step is None else named


def _windows_of(file: _File, labels: dict[str, Windows], *, alone: bool) -> Windows | None:
    """The labels of a file: by its name in the folder, by the end of its path, or the only ones of the only recording."""
    if file.name in labels:
        return labels[file.name]
    path = file.path.resolve().as_posix()
    for name, windows in labels.items():
        if path.endswith(f"/{name}"):
            return windows
    return next(iter(labels.values())) if alone and len(labels) == 1 else None
