"""Recordings as people have them become series that alarms read."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.backtest.records import Case, read_cases
from alarmlab.backtest.track import grid_of
from alarmlab.engine.window import Window
from alarmlab.errors import InputError
from alarmlab.model.metrics import MetricId

LATENCY = MetricId("AWS/SageMaker", "ModelLatency", (("EndpointName", "ranker"),))
ERRORS = MetricId("AWS/SageMaker", "Invocation5XXErrors", (("EndpointName", "ranker"),))
NOON = 1_767_614_400
"""2026-01-05T12:00:00Z."""


def read(folder: Path, text: str, *, name: str = "recorded.csv", **options: object) -> Case:
    """The only case of a file."""
    path = folder / name
    path.write_text(text)
    (case,) = read_cases([path], metric=LATENCY, **options)  # type: ignore[arg-type]
    return case


def values(case: Case, stat: str, periods: int, *, period: int = 60, metric: MetricId = LATENCY) -> list[float]:
    """The periods from noon on, as an evaluation at their end sees them."""
    window = Window(np.array([NOON + period * periods]), period, periods)
    found: list[float] = case.shelf.values(metric, stat, window)[0].tolist()
    return found


@pytest.mark.parametrize(
    "times",
    [
        ("2026-01-05T12:00:00Z", "2026-01-05T12:01:00Z", "2026-01-05T12:02:00Z"),
        ("2026-01-05 12:00:00", "2026-01-05 12:01:00", "2026-01-05 12:02:00"),
        ("2026-01-05T13:00:00+01:00", "2026-01-05T13:01:00+01:00", "2026-01-05T13:02:00+01:00"),
        ("1767614400", "1767614460", "1767614520"),
        ("1767614400000", "1767614460000", "1767614520000"),
        ("1767614400.25", "1767614460.25", "1767614520.25"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_times_are_iso_or_unix(tmp_path: Path, times: tuple[str, ...], delimiter: str) -> None:
    """The same moments in every notation, whatever parts the columns."""
    rows = "\n".join(f"{time}{delimiter}{value}" for value, time in enumerate(times))
    case = read(tmp_path, f"timestamp{delimiter}value\n{rows}\n")
    assert values(case, "Average", 3) == [0, 1, 2]
    assert case.notes == ()


def test_columns_of_statistics(tmp_path: Path) -> None:
    """Sum and SampleCount give the average, also of longer periods; a percentile is read as it was recorded."""
    case = read(tmp_path, "timestamp,Sum,SampleCount,p99\n1767614400,10,5,7\n1767614460,90,5,30\n")
    assert values(case, "Average", 2) == [2, 18]
    assert values(case, "Average", 1, period=120) == [10]
    assert values(case, "p99", 2) == [7, 30]
    with pytest.raises(InputError, match="p99 of a longer period does not follow"):
        values(case, "p99", 1, period=120)


def test_a_column_for_the_metric_holds_many(tmp_path: Path) -> None:
    """Each row says what it is about; nothing is to be told on the command line."""
    path = tmp_path / "many.csv"
    path.write_text(
        "timestamp,namespace,metric,dimensions,statistic,value\n"
        "1767614400,AWS/SageMaker,ModelLatency,EndpointName=ranker,Average,5\n"
        "1767614400,,AWS/SageMaker Invocation5XXErrors,EndpointName=ranker,Sum,2\n"
    )
    (case,) = read_cases([path])
    assert values(case, "Average", 1) == [5]
    assert values(case, "Sum", 1, metric=ERRORS) == [2]


def test_rows_of_one_period_are_its_samples_and_gaps_are_missing(tmp_path: Path) -> None:
    """Rows out of order, twice at one time, and an hour's gap: read for what they are, and said."""
    case = read(
        tmp_path,
        "timestamp,value\n2026-01-05 12:05:00,3\n2026-01-05 12:00:00,1\n2026-01-05 12:00:00,5\n"
        "2026-01-05 12:10:00,\n2026-01-05 12:15:00,4\n",
    )
    assert values(case, "Average", 4, period=300)[:2] == [3, 3]
    assert values(case, "SampleCount", 1, period=300) == [2]
    assert np.isnan(values(case, "Average", 4, period=300)[2])
    said = " ".join(case.notes)
    assert "share a period with another: 1" in said
    assert "without a value: 1 of 4" in said
    assert "not in order of time" in said


def test_irregular_rows_are_samples_of_their_minutes(tmp_path: Path) -> None:
    """What was published at any time is kept by the minute, as CloudWatch keeps it."""
    case = read(tmp_path, "timestamp,value\n1767614410,1\n1767614715,2\n1767614730,4\n1767615200,8\n")
    assert values(case, "Average", 1) == [1]
    assert values(case, "Sum", 10)[5] == 6
    assert "irregular times" in case.notes[0]


def test_rows_that_jitter_stay_on_their_grid(tmp_path: Path) -> None:
    """A few seconds early or late is the recorder's clock, not another period."""
    case = read(tmp_path, "timestamp,value\n" + "\n".join(f"{NOON + 300 * n + n % 3},{n}" for n in range(6)))
    assert values(case, "Average", 6, period=300) == [0, 1, 2, 3, 4, 5]
    assert case.notes == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=60), st.sampled_from([None, 10, 60, 300]))
def test_every_row_is_in_a_step_that_it_belongs_to(seconds: list[int], step: int | None) -> None:
    """No row is lost and none is before the grid; off the grid a row lies inside of its step."""
    times = np.array(seconds, dtype=np.int64) + NOON
    grid = grid_of(times, step)
    places = grid.places(times)
    begins = grid.start + places * grid.step
    assert (places >= 0).all()
    slack = 60 + grid.step // 2 if grid.is_regular else 0
    assert (np.abs(times - begins) <= np.maximum(slack, grid.step - 1)).all()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("timestamp,value\n2026-01-05,1\n2026-13-01,2\n", r"recorded.csv:3: timestamp: '2026-13-01'"),
        ("timestamp,value\n2026-01-05T12:00Z,many\n", r"recorded.csv:2: value: 'many' is not a number"),
        ("timestamp,value\n2026-01-05T12:00Z,inf\n", r"recorded.csv:2: value: 'inf'"),
        ("timestamp,value\n2026-01-05T12:00Z\n", r"recorded.csv:2: 1 columns, the first line has 2"),
        ("time of day,value\n", r"recorded.csv:1: columns time of day, value: one must be called timestamp"),
        ("timestamp,p99,cost\n1767614400,1,2\n", r"recorded.csv:1: column 'cost' is not known"),
        ("timestamp,value\n", r"recorded.csv: no row after the first line"),
        ("", r"recorded.csv:1: columns none: one must be called timestamp"),
        ("timestamp,metric,value\n1767614400,ModelLatency,2\n", r"write namespace and name, such as 'AWS/SageMaker"),
        (f"timestamp,value\n{'9' * 30},1\n", r"recorded.csv:2: timestamp: '9{30}': write a time before the year 10000"),
        (
            f"timestamp,period,value\n1767614400,{'9' * 30},1\n",
            r"recorded.csv: period: 9{30} s: write one from 1 s to 604800 s",
        ),
        (
            "timestamp,value\n1970-01-01,1\n1767614400,2\n1767614460,3\n1767614520,4\n",
            r"steps of 60 s from 1970-01-01T00:00:00Z to 2026-01-05T12:02:00Z: mend the time that is a slip",
        ),
        ("timestamp,value\n1767614400,\n", r"the recording holds no value"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, wrong: str) -> None:
    """One line names the file, the line, the value and what to do."""
    with pytest.raises(InputError, match=wrong):
        read(tmp_path, text)


def test_a_period_of_nothing(tmp_path: Path) -> None:
    """`--period 0` is a slip, not the wish for the default."""
    with pytest.raises(InputError, match=r"recorded.csv: period: 0 s: write one from 1 s"):
        read(tmp_path, "timestamp,value\n1767614400,1\n", period=0)


def test_a_file_that_names_no_metric_needs_one(tmp_path: Path) -> None:
    """It says which options give it one."""
    path = tmp_path / "one.csv"
    path.write_text("timestamp,value\n1767614400,1\n")
    with pytest.raises(InputError, match="say which with --metric, or --as ALARM"):
        read_cases([path])


def answer(*results: object, **more: object) -> str:
    """What `aws cloudwatch get-metric-data` prints."""
    return json.dumps({"MetricDataResults": results, "Messages": [], **more})


def query(id: str, stat: str, period: int = 60) -> dict[str, object]:
    """A query of the latency."""
    metric = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ModelLatency",
        "Dimensions": [{"Name": "EndpointName", "Value": "ranker"}],
    }
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}


RESULT = {
    "Id": "a",
    "Label": "ModelLatency",
    "Timestamps": ["2026-01-05T12:01:00+00:00", "2026-01-05T12:00:00+00:00"],
    "Values": [2.0, 1.0],
    "StatusCode": "Complete",
}


def test_an_answer_of_get_metric_data_with_its_queries(tmp_path: Path) -> None:
    """The newest first, as CloudWatch answers; the queries beside it or in the file that was asked with."""
    together = read(tmp_path, answer(RESULT, MetricDataQueries=[query("a", "p90")]), name="both.json")
    assert values(together, "p90", 2) == [1, 2]
    asked = tmp_path / "queries.json"
    asked.write_text(json.dumps([query("a", "p90")]))
    apart = read(tmp_path, answer(RESULT), name="answer.json", queries=asked)
    assert values(apart, "p90", 2) == [1, 2]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (answer(RESULT), "no MetricDataQueries: give the file"),
        (answer(RESULT, MetricDataQueries=[query("b", "p90")]), "'a' is the Id of no query"),
        (answer({**RESULT, "Values": [1.0]}, MetricDataQueries=[query("a", "p90")]), "differ in number"),
        (answer({"Id": "a"}, MetricDataQueries=[query("a", "p90")]), "needs Id, Timestamps and Values"),
        ('{"MetricDataResults": [}', "recorded.json:1: not JSON"),
        (answer(RESULT, MetricDataQueries=["a"]), "no MetricDataQueries: give the file"),
        (answer({**RESULT, "Timestamps": [10**40, 0]}, MetricDataQueries=[query("a", "p90")]), "before the year 10000"),
        ("[]", "not what `aws cloudwatch get-metric-data` prints"),
    ],
)
def test_an_answer_that_cannot_be_read(tmp_path: Path, text: str, wrong: str) -> None:
    """One line says why."""
    with pytest.raises(InputError, match=wrong):
        read(tmp_path, text, name="recorded.json")


def test_the_period_of_the_alarm_is_read_from_the_series_that_has_it(tmp_path: Path) -> None:
    """Percentiles of five minutes beside averages of one; and hours before the minutes that CloudWatch still has."""
    five = {**RESULT, "Id": "b", "Timestamps": ["2026-01-05T12:00:00Z"], "Values": [50.0]}
    old = {**RESULT, "Id": "c", "Timestamps": ["2026-01-05T11:00:00Z"], "Values": [9.0]}
    queries = [query("a", "Average"), query("b", "p99", 300), query("c", "Average", 3600)]
    case = read(tmp_path, answer(RESULT, five, old, MetricDataQueries=queries), name="levels.json")
    assert values(case, "Average", 2) == [1, 2]
    assert values(case, "p99", 1, period=300) == [50]
    before = Window(np.array([NOON + 3600]), 3600, 2)
    assert case.shelf.values(LATENCY, "Average", before)[0, 0] == 9


def test_files_that_name_their_metrics_are_read_with_each_that_does_not(tmp_path: Path) -> None:
    """Two files of one metric are two cases; what they have in common goes with both."""
    (tmp_path / "common.json").write_text(answer(RESULT, MetricDataQueries=[query("a", "p90")]))
    for name in ("monday.csv", "tuesday.csv"):
        (tmp_path / name).write_text("timestamp,value\n1767614400,1\n1767614460,1\n")
    (tmp_path / "settings.json").write_text('{"not": "a recording"}')
    cases = read_cases([tmp_path], metric=ERRORS)
    assert [case.name for case in cases] == ["monday.csv", "tuesday.csv"]
    assert all(set(case.shelf.series) == {LATENCY, ERRORS} for case in cases)


def test_labels_of_a_folder_belong_to_its_files(tmp_path: Path) -> None:
    """As in the Numenta Anomaly Benchmark: by the path within the folder; labels that fit nothing are an error."""
    (tmp_path / "real").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "real" / name).write_text("timestamp,value\n2026-01-05 12:00:00,1\n2026-01-05 12:05:00,1\n")
    windows = {"real/a.csv": [["2026-01-05 12:00:00.000000", "2026-01-05 12:05:00.000000"]], "real/b.csv": []}
    (tmp_path / "combined_windows.json").write_text(json.dumps(windows))
    assert [case.windows for case in read_cases([tmp_path], metric=LATENCY)] == [((NOON, NOON + 300),), ()]
    (alone,) = read_cases([tmp_path / "real" / "a.csv"], metric=LATENCY, labels=tmp_path / "combined_windows.json")
    assert alone.windows == ((NOON, NOON + 300),)
    (tmp_path / "combined_windows.json").write_text(json.dumps({"x.csv": [], "y.csv": []}))
    with pytest.raises(InputError, match=r"it labels x\.csv, y\.csv, but what was given is real/a\.csv"):
        read_cases([tmp_path], metric=LATENCY)


def test_labels_of_one_file_are_not_those_of_others(tmp_path: Path) -> None:
    """The labels of a single file are those of a recording that stands alone, whatever it is called, and of no two."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("timestamp,value\n2026-01-05T00:00:00Z,1\n2026-01-05T00:01:00Z,1\n")
    labels = tmp_path / "labels.json"
    labels.write_text('{"c.csv": [["2026-01-05 00:01:00", "2026-01-05 00:02:00"]]}')
    (alone,) = read_cases([tmp_path / "a.csv"], metric=LATENCY, labels=labels)
    assert alone.windows is not None
    with pytest.raises(InputError, match=r"it labels c\.csv, but what was given is a\.csv"):
        read_cases([tmp_path / "a.csv", tmp_path / "b.csv"], metric=LATENCY, labels=labels)


def test_labels_elsewhere_are_noted_and_zones_heeded(tmp_path: Path) -> None:
    """02:00 two hours east is midnight UTC; a label outside of the recording would silently count for nothing."""
    (tmp_path / "a.csv").write_text("timestamp,value\n2026-01-05T00:00:00Z,1\n2026-01-05T00:01:00Z,1\n")
    labels = tmp_path / "labels.json"
    times = '["2026-01-05T02:00:00+02:00", "2026-01-05T02:01:00+02:00"], ["2027-01-05 00:00", "2027-01-05 00:01"]'
    labels.write_text(f'{{"a.csv": [{times}]}}')
    (case,) = read_cases([tmp_path / "a.csv"], metric=LATENCY, labels=labels)
    assert case.windows is not None
    assert case.windows[0] == (case.shelf.start, case.shelf.start + 60)
    assert case.notes == ("a.csv: the label at 2027-01-05 00:00 lies outside of the recording: it counts for nothing",)
    with pytest.raises(InputError, match=r"missing\.json: No such file or directory$"):
        read_cases([tmp_path / "a.csv"], metric=LATENCY, labels=tmp_path / "missing.json")
