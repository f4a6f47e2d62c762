"""Tests tied to the alarms of an assembly: who takes part, on which data, until when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from alarmlab.assembly import Assembly
from alarmlab.engine.bands import recorded_bound
from alarmlab.engine.readers import Readers
from alarmlab.engine.recording import Recording, SampleSeries, StatisticSeries
from alarmlab.engine.window import Window
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, MetricAlarm
from alarmlab.model.family import with_composites, with_descendants
from alarmlab.model.labels import severity_of
from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.suite.document import Field
from alarmlab.suite.model import ExpectedCount, ExpectedState, Test, WrittenSeries

_Series = SampleSeries | StatisticSeries


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A test that can be run.

    Args:
        test: as it was written.
        alarms: those that take part, by id.
        fed: ids of those that have data, by themselves or by way of a child.
        named: ids by what expectations call them.
        source: the test's series.
        end: Unix second of the last evaluation.
        warnings: what may be a slip, each with its place.
    """

    test: Test
    alarms: Mapping[str, Alarm]
    fed: frozenset[str]
    named: Mapping[str, str]
    source: Recording
    end: int
    warnings: tuple[str, ...]


def bind(test: Test, assembly: Assembly, readers: Readers) -> Case:
    """The test with the alarms of the assembly.

    Raises:
        SuiteError: an alarm is not there, a metric is given twice, or in periods that do not fit an alarm's.
        InputError, UnsupportedError: an alarm that the test needs was refused.
    """
    named = {name: _find(name, field, assembly) for name, field in _names(test)}
    warnings: list[str] = []
    series, fed = _series(test, assembly, readers, warnings)
    alarms = assembly.by_id
    above = with_composites(fed, alarms)
    taking_part = with_descendants([*above, *with_composites(set(named.values()), alarms)], alarms)
    warnings += _unknown_severities(test, alarms.values())
    return Case(
        test=test,
        alarms={id: alarm for id, alarm in alarms.items() if id in taking_part},
        fed=frozenset(above),
        named=named,
        source=Recording(series),
        end=_end(test),
        warnings=tuple(warnings),
    )


def _names(test: Test) -> Iterable[tuple[str, Field]]:
    for expected in test.expectations:
        if expected.alarm:
            yield expected.alarm, expected.field.fields()["alarm"]


def _find(name: str, field: Field, assembly: Assembly) -> str:
    """The id of an alarm by its logical id or name."""
    try:
        return assembly.find(name).about.id
    except InputError as error:
        if error in assembly.refused.values():
            raise
        raise field.wrong(error) from error


def _series(
    test: Test, assembly: Assembly, readers: Readers, warnings: list[str]
) -> tuple[dict[MetricId, _Series], set[str]]:
    """The data by metric, and the ids of the alarms that read them."""
    series: dict[MetricId, _Series] = {}
    places: dict[MetricId, Field] = {}
    fed: set[str] = set()
    for written in test.series:
        if written.band:
            banded = _find(written.band, written.field.fields()["band"], assembly)
            _check_band(assembly.by_id[banded], written.field)
            metric = recorded_bound(banded, written.bound)
            other = recorded_bound(banded, "upper" if written.bound == "lower" else "lower")
            # A bound that is not given bounds nothing.
            series.setdefault(other, _nothing_like(written.data))
        else:
            metric, found = _read_by(written, readers)
            fed |= {alarm.about.id for alarm, _ in found}
            for alarm, query in found:
                _check_fit(alarm, query, metric, written)
            warnings += _slips(metric, found, written, readers)
        if metric in places:
            raise written.field.wrong(f"{metric} is given twice: see line {places[metric].line}")
        places[metric] = written.field
        series[metric] = written.data
    return series, fed


def _read_by(written: WrittenSeries, readers: Readers) -> tuple[MetricId, list[tuple[Alarm, MetricQuery | None]]]:
    """What the series is of: where its text can be split in several ways, the way that an alarm reads."""
    for metric in written.metrics:
        if found := readers.of(metric):
            return metric, found
    return written.metrics[0], []


def _check_band(alarm: Alarm, field: Field) -> None:
    if not isinstance(alarm, MetricAlarm) or not alarm.band:
        raise field.fields()["band"].wrong("this alarm is not compared with a band: leave it out")


def _check_fit(alarm: Alarm, query: MetricQuery | None, metric: MetricId, written: WrittenSeries) -> None:
    """Periods that the alarm's can be put together from, and statistics that it asks for."""
    if query is None:
        return
    data, fields = written.data, written.field.fields()
    if query.period % data.step and data.step % query.period:
        where = fields.get("period", written.field)
        raise where.wrong(f"{alarm.about.id} reads this metric in periods of {query.period} s: use a divisor of that")
    moment = np.array([data.start + query.period], dtype=np.int64)
    if query.stat and isinstance(data, StatisticSeries):
        try:
            Recording({metric: data}).values(metric, query.stat, Window(moment, query.period, 1))
        except InputError as error:
            raise fields["statistics"].wrong(f"{alarm.about.id} needs it: {error}") from error


def _slips(
    metric: MetricId,
    found: list[tuple[Alarm, MetricQuery | None]],
    written: WrittenSeries,
    readers: Readers,
) -> Iterable[str]:
    if not found:
        like = readers.nearest(metric)
        hint = f": did you mean {like}?" if like is not None else ""
        yield f"{written.field.where}: {written.field.path}: no alarm reads {str(metric).strip()}{hint}"
    unit = written.data.unit
    for alarm, query in found:
        if query is not None and query.unit and unit and query.unit != unit:
            yield (
                f"{written.field.where}: {written.field.path}.unit: {unit}: {alarm.about.id} reads only what was published "
                f"in {query.unit}: it sees nothing of this series"
            )


def _unknown_severities(test: Test, alarms: Iterable[Alarm]) -> Iterable[str]:
    severities = {severity_of(alarm) for alarm in alarms} - {""}
    for expected in test.expectations:
        if isinstance(expected, ExpectedCount) and expected.severity and expected.severity.lower() not in severities:
            there = ", ".join(sorted(severities)) or "none"
            yield (
                f"{expected.field.where}: {expected.field.path}.severity: {expected.severity}: no alarm has this severity: "
                f"there is {there}"
            )


def _nothing_like(data: _Series) -> SampleSeries:
    return SampleSeries.of_values(data.start, data.step, np.full(len(data), np.nan))


def _end(test: Test) -> int:
    """The end of the last period that was written, or the last expectation; at least one minute."""
    moments = [test.start + 60, *(written.end for written in test.series)]
    for expected in test.expectations:
        last = expected.last if isinstance(expected, ExpectedState) else expected.last or expected.first
        moments.append(last or 0)
    return max(moments)
