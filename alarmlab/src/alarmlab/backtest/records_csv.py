"""CSV: one metric a file (`timestamp,value`, or a column for each statistic), or many (with a column `metric`)."""

import csv
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np

from alarmlab.backtest.track import Track, read_dimensions, read_metric, timestamp_of
from alarmlab.errors import InputError
from alarmlab.model.metrics import MetricId, dimensions_of
from alarmlab.model.statistics import is_statistic

UNNAMED = MetricId("", "")
"""The metric of a file that does not name one."""
_TIMES = ("timestamp", "time", "date", "datetime")
_ABOUT = ("metric", "namespace", "dimensions", "statistic", "unit", "period")


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Where things are in a row."""

    names: tuple[str, ...]
    time: int
    about: Mapping[str, int]
    values: tuple[tuple[int, str], ...]
    """Columns with their statistic, empty for samples."""

    @classmethod
    def of(cls, header: Sequence[str]) -> "_Columns":
        names = tuple(name.strip() for name in header)
        small = [name.lower() for name in names]
        time = next((small.index(name) for name in _TIMES if name in small), None)
        if time is None:
            raise InputError(f"columns {', '.join(names) or 'none'}: one must be called timestamp")
        about = {name: small.index(name) for name in _ABOUT if name in small}
        rest = [index for index in range(len(names)) if index != time and index not in about.values()]
        values = tuple((index, "" if small[index] == "value" else names[index]) for index in rest)
        if len(rest) == 1 and not is_statistic(names[rest[0]]):
            values = ((rest[0], ""),)
        unknown = [stat for _, stat in values if stat and not is_statistic(stat)]
        if unknown or not values:
            raise InputError(
                f"column {unknown[0]!r} is not known"
                if unknown
                else f"columns {', '.join(names)}: none holds values"
                f": use value, or statistics such as Sum, SampleCount, p99, beside timestamp, {', '.join(_ABOUT)}"
            )
        return cls(names=names, time=time, about=about, values=values)


def read_csv(path: Path, text: str) -> list[Track]:
    """The tracks of a file, in which `UNNAMED` stands for the metric where it names none.

    Args:
        path: for messages.
        text: of the file.

    Raises:
        InputError: `file:line` and what is wrong there.
    """
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    found: dict[tuple[str, ...], list[tuple[int, float]]] = defaultdict(list)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = _Columns.of(next(rows, ("",)))
        for row in rows:
            if row:
                _read_row(row, columns, found)
    except (InputError, csv.Error) as error:
        raise InputError(f"{path}:{max(rows.line_num, 1)}: {error}") from None
    if not found:
        raise InputError(f"{path}: no row after the first line")
    try:
        return [_track(key, points, columns, str(path)) for key, points in found.items()]
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _read_row(row: Sequence[str], columns: _Columns, found: Mapping[tuple[str, ...], list[tuple[int, float]]]) -> None:
    if len(row) != len(columns.names):
        raise InputError(f"{len(row)} columns, the first line has {len(columns.names)}")
    moment = timestamp_of(row[columns.time])
    about = tuple(row[columns.about[name]].strip() if name in columns.about else "" for name in _ABOUT)
    for index, stat in columns.values:
        found[(*about, stat)].append((moment, _number(row[index], columns.names[index])))


def _number(text: str, column: str) -> float:
    if not text.strip():
        return math.nan
    try:
        number = float(text)
    except ValueError:
        raise InputError(f"{column}: {text!r} is not a number: leave it empty where there is no value") from None
    if math.isinf(number):
        raise InputError(f"{column}: {text!r}: CloudWatch takes no infinite values: leave it empty")
    return number


def _track(key: tuple[str, ...], points: Sequence[tuple[int, float]], columns: _Columns, origin: str) -> Track:
    name, namespace, dimensions, statistic, unit, period, column = key
    metric = UNNAMED
    if "metric" in columns.about:
        about = dimensions_of(read_dimensions(dimensions.split(";")))
        metric = MetricId(namespace, name, about) if namespace else read_metric(name, about)
    stat = column or statistic
    if stat and not is_statistic(stat):
        raise InputError(f"statistic: {stat!r} is not known: use Average, Sum, SampleCount, Minimum, Maximum or p99")
    if period and not (period.isdecimal() and int(period) > 0):
        raise InputError(f"period: {period!r}: write seconds")
    times, values = zip(*points, strict=True)
    return Track(
        metric=metric,
        times=np.asarray(times, dtype=np.int64),
        values=np.asarray(values, dtype=np.float64),
        stat=stat,
        unit=unit,
        step=int(period) if period else None,
        origin=origin,
    )
