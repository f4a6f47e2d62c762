"""`alarmlab tune`: what is proposed meets the objective, and is the tightest that does."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import yaml

from alarmlab.cli import main
from alarmlab.errors import InputError
from alarmlab.tune import Objective

START = 1_767_225_600
STEP = 900
DAYS = 14
ROWS = DAYS * 96


def written(rows: int) -> str:
    """The time at which a row begins."""
    return datetime.fromtimestamp(START + rows * STEP, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An alarm whose threshold is too low, two weeks of its metric with short peaks, and an outage that is labelled."""
    values = np.random.default_rng(5).normal(100, 5, ROWS)
    for day in range(2, DAYS):
        values[day * 96 + 33] = 150 + day
    values[1000:1004] = 190
    lines = [f"{written(row)},{value:.2f}" for row, value in enumerate(values)]
    (tmp_path / "latency.csv").write_text("\n".join(["timestamp,value", *lines, ""]))
    (tmp_path / "labels.json").write_text(json.dumps({"latency.csv": [[written(996), written(1020)]]}))
    properties = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ModelLatency",
        "Dimensions": [{"Name": "EndpointName", "Value": "ranker"}],
        "Statistic": "Average",
        "Period": STEP,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 120,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:pages"],
        "OKActions": ["arn:aws:sns:eu-west-1:111122223333:pages"],
    }
    resources = {
        "Latency": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties},
        "Any": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmRule": "ALARM(Latency)"}},
    }
    (tmp_path / "template.yaml").write_text(yaml.safe_dump({"Resources": resources}))
    return tmp_path


def tune(folder: Path, *more: str) -> int:
    """Run the command."""
    return main(["tune", str(folder / "template.yaml"), str(folder / "latency.csv"), "--alarm", "Latency", *more])


def rows(text: str) -> list[list[str]]:
    """The cells of the table's lines that have a number."""
    lines = [line for line in text.splitlines() if line[:1].isdigit()]
    return [line.split() for line in lines]


def test_what_is_proposed_meets_the_objective(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The alarm tells all thirteen; the tightest threshold that keeps to one a week lets the two highest through."""
    assert tune(folder) == 0
    out = capsys.readouterr().out
    table = rows(out)
    assert table[0][:9] == ["0", "as", "it", "is", "120", "1", "of", "1", "13"]
    assert table[1][:7] == ["1", ">", "best", "level", "162", "1", "of"]
    proposed = yaml.safe_load(out[out.index("Latency:\n") :])["Latency"]["Properties"]
    assert proposed["Threshold"] == 162
    assert (proposed["DatapointsToAlarm"], proposed["EvaluationPeriods"]) == (1, 1)


def test_an_alarm_that_meets_the_objective_may_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing has to change, that is said first; the tightest that is allowed may tell more than now."""
    template = folder / "template.yaml"
    template.write_text(template.read_text().replace("Threshold: 120", "Threshold: 180"))
    assert tune(folder) == 0
    assert (
        "meets the objective as it is. The tightest that still does (1 false alarms become 2)"
        in capsys.readouterr().out
    )


def test_no_false_alarm_is_beyond_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without labels the outage too is something that nobody wants to hear of."""
    assert tune(folder, "--objective", "no false alarm") == 0
    out = capsys.readouterr().out
    assert yaml.safe_load(out[out.index("Latency:\n") :])["Latency"]["Properties"]["Threshold"] == 190


def test_labels_decide_what_is_proposed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A threshold between the peaks and the outage: told, without a false alarm."""
    assert tune(folder, "--labels", str(folder / "labels.json"), "--objective", "no false alarm") == 0
    out = capsys.readouterr().out
    proposed = next(line.split() for line in out.splitlines() if " > " in line)
    assert "1/1" in proposed
    assert "12 false alarms become 0, 1 of 1 windows told become 1" in out


def test_an_alarm_that_never_ends_is_not_tight(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A threshold below everything has one incident, and meets any objective: it is not what is proposed."""
    template = yaml.safe_load((folder / "template.yaml").read_text())
    template["Resources"]["Latency"]["Properties"].pop("OKActions")
    (folder / "template.yaml").write_text(yaml.safe_dump(template))
    assert tune(folder) == 0
    out = capsys.readouterr().out
    assert rows(out)[0][8] == "13"
    assert yaml.safe_load(out[out.index("Latency:\n") :])["Latency"]["Properties"]["Threshold"] == 162


def test_what_is_pasted_does_what_the_table_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A policy's resources are a template: backtested, they give the figure of the table."""
    assert tune(folder) == 0
    table = rows(capsys.readouterr().out)
    line = next(row for row in table if row[1:3] == ["unlike", "before"] or row[2:4] == ["unlike", "before"])
    assert tune(folder, "--pick", line[0]) == 0
    out = capsys.readouterr().out
    (folder / "pasted.yaml").write_text(out[out.index("Resources:") :])
    assert main(["backtest", str(folder / "pasted.yaml"), str(folder / "latency.csv"), "--json", "-"]) == 0
    incidents = [each for case in json.loads(capsys.readouterr().out)["recordings"] for each in case["incidents"]]
    false = line[line.index("before") + 1]
    assert str(len(incidents)) == false != "0"


def test_a_band_is_tuned_by_its_width(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The narrowest one that keeps to the objective, in the band's own expression."""
    assert tune(folder, "--pick", "0") == 0
    table = rows(capsys.readouterr().out)
    band = next(row for row in table if "CloudWatch-like" in row)
    assert tune(folder, "--pick", band[0]) == 0
    out = capsys.readouterr().out
    (folder / "template.yaml").write_text(out[out.index("Resources:") :])
    assert main(["tune", str(folder / "template.yaml"), str(folder / "latency.csv"), "--alarm", "LatencyBand"]) == 0
    out = capsys.readouterr().out
    proposed = yaml.safe_load(out[out.index("LatencyBand:\n") :])["LatencyBand"]["Properties"]
    width = band[band.index("band") + 1]
    assert proposed["Metrics"] == [{"Id": "band", "Expression": f"ANOMALY_DETECTION_BAND(m, {width})"}]


def test_a_composite_alarm_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By name: it has nothing to tune."""
    command = ["tune", str(folder / "template.yaml"), str(folder / "latency.csv"), "--alarm", "Any"]
    assert main(command) == 2
    assert "alarm 'Any': only alarms with a threshold or a band" in capsys.readouterr().err


def test_a_line_that_is_not_there_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the lines that are."""
    assert tune(folder, "--pick", "99") == 2
    assert "--pick: there is no line 99: use one from 0 to" in capsys.readouterr().err


def test_an_objective_that_nothing_meets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and the table all the same: an alarm that looks at missing data fires whatever its threshold."""
    template = yaml.safe_load((folder / "template.yaml").read_text())
    template["Resources"]["Latency"]["Properties"]["TreatMissingData"] = "breaching"
    (folder / "template.yaml").write_text(yaml.safe_dump(template))
    lines = (folder / "latency.csv").read_text().splitlines()
    (folder / "latency.csv").write_text("\n".join([*lines[:301], *lines[334:], ""]))
    assert tune(folder, "--objective", "no false alarm") == 1
    assert "nothing that was tried meets the objective" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "most", "seconds"),
    [
        ("at most 1 false alarm a week", 1, 604_800),
        ("At most 3 alarms in 2 weeks", 3, 2 * 604_800),
        ("0.5 pages per day", 0.5, 86_400),
        ("no false alarms", 0, 0),
        ("at most 0 false alarms", 0, 0),
        ("2 false pages every 6 hours", 2, 6 * 3600),
    ],
)
def test_objectives_are_words(text: str, most: float, seconds: int) -> None:
    """Numbers of alarms or pages in a time."""
    assert Objective.read(text) == Objective(most=most, seconds=seconds)


@pytest.mark.parametrize("text", ["", "few", "at most 3 false alarms", "at most -1 a week", "1 alarm a fortnight"])
def test_other_objectives_are_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(InputError, match="at most 1 false alarm a week"):
        Objective.read(text)


def test_an_objective_scales_with_the_recording() -> None:
    """One a week is two in two weeks, and none in three days."""
    week = Objective.read("at most 1 false alarm a week")
    assert [week.allows(false, 14 * 86_400) for false in (2, 3)] == [True, False]
    assert [week.allows(false, 3 * 86_400) for false in (0, 1)] == [True, False]
