"""Metric alarms over many moments."""

from typing import Any

import numpy as np
import pytest

from alarmlab.engine import metric_alarm
from alarmlab.engine.anomaly import band
from alarmlab.engine.bands import band_of, recorded_bound
from alarmlab.engine.judge import ALARM, INSUFFICIENT_DATA, KEEP, OK
from alarmlab.engine.metric_alarm import codes, datapoints
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.window import Window, moments_between
from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.alarms import About, AlarmSettings, MetricAlarm
from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.model.states import Missing

N = np.nan
METRIC = MetricId("T", "m")
QUERY = MetricQuery(id="m", metric=METRIC, stat="Average")


def settings(n: int = 1, m: int | None = None, **changes: Any) -> AlarmSettings:
    """An alarm on values over 5, a minute each."""
    usual: dict[str, Any] = {"comparison": "GreaterThanThreshold", "threshold": 5.0, "period": 60}
    return AlarmSettings(evaluation_periods=n, datapoints_to_alarm=m or n, **(usual | changes))


def alarm(on: AlarmSettings, *queries: MetricQuery, band: str = "") -> MetricAlarm:
    """An alarm that compares the last of its queries that is not the band."""
    returned = next(query.id for query in reversed(queries) if query.id != band)
    return MetricAlarm(about=About(id="A", name="A"), settings=on, queries=queries, returned=returned, band=band)


def recording(*values: float) -> Recording:
    """The metric from the Unix second 0 on, one value a minute."""
    return Recording({METRIC: SampleSeries.of_values(0, 60, values)})


def test_datapoints_are_rows_of_the_evaluation_range() -> None:
    """Each row holds N + 2 periods, the oldest first, or as many as the evaluation range says."""
    moments = np.array([60, 180])
    values = datapoints(alarm(settings(2), QUERY), recording(1, 2, 3), moments)
    np.testing.assert_array_equal(values, [[N, N, N, 1], [N, 1, 2, 3]])
    values = datapoints(alarm(settings(2, evaluation_range=3), QUERY), recording(1, 2, 3), moments)
    np.testing.assert_array_equal(values, [[N, N, 1], [1, 2, 3]])


def test_an_alarm_on_an_expression() -> None:
    """The expression decides, its metrics do not."""
    other = MetricQuery(id="e", expression="IF(m > 1, m * 10, 0)")
    found = codes(alarm(settings(), QUERY, other), recording(1, 2, 9), moments_between(0, 180, 60))
    assert found.tolist() == [OK, ALARM, ALARM]


@pytest.mark.parametrize(
    ("queries", "problem"),
    [
        ([QUERY, MetricQuery(id="e", expression="SUM(m)")], r"not a number: use TIME_SERIES\(\.\.\.\)"),
        ([QUERY, MetricQuery(id="e", expression="[m, m]")], "not several time series: use SUM, MAX"),
        (
            [MetricQuery(id="slow", metric=METRIC, stat="Sum", period=300), MetricQuery(id="e", expression="slow * 2")],
            "an alarm has one period, its metrics have 300 s and it has 60 s",
        ),
        ([QUERY, MetricQuery(id="e", expression="SEARCH('x')")], "SEARCH is not supported"),
    ],
)
def test_what_an_alarm_cannot_compare(queries: list[MetricQuery], problem: str) -> None:
    """An alarm compares one time series of its own period."""
    with pytest.raises(InputError, match=problem):
        codes(alarm(settings(), *queries), recording(1), np.array([60]))


def test_low_samples_keep_the_state() -> None:
    """The page's example: a p99 needs 1,000 samples; with fewer the state is kept, if the alarm says so."""
    few, enough = np.full(999, 9.0), np.full(1000, 9.0)
    width = len(enough)
    samples = np.array([enough, np.append(few, N), enough])
    assert samples.shape == (3, width)
    source = Recording({METRIC: SampleSeries(0, 60, samples)})
    moments = moments_between(0, 180, 60)
    p99 = MetricQuery(id="m", metric=METRIC, stat="p99")
    ignoring = alarm(settings(stat="p99", low_sample_ignore=True), p99)
    assert codes(ignoring, source, moments).tolist() == [ALARM, KEEP, ALARM]
    assert codes(alarm(settings(stat="p99"), p99), source, moments).tolist() == [ALARM, ALARM, ALARM]
    p10 = alarm(settings(stat="p10", low_sample_ignore=True), MetricQuery(id="m", metric=METRIC, stat="p10"))
    few_source = Recording({METRIC: SampleSeries(0, 60, np.array([[9.0] * 100, [9.0] * 99 + [N]]))})
    assert codes(p10, few_source, moments_between(0, 120, 60)).tolist() == [ALARM, KEEP]


@pytest.mark.parametrize(("stat", "least"), [("p99.9", 10_000), ("p95", 200), ("p90", 100), ("p50", 20), ("p1", 1000)])
def test_low_samples_begin_below_the_very_number(stat: str, least: int) -> None:
    """The setting is used with *fewer* than 10 / (1 - p) samples: exactly so many are enough."""
    on = alarm(settings(stat=stat, low_sample_ignore=True), MetricQuery(id="m", metric=METRIC, stat=stat))
    source = Recording({METRIC: SampleSeries(0, 60, np.array([[9.0] * least, [9.0] * (least - 1) + [N]]))})
    assert codes(on, source, moments_between(0, 120, 60)).tolist() == [ALARM, KEEP]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many moments are evaluated in blocks, with the same outcome as in one."""
    values = np.random.default_rng(3).integers(0, 10, 300).astype(float)
    values[::7] = N
    on = alarm(settings(3, 2, missing=Missing.IGNORE), QUERY)
    moments = moments_between(0, 18_000, 60)
    whole = codes(on, recording(*values), moments)
    monkeypatch.setattr(metric_alarm, "_CELLS", 35)
    np.testing.assert_array_equal(codes(on, recording(*values), moments), whole)
    assert codes(on, recording(), moments[:0]).tolist() == []


BAND = MetricQuery(id="ad", expression="ANOMALY_DETECTION_BAND(m, 2)")
OUTSIDE: dict[str, Any] = {"comparison": "LessThanLowerOrGreaterThanUpperThreshold", "threshold": None}


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("LessThanLowerOrGreaterThanUpperThreshold", [OK, ALARM, ALARM]),
        ("LessThanLowerThreshold", [OK, ALARM, OK]),
        ("GreaterThanUpperThreshold", [OK, OK, ALARM]),
    ],
)
def test_a_recorded_band_goes_first(comparison: str, expected: list[int]) -> None:
    """A band that is given as two series is the band; values on it are inside."""
    source = Recording(
        {
            METRIC: SampleSeries.of_values(0, 60, [10, 4, 11]),
            recorded_bound("A", "lower"): SampleSeries.of_values(0, 60, [5, 5, 5]),
            recorded_bound("A", "upper"): SampleSeries.of_values(0, 60, [10, 10, 10]),
        }
    )
    on = alarm(settings(comparison=comparison, threshold=None), QUERY, BAND, band="ad")
    assert codes(on, source, moments_between(0, 180, 60)).tolist() == expected
    inside = alarm(
        settings(threshold=0.0), QUERY, MetricQuery(id="e", expression="m - FIRST(ANOMALY_DETECTION_BAND(m))")
    )
    np.testing.assert_array_equal(datapoints(inside, source, np.array([180]))[0, -3:], [0, -6, 1])


def test_our_own_band() -> None:
    """Without one, the band is learnt from the two weeks before; each rolling phase of the clock has its own."""
    minutes = 16 * 1440
    values = 100 + np.random.default_rng(5).normal(0, 1, minutes)
    values[-3:] = 150
    source = recording(*values)
    five = MetricQuery(id="m", metric=METRIC, stat="Maximum", period=300)
    band = MetricQuery(id="ad", expression="ANOMALY_DETECTION_BAND(m, 6)")
    on = alarm(settings(period=300, **OUTSIDE), five, band, band="ad")
    moments = moments_between((minutes - 20) * 60, minutes * 60, 60)
    assert codes(on, source, moments).tolist() == [OK] * 17 + [ALARM] * 3
    window = Window(moments, 300, 3)
    together = np.stack(band_of(on, source, window))
    alone = [np.stack(band_of(on, source, Window(moments[at : at + 1], 300, 3)))[:, 0] for at in range(len(moments))]
    np.testing.assert_allclose(together, np.stack(alone, axis=1))


def test_our_own_band_is_that_of_the_whole_series() -> None:
    """Read off row by row, the band is the one that the whole series has."""
    values = 100 + np.random.default_rng(6).normal(0, 1, 30 * 288)
    source = Recording({METRIC: SampleSeries.of_values(0, 300, values)})
    query = MetricQuery(id="m", metric=METRIC, stat="Average", period=300)
    on = alarm(settings(period=300, **OUTSIDE), query, MetricQuery(id="ad", expression=BAND.expression), band="ad")
    starts = 300 * np.arange(len(values))
    last = slice(-500, None)
    found = band_of(on, source, Window(starts[last] + 300, 300, 2))
    for bound, whole in zip(found, band(values, starts, 300, 2.0), strict=True):
        np.testing.assert_allclose(bound[:, -1], whole[last])
        np.testing.assert_allclose(bound[1:, 0], whole[last][:-1])


def test_a_band_of_something_else_is_refused() -> None:
    """What stands where the band should be, and is none, is named."""
    other = MetricQuery(id="ad", expression="m * 2")
    with pytest.raises(UnsupportedError, match=r"ThresholdMetricId 'ad' is 'm \* 2': only ANOMALY_DETECTION_BAND"):
        codes(alarm(settings(**OUTSIDE), QUERY, other, band="ad"), recording(1), np.array([60]))


INSIGHTS = MetricQuery(id="q", expression='SELECT MAX(Errors) FROM SCHEMA("App", Host) GROUP BY Host')


def hosts(**series: list[float]) -> Recording:
    """Errors by host."""
    return Recording(
        {
            MetricId("App", "Errors", (("Host", name),)): SampleSeries.of_values(0, 60, values)
            for name, values in series.items()
        }
    )


def test_contributors() -> None:
    """The alarm is in ALARM while a contributor is; one that vanishes is OK, and no contributor at all is no data."""
    source = hosts(a=[9, 1, N, N, N, N], b=[1, 1, 1, 9, N, N])
    on = alarm(settings(evaluation_range=1), INSIGHTS)
    found = codes(on, source, moments_between(0, 360, 60))
    assert found.tolist() == [ALARM, OK, OK, ALARM, INSUFFICIENT_DATA, INSUFFICIENT_DATA]
    np.testing.assert_array_equal(datapoints(on, source, moments_between(0, 360, 60))[:, 0], [9, 1, 1, 9, N, N])
    low = alarm(settings(comparison="LessThanThreshold"), INSIGHTS)
    np.testing.assert_array_equal(datapoints(low, source, np.array([60]))[0, -1:], [1])


def test_a_contributor_that_keeps_its_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `ignore` each contributor keeps its own state, over blocks too; only what is open since before is kept."""
    monkeypatch.setattr(metric_alarm, "_CELLS", 8)
    source = hosts(a=[9, 9, N, N, N, N, 1], b=[1] * 7)
    on = alarm(settings(2, 2, missing=Missing.IGNORE, evaluation_range=2), INSIGHTS)
    moments = moments_between(0, 420, 60)
    # Of a alone: too few points at first, ALARM in the second minute, kept while one of its points is there, then gone.
    assert codes(on, source, moments).tolist() == [KEEP, ALARM, ALARM, OK, OK, OK, OK]
    assert codes(on, source, moments[2:3]).tolist() == [KEEP]
    # A contributor that was OK and is kept is OK, not open.
    calm = hosts(a=[1, 1, 9, N, 9])
    assert codes(on, calm, moments_between(0, 300, 60)).tolist() == [OK, OK, OK, OK, OK]


def test_an_expression_on_a_metrics_insights_query() -> None:
    """Without GROUP BY a query is one series, which metric math takes as such."""
    query = MetricQuery(id="q", expression='SELECT SUM(Errors) FROM SCHEMA("App", Host)')
    on = alarm(settings(), query, MetricQuery(id="e", expression="FILL(q, 0) / 2"))
    np.testing.assert_array_equal(datapoints(on, hosts(a=[4], b=[2]), np.array([60])), [[0, 0, 3]])
    nothing = alarm(settings(), query, MetricQuery(id="e", expression="FILL(q, 0) + 1"))
    np.testing.assert_array_equal(datapoints(nothing, Recording({}), np.array([60])), [[1, 1, 1]])


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (Missing.MISSING, INSUFFICIENT_DATA),
        (Missing.IGNORE, KEEP),
        (Missing.BREACHING, ALARM),
        (Missing.NOT_BREACHING, OK),
    ],
)
def test_without_groups_missing_data_is_treated_as_everywhere(missing: Missing, expected: int) -> None:
    """A query that aggregates to one series has the missing-data treatment of a standard alarm, whatever it finds."""
    on = alarm(
        settings(missing=missing, evaluation_range=1),
        MetricQuery(id="q", expression='SELECT MAX(Errors) FROM SCHEMA("App", Host)'),
    )
    assert codes(on, hosts(a=[9, N], b=[1, N]), moments_between(0, 120, 60)).tolist() == [ALARM, expected]
    assert codes(on, Recording({}), moments_between(0, 60, 60)).tolist() == [expected]
