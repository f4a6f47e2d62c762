"""The series of a test, as they are written."""

import re
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from alarmlab.engine.recording import SampleSeries, StatisticSeries
from alarmlab.engine.window import Floats
from alarmlab.errors import InputError
from alarmlab.model.metrics import MetricId, dimensions_of
from alarmlab.model.statistics import SIMPLE_STATISTICS, is_statistic
from alarmlab.suite.document import Field, nearest
from alarmlab.suite.model import WrittenSeries
from alarmlab.suite.notation import expand, expand_groups, padded, without_gaps
from alarmlab.times import seconds_of

_METRIC_FIELDS = ("metric", "namespace", "dimensions", "period", "unit", "values", "samples", "statistics")
_BAND_FIELDS = ("band", "period", "lower", "upper")
_DATA = ("values", "samples", "statistics")
_LABELS = re.compile(r"(?P<name>[^{}]+)\{(?P<labels>.*)\}", re.DOTALL)
_LABEL = re.compile(
    r'\s*(?:"(?P<quoted>[^"]+)"|(?P<label>[A-Za-z_][\w.]*))\s*=\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*(?:,|$)'
)
_DEFAULT_PERIOD = 60
_T = TypeVar("_T")


def read_series(field: Field, *, start: int) -> list[WrittenSeries]:
    """One series of a metric, or the bounds of one band.

    Raises:
        SuiteError: names the place, the value and the fix.
    """
    if "band" in field.fields():
        return _read_band(field, start)
    parts = field.fields(_METRIC_FIELDS, required=["metric"])
    step = _read_period(parts.get("period"))
    unit = parts["unit"].text() if "unit" in parts else ""
    given = [name for name in _DATA if name in parts]
    if len(given) != 1:
        found = f"{' and '.join(given)} are both there" if given else "there is no data"
        raise field.wrong(f"{found}: give one of {', '.join(_DATA)}")
    data: SampleSeries | StatisticSeries
    written = parts[given[0]]
    match given[0]:
        case "values":
            data = SampleSeries.of_values(start, step, _read_values(written), unit)
        case "samples":
            data = SampleSeries(start=start, step=step, samples=_read_samples(written), unit=unit)
        case _:
            data = _read_statistics(written, start=start, step=step, unit=unit)
    return [WrittenSeries(field=field, metrics=_read_metric(parts), data=data)]


def _read_band(field: Field, start: int) -> list[WrittenSeries]:
    parts = field.fields(_BAND_FIELDS)
    alarm = parts["band"].text()
    step = _read_period(parts.get("period"))
    bounds = [bound for bound in ("lower", "upper") if bound in parts]
    if not bounds:
        raise field.wrong("a band has no bounds: give lower and upper")
    return [
        WrittenSeries(
            field=field,
            metrics=(),
            data=SampleSeries.of_values(start, step, _read_values(parts[bound])),
            band=alarm,
            bound=bound,
        )
        for bound in bounds
    ]


def _read_period(field: Field | None) -> int:
    """Seconds, as CloudFormation has them, or a duration."""
    if field is None:
        return _DEFAULT_PERIOD
    text = field.text()
    period = int(text) if text.isdecimal() else _checked(field, partial(seconds_of, text))
    if period < 1:
        raise field.wrong("write a period of at least one second, such as 60 or 1m")
    return period


def _read_metric(parts: dict[str, Field]) -> tuple[MetricId, ...]:
    field = parts["metric"]
    text, labels = field.text(), {}
    if match := _LABELS.fullmatch(text):
        text, labels = match["name"].strip(), _read_labels(field, match["labels"])
    if "dimensions" in parts:
        if labels:
            raise parts["dimensions"].wrong("the metric has labels in braces as well: keep one of the two")
        labels = {name: value.text() for name, value in parts["dimensions"].fields().items()}
    dimensions = dimensions_of(labels)
    if "namespace" in parts:
        return (MetricId(parts["namespace"].text(), text, dimensions),)
    words = text.split()
    if len(words) == 1:
        if "/" in text:
            raise field.wrong(f"write the namespace and the name of the metric: {text} SomeMetric")
        return (MetricId("", text, dimensions),)
    return tuple(
        MetricId(" ".join(words[:split]), " ".join(words[split:]), dimensions) for split in range(1, len(words))
    )


def _read_labels(field: Field, text: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    at = 0
    while text[at:].strip():
        match = _LABEL.match(text, at)
        if match is None:
            raise field.wrong('write labels as {name="value", other="value"}')
        labels[match["label"] or match["quoted"]] = re.sub(r"\\(.)", r"\1", match["value"])
        at = match.end()
    return labels


def _read_values(field: Field) -> Floats:
    """One value a period: promtool's notation, or a list of pieces of it."""
    if not field.is_sequence:
        return _checked(field, partial(expand, field.text()))
    pieces = [
        np.array([np.nan]) if item.is_null else _checked(item, partial(expand, item.text())) for item in field.items()
    ]
    if not pieces:
        raise field.wrong("no values: leave the series out where nothing is published")
    return np.concatenate(pieces)


def _read_samples(field: Field) -> Floats:
    """Several values a period: `[1 2x9]x29 _x5`, or a list with one period an item.

    An item is a list of samples, null for none, or a text: the samples of that period in promtool's notation, or periods
    in brackets and gaps.
    """
    if not field.is_sequence:
        return padded(_checked(field, partial(expand_groups, field.text())))
    periods: list[Floats] = []
    for item in field.items():
        if item.is_null:
            periods.append(np.array([]))
        elif item.is_sequence:
            periods.append(without_gaps(_read_values(item)) if item.items() else np.array([]))
        elif "[" in (text := item.text()) or text.startswith("_"):
            periods += _checked(item, partial(expand_groups, text))
        else:
            periods.append(without_gaps(_checked(item, partial(expand, text))))
    return padded(periods)


def _read_statistics(field: Field, *, start: int, step: int, unit: str) -> StatisticSeries:
    """Statistics with their values, or a list with one period an item: its statistics, or null for none."""
    if field.is_sequence:
        return StatisticSeries(start=start, step=step, statistics=_read_periods(field), unit=unit)
    parts = _statistics_of(field)
    values = {name: _read_values(part) for name, part in parts.items()}
    _same_lengths(parts, values)
    return StatisticSeries(start=start, step=step, statistics=values, unit=unit)


def _read_periods(field: Field) -> dict[str, Floats]:
    items = field.items()
    values: dict[str, Floats] = {}
    for place, item in enumerate(items):
        statistics = {} if item.is_null else _statistics_of(item)
        for name, part in statistics.items():
            value = _read_values(part)
            if len(value) != 1:
                raise part.wrong("one period has one value of a statistic")
            values.setdefault(name, np.full(len(items), np.nan))[place] = value[0]
    if not values:
        raise field.wrong("no statistics: leave the series out where nothing is published")
    return values


def _statistics_of(field: Field) -> dict[str, Field]:
    parts = {} if field.is_null else field.fields()
    if not parts:
        raise field.wrong("no statistics: give Sum, SampleCount, Minimum, Maximum, p99 or others, each with its values")
    for name, part in parts.items():
        if not is_statistic(name):
            raise part.wrong(f"is no statistic: {nearest(name, (*SIMPLE_STATISTICS, 'p50', 'p99'))}")
    return parts


def _same_lengths(parts: dict[str, Field], values: dict[str, Floats]) -> None:
    first, *others = values
    for other in others:
        if len(values[other]) != len(values[first]):
            raise parts[other].wrong(
                f"{len(values[other])} values, but {first} has {len(values[first])}: every statistic needs one for each period"
            )


def _checked(field: Field, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except InputError as error:
        raise field.wrong(error) from error
