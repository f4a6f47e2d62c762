"""The figures of a backtest, and the page that shows them."""

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.backtest.curve import COLUMNS, Span
from alarmlab.backtest.picture import path
from alarmlab.cli import main

DATA = Path(os.environ.get("ENDPOINTWATCH_DATA", Path(__file__).resolve().parents[5] / "shared" / "data"))
"""Series that others recorded and labelled: not ours to pass on, so not in the repository."""
needs_nab = pytest.mark.skipif(
    not (DATA / "nab").is_dir(), reason=f"no nab/ in {DATA}; ENDPOINTWATCH_DATA names the folder that has it"
)
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in a folder of its own: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(["backtest", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return command


def alarm(name: str, *, threshold: float = 50, metric: str = "Age", **properties: object) -> dict[str, object]:
    """An alarm on three minutes in a row."""
    given = {
        "AlarmName": name,
        "Namespace": "Shop",
        "MetricName": metric,
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": ["pages"],
        "OKActions": ["pages"],
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {**given, **properties}}


def template(folder: Path, **resources: object) -> str:
    """A template file."""
    (folder / "template.json").write_text(json.dumps({"Resources": resources}))
    return "template.json"


def day(folder: Path, *, high: list[tuple[int, int]], name: str = "age.csv") -> str:
    """A day of minutes from 2026-01-05 on, high between some minutes."""
    values = np.ones(1440)
    for start, end in high:
        values[start:end] = 100
    rows = "\n".join(f"{1_767_571_200 + 60 * minute},{value}" for minute, value in enumerate(values))
    (folder / name).write_text(f"timestamp,value\n{rows}\n")
    return name


def labels(folder: Path, *windows: tuple[str, str], name: str = "age.csv") -> str:
    """A file of labels for the day."""
    spans = [[f"2026-01-05 {start}:00", f"2026-01-05 {end}:00"] for start, end in windows]
    (folder / "labels.json").write_text(json.dumps({name: spans}))
    return "labels.json"


def test_figures_against_labels(run: Command, tmp_path: Path) -> None:
    """One window told, one missed, one false page in a day: the figures, to the second."""
    recorded = day(tmp_path, high=[(610, 650), (1200, 1210)])
    marked = labels(tmp_path, ("10:00", "11:00"), ("15:00", "16:00"))
    code, out, err = run(template(tmp_path, Age=alarm("age")), recorded, "--labels", marked, "--json", "-")
    assert (code, err) == (0, "")
    report = json.loads(out)
    found = report["detection"]
    assert (found["true"], found["false"], found["precision"], found["recall"]) == (1, 1, 0.5, 0.5)
    assert found["false_per_week"] == pytest.approx(7)
    # High from 10:10 on: the third high minute has ended at 10:13. Of three minutes one is low from 10:51 on.
    told, missed = found["windows"]
    assert (told["told_at"], told["after_start"]) == ("2026-01-05T10:13:00Z", 13 * 60)
    assert told["after_label"] == -17 * 60
    assert told["reset"] == -9 * 60 + 300, "an incident is over when its end has settled for five minutes"
    assert (missed["told_at"], missed["was_on"]) == (None, False)
    (one,) = report["alarms"]
    assert one["detection"]["median_reset"] == -9 * 60
    assert one["seconds"] == {"OK": 86_400 - 180 - 46 * 60 + 2 * 60, "ALARM": 46 * 60, "INSUFFICIENT_DATA": 60}
    assert report["incidents"] == report["pages"] == 2


def test_without_labels_pages_states_and_flaps_are_told(run: Command, tmp_path: Path) -> None:
    """An alarm that comes back ten minutes after it ended flaps, and settles too early to be one incident."""
    recorded = day(tmp_path, high=[(600, 610), (620, 630), (1000, 1010)])
    code, out, _ = run(template(tmp_path, Age=alarm("age")), recorded)
    assert code == 0
    row = next(line for line in out.splitlines() if line.split()[:1] == ["age"])
    assert row.split()[2:6] == ["3", "0", "3", "1"], "pages, held back, onsets, flaps"
    assert "precision" not in out
    assert "3 incidents, 1.0 pages each" in out
    code, out, _ = run(template(tmp_path, Age=alarm("age")), recorded, "--settle", "15m")
    assert "2 incidents, 1.5 pages each" in out


def test_one_alarm_that_cannot_be_evaluated_does_not_stop_the_others(run: Command, tmp_path: Path) -> None:
    """It is named with its reason, as is a composite alarm above it."""
    both = {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Properties": {"AlarmName": "both", "AlarmRule": "ALARM(age) AND ALARM(tail)", "AlarmActions": ["pages"]},
    }
    tail = alarm("tail", Statistic=None, ExtendedStatistic="p99", Period=300)
    del tail["Properties"]["Statistic"]  # type: ignore[attr-defined]
    (tmp_path / "sums.csv").write_text(
        "timestamp,Sum,SampleCount\n" + "\n".join(f"{1_767_571_200 + 60 * n},{n},1" for n in range(200))
    )
    assembly = template(tmp_path, Age=alarm("age"), Tail=tail, Both=both)
    code, out, err = run(assembly, "sums.csv", "--as", "age")
    assert (code, err) == (0, "")
    assert re.search(r"not evaluated: Tail: .*p99", out)
    assert "not evaluated: Both: it looks at Tail, which cannot be evaluated" in out
    assert "1 incident" in out


def test_a_page_is_about_the_pages_of_the_resource(run: Command, tmp_path: Path) -> None:
    """Two alarms of one service are one incident with two pages."""
    tags = [{"Key": "service", "Value": "shop"}]
    assembly = template(tmp_path, Low=alarm("low", Tags=tags), High=alarm("high", threshold=90, Tags=tags))
    _, out, _ = run(assembly, day(tmp_path, high=[(600, 660)]), "--json", "-")
    (incident,) = json.loads(out)["recordings"][0]["incidents"]
    assert (incident["resource"], sorted(incident["alarms"]), len(incident["pages"])) == ("shop", ["High", "Low"], 2)


def test_a_recorded_band_goes_before_our_own(run: Command, tmp_path: Path) -> None:
    """Its bounds are series like any other: the figures are those of CloudWatch's own band, where somebody kept it."""
    metric = {"Metric": {"Namespace": "Shop", "MetricName": "Age"}, "Period": 60, "Stat": "Average"}
    properties = {
        "Metrics": [{"Id": "m", "MetricStat": metric}, {"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m, 2)"}],
        "ThresholdMetricId": "b",
        "ComparisonOperator": "GreaterThanUpperThreshold",
        "EvaluationPeriods": 1,
        "AlarmActions": ["pages"],
        "OKActions": ["pages"],
    }
    rows = [
        f"{1_767_571_200 + 60 * minute},{namespace},{name},{dimensions},{value}"
        for minute in range(60)
        for namespace, name, dimensions, value in (
            ("Shop", "Age", "", 10),
            ("alarmlab/Band", "Age", "Bound=lower", 0),
            ("alarmlab/Band", "Age", "Bound=upper", 9 if minute == 30 else 20),
        )
    ]
    (tmp_path / "band.csv").write_text("timestamp,namespace,metric,dimensions,value\n" + "\n".join(rows))
    assembly = template(tmp_path, Age={"Type": "AWS::CloudWatch::Alarm", "Properties": properties})
    _, out, _ = run(assembly, "band.csv", "--json", "-")
    (page,) = json.loads(out)["recordings"][0]["alarms"][0]["paged_at"]
    assert page == "2026-01-05T00:31:00Z"


def test_what_makes_figures_doubtful_is_said(run: Command, tmp_path: Path) -> None:
    """A metric that was not recorded counts as missing, and an alarm that never tells its end leaves incidents open."""
    queries = [
        {"Id": id, "MetricStat": {"Metric": {"Namespace": "Shop", "MetricName": name}, "Period": 60, "Stat": "Sum"}}
        for id, name in (("a", "Age"), ("b", "Size"))
    ]
    share = alarm("share", TreatMissingData="breaching", OKActions=[])
    given = share["Properties"]
    assert isinstance(given, dict)
    for name in ("Namespace", "MetricName", "Statistic", "Period"):
        del given[name]
    given["Metrics"] = [*({**query, "ReturnData": False} for query in queries), {"Id": "c", "Expression": "a / b"}]
    _, out, _ = run(template(tmp_path, Share=share), day(tmp_path, high=[]), "--metric", "Shop Age")
    assert "note: share: not recorded in age.csv, so missing: Shop Size" in out
    assert "note: share: it has no OKActions" in out
    assert "still open" in out


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["--as", "agee"], "alarm 'agee': there is none"),
        (["--metric", "Age"], "metric: 'Age': write namespace and name, such as 'AWS/SageMaker ModelLatency'"),
        (["--metric", "Shop Agee"], "no alarm reads what was recorded: recorded Shop Agee; the alarms read Shop Age"),
        (["--metric", "Shop Age", "--as", "Age"], "--metric and --as say the same"),
        (["--dimension", "A=b"], "--dimension: it needs --metric"),
        (["--since", "2027-01-01"], "--since/--until: nothing of age.csv lies between them"),
        (["--window", "soon"], "--window: 'soon': write a duration such as"),
        (["--labels", "nowhere.json"], "nowhere.json"),
        (["--html", "no/such/folder.html"], "no/such/folder.html: cannot be written"),
    ],
)
def test_bad_input_is_one_line(run: Command, tmp_path: Path, arguments: list[str], wrong: str) -> None:
    """Exit code 2, and a line that names the option, the value and the fix."""
    code, out, err = run(template(tmp_path, Age=alarm("age")), day(tmp_path, high=[]), *arguments)
    assert (code, out) == (2, "")
    assert wrong in err
    assert err.count("\n") == 1


def test_a_csv_needs_no_name_where_alarms_read_one_metric(run: Command, tmp_path: Path) -> None:
    """With two it says how to choose."""
    recorded = day(tmp_path, high=[])
    two = template(tmp_path, Age=alarm("age"), Size=alarm("size", metric="Size"))
    code, _, err = run(two, recorded)
    assert code == 2
    assert "age.csv: it does not name its metric: say which with --metric, or --as ALARM" in err
    assert run(two, recorded, "--as", "size")[0] == 0
    assert run(template(tmp_path, Age=alarm("age")), recorded)[0] == 0


class Page(HTMLParser):
    """What a browser would load, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what it is and what it points to."""
        self.tags.append(tag)
        given = dict(attrs)
        self.loads += [given[name] or "" for name in ("src", "href", "srcset", "data") if name in given]
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """It closes itself."""
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        """It closes the newest open one."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Words."""
        self.text += data


def test_the_page_stands_alone_and_escapes_what_it_shows(run: Command, tmp_path: Path) -> None:
    """No network, no scripts, one id each, every element closed; a hostile name is shown as it is written."""
    hostile = "<script>alert('&')</script>"
    assembly = template(
        tmp_path, Age=alarm(hostile, Tags=[{"Key": "service", "Value": hostile}, {"Key": "severity", "Value": hostile}])
    )
    recorded = day(tmp_path, high=[(600, 660)], name="a&b<i>.csv")
    marked = labels(tmp_path, ("10:00", "11:00"), name="a&b<i>.csv")
    code, _, _ = run(assembly, recorded, "--labels", marked, "--html", "page.html")
    assert code == 0
    text = (tmp_path / "page.html").read_text()
    page = Page(text)
    assert page.open == []
    assert "script" not in page.tags
    assert page.loads == []
    assert "url(http" not in text
    assert len(set(page.ids)) == len(page.ids) > 0
    assert hostile in page.text
    assert "a&b<i>.csv" in page.text
    assert {"svg", "figure", "details", "table"} <= set(page.tags)


def test_a_year_of_minutes_is_a_small_page(run: Command, tmp_path: Path) -> None:
    """Half a million values are drawn in less than 100 kB, and a spike of one minute is among them."""
    minutes = np.arange(525_600)
    values = 20 + 5 * np.sin(minutes / 229)
    values[300_000] = 1000
    rows = "\n".join(f"{1_735_689_600 + 60 * minute},{value:.3f}" for minute, value in enumerate(values.tolist()))
    (tmp_path / "year.csv").write_text(f"timestamp,value\n{rows}\n")
    code, _, _ = run(template(tmp_path, Age=alarm("age")), "year.csv", "--html", "year.html")
    assert code == 0
    text = (tmp_path / "year.html").read_text()
    assert len(text) < 100_000
    assert "1000" in Page(text).text, "the scale reaches up to the spike"


def drawn(text: str) -> list[list[tuple[int, int]]]:
    """The points of each unbroken part of a path."""
    parts: list[list[tuple[int, int]]] = []
    for letter, first, second in re.findall(r"([Ml])(-?\d+)\s?(-?\d+)", text):
        x, y = int(first), int(second)
        if letter == "M":
            parts.append([(x, y)])
        else:
            before = parts[-1][-1]
            parts[-1].append((before[0] + x, before[1] + y))
    return parts


@settings(max_examples=15, deadline=None)
@given(
    st.integers(2 * COLUMNS + 1, 5000),
    st.integers(0, 2**32 - 1),
    st.floats(0, 0.7),
)
def test_no_extreme_of_a_column_is_lost(count: int, seed: int, missing: float) -> None:
    """Of each column the lowest and the highest value are drawn, and nothing that was not recorded."""
    random = np.random.default_rng(seed)
    heights = random.integers(0, 1000, count).astype(np.float64)
    heights[random.random(count) < missing] = np.nan
    times = np.arange(count)
    span = Span(start=0, end=count)
    points = [point for part in drawn(path(span, times, heights)) for point in part]
    columns = span.columns(times).astype(int)
    there = ~np.isnan(heights)
    recorded = set(zip(columns[there].tolist(), heights[there].astype(int).tolist(), strict=True))
    if there.sum() > 2 * COLUMNS:
        assert set(points) <= recorded
        shown = defaultdict(list)
        for x, y in points:
            shown[x].append(y)
        for column in np.unique(columns[there]):
            inside = heights[there & (columns == column)]
            assert (min(shown[column]), max(shown[column])) == (inside.min(), inside.max())
    else:
        assert len(points) == there.sum()


def test_a_gap_is_a_gap_and_a_lonely_value_a_point() -> None:
    """The line does not pass over what is missing."""
    heights = np.array([10.0, 20.0, np.nan, 30.0, np.nan, np.nan, 40.0, 50.0])
    parts = drawn(path(Span(start=0, end=8), np.arange(8), heights))
    assert [len(part) for part in parts] == [2, 1, 2]
    assert [y for part in parts for _, y in part] == [10, 20, 30, 40, 50]


@needs_nab
def test_a_labelled_benchmark(run: Command, tmp_path: Path) -> None:
    """Each file of the folder is a case with its labels; the sums are those of the cases."""
    assembly = template(tmp_path, Age=alarm("age", threshold=95, Period=300, EvaluationPeriods=1))
    code, out, err = run(assembly, str(DATA / "nab"), "--json", "-")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert len(report["recordings"]) == len(list((DATA / "nab").rglob("*.csv")))
    cases = [case["detection"] for case in report["recordings"]]
    marked = json.loads((DATA / "nab" / "combined_windows.json").read_text())
    assert {case["name"]: len(case["detection"]["windows"]) for case in report["recordings"]} == {
        name: len(windows)
        for name, windows in marked.items()
        if name in {case["name"] for case in report["recordings"]}
    }
    assert report["detection"]["false"] == sum(case["false"] for case in cases)
    assert -1000 < report["detection"]["nab"]["standard"] < 100
