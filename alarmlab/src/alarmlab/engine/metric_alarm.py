"""Metric alarms over many moments at once.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-alarms.html
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from alarmlab.engine.bands import band_of
from alarmlab.engine.judge import ALARM, INSUFFICIENT_DATA, KEEP, OK, breaches, deciding_points, judge, states_after
from alarmlab.engine.queries import by_contributor, evaluate_queries
from alarmlab.engine.source import MetricSource
from alarmlab.engine.values import Scalar, Series, SeriesArray
from alarmlab.engine.window import Codes, Floats, Moments, Truths, Window
from alarmlab.errors import InputError
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.insights import is_insights, parse_insights
from alarmlab.model.states import State
from alarmlab.model.statistics import percentile_of

_CELLS = 1 << 19
"""How many datapoints are worked on at once: few enough to stay in a processor's cache."""


def window_of(alarm: MetricAlarm, moments: Moments) -> Window:
    """The periods that evaluations of the alarm look at."""
    settings = alarm.settings
    return Window(moments, settings.period, settings.periods_looked_at, settings.wall_clock)


def datapoints(alarm: MetricAlarm, source: MetricSource, moments: Moments) -> Floats:
    """What the alarm compares at each moment, [T, K], oldest period first; the worst series of a Metrics Insights query.

    Raises:
        InputError: the metrics cannot be read as the alarm wants them, or its expression returns no time series. It
            does not say which alarm that is.
    """
    window = window_of(alarm, moments)
    returned = alarm.query
    if is_insights(returned.expression):
        worst = np.fmin if alarm.settings.comparison.startswith("Less") else np.fmax
        values = np.full(window.shape, np.nan)
        for series in by_contributor(returned, source, window).values():
            values = worst(values, series)
        return values
    return _returned(alarm, source, window)


def codes(alarm: MetricAlarm, source: MetricSource, moments: Moments) -> Codes:
    """The code of the state that each evaluation puts the alarm into, or `KEEP`; see `judge`.

    Raises:
        InputError: as `datapoints`.
    """
    expression = alarm.query.expression
    if is_insights(expression) and parse_insights(expression).group_by:
        return _of_contributors(alarm, source, moments)
    found = [_judged(alarm, source, window_of(alarm, block)) for block in _blocks(alarm, moments)]
    return np.concatenate(found) if found else np.empty(0, dtype=np.int8)


def _blocks(alarm: MetricAlarm, moments: Moments) -> Iterator[Moments]:
    rows = max(1, _CELLS // alarm.settings.periods_looked_at)
    for at in range(0, len(moments), rows):
        yield moments[at : at + rows]


def _judged(alarm: MetricAlarm, source: MetricSource, window: Window) -> Codes:
    values = _returned(alarm, source, window)
    band = band_of(alarm, source, window) if alarm.band else None
    real = ~np.isnan(values, order="F")
    breaching = breaches(alarm.settings, values, band)
    found = judge(alarm.settings, real, breaching)
    if alarm.settings.low_sample_ignore:
        found[_too_few_samples(alarm, source, window, real)] = KEEP
    return found


def _returned(alarm: MetricAlarm, source: MetricSource, window: Window) -> Floats:
    _check_periods(alarm)

    def band(query_id: str, width: float, rows: Window) -> tuple[Floats, Floats]:
        return band_of(alarm, source, rows, of=query_id, width=width)

    value = evaluate_queries(alarm.queries, source=source, window=window, band=band)(alarm.returned)
    match value:
        case Series(values):
            return values
        case Scalar():
            problem = "a number: use TIME_SERIES(...)"
        case SeriesArray():
            problem = "several time series: use SUM, MAX... to make one of them"
    raise InputError(f"the query {alarm.returned!r} has to return one time series, not {problem}")


def _check_periods(alarm: MetricAlarm) -> None:
    periods = sorted({query.period for query in alarm.queries if query.metric is not None})
    if any(period != alarm.settings.period for period in periods):
        raise InputError(
            f"an alarm has one period, its metrics have {', '.join(map(str, periods))} s and it has "
            f"{alarm.settings.period} s"
        )


def _too_few_samples(alarm: MetricAlarm, source: MetricSource, window: Window, real: Truths) -> Truths:
    """Rows in which a deciding datapoint of a percentile has too few samples to mean anything."""
    settings = alarm.settings
    percentile = percentile_of(settings.stat)
    query = alarm.query
    if percentile is None or percentile in (0, 100) or query.metric is None:
        return np.zeros(len(real), dtype=bool)
    # Not 10 / (1 - p): in floating point that asks for one sample more at p90 and p99.9.
    least = 1000 / round(min(percentile, 100 - percentile), 10)
    counts = source.values(query.metric, "SampleCount", window, unit=query.unit)
    few = deciding_points(real, settings.evaluation_periods) & (counts < least)
    return np.asarray(few.any(axis=1))


def _of_contributors(alarm: MetricAlarm, source: MetricSource, moments: Moments) -> Codes:
    """ALARM when a contributor is, INSUFFICIENT_DATA when there is none; one that vanishes is OK.

    That is so for queries that produce multiple time series; without GROUP BY, missing data is treated as everywhere.
    """
    by_label: dict[str, list[Codes]] = defaultdict(list)
    there: list[Truths] = []
    for block in _blocks(alarm, moments):
        found = np.zeros(len(block), dtype=bool)
        for label, values in by_contributor(alarm.query, source, window_of(alarm, block)).items():
            real = ~np.isnan(values, order="F")
            code = judge(alarm.settings, real, breaches(alarm.settings, values))
            code[~real.any(axis=1)] = OK
            by_label[label].append(code)
            found |= real.any(axis=1)
        there.append(found)
    return _worst([np.concatenate(parts) for parts in by_label.values()], np.concatenate([*there, []]).astype(bool))


def _worst(contributors: list[Codes], there: Truths) -> Codes:
    """One code for each row; a contributor that has kept its state since before the first row leaves it open."""
    alarming = np.zeros(len(there), dtype=bool)
    kept = np.zeros(len(there), dtype=bool)
    for found in contributors:
        alarming |= states_after(found, State.OK) == ALARM
        kept |= np.logical_and.accumulate(found == KEEP)
    worst = np.where(alarming, ALARM, np.where(kept, KEEP, OK))
    return np.where(there, worst, INSUFFICIENT_DATA).astype(np.int8)
