"""`alarmlab explain`."""

import json
from pathlib import Path

import pytest

from alarmlab.cli import main

TEMPLATE = """\
Resources:
  Latency:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: ranker/latency
      Namespace: AWS/SageMaker
      MetricName: ModelLatency
      ExtendedStatistic: p99
      Period: 60
      EvaluationPeriods: 5
      Threshold: 200
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Topic]
      Tags: [{Key: severity, Value: critical}]
  Broken:
    Type: AWS::CloudWatch::Alarm
    Properties: {MetricName: ModelLatency}
  Topic:
    Type: AWS::SNS::Topic
"""
SUITE = """\
assembly: template.yaml
tests:
  - name: slow answers page
    start: 2026-01-05T09:00:00Z
    initial_state: OK
    series:
      - {metric: AWS/SageMaker ModelLatency, values: 100x9 900000x9}
    expect:
      - {at: 20m, alarm: ranker/latency, state: ALARM}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a template and a suite."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "latency.alarms.yaml").write_text(SUITE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def test_it_says_all_in_the_width_of_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence, the timing, who is told, the finding with its fix, what tests prove, the total, and what was refused."""
    assert main(["explain", "template.yaml", "--tests", "."]) == 0
    out = capsys.readouterr().out
    assert all(len(line) <= 80 for line in out.splitlines())
    joined = " ".join(out.split())
    for part in (
        "ranker/latency critical $0.10",
        "Pages (critical) when the p99 of ModelLatency is above 0.2 ms in 5 minutes in a row.",
        "Fires at the earliest 5 min after the value turns bad",
        "Tells Topic of ALARM.",
        "! microseconds: ModelLatency is in microseconds: 200 is 0.2 ms. Fix: Threshold: 200000, if 200 ms was meant.",
        "Tests: 1 in which it fires, 0 in which it keeps silent. None in which it keeps silent.",
        "1 alarm, $0.10 a month",
        "1 to look at, marked with !.",
        "Not explained: template.yaml:16: alarm 'Broken'",
    ):
        assert part in joined


def test_json_has_the_same_for_machines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times in seconds, prices in dollars, findings by name."""
    assert main(["explain", "template.yaml", "--json", "alarms.json", "--alarm", "ranker/latency"]) == 0
    capsys.readouterr()
    document = json.loads((folder / "alarms.json").read_text())
    (alarm,) = document["alarms"]
    assert alarm["name"] == "ranker/latency"
    assert alarm["place"] == "template.yaml:2"
    assert alarm["dead_time"]["fires"] == 300
    assert [finding["rule"] for finding in alarm["findings"]] == ["microseconds"]
    assert alarm["tests"] is None
    assert document["dollars"] == pytest.approx(0.1)
    assert main(["explain", "template.yaml", "--json", "-", "--alarm", "ranker/latency"]) == 0
    assert json.loads(capsys.readouterr().out) == document
    assert not (folder / "-").exists()


def test_markdown_is_a_list_for_each_alarm(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A heading, then facts."""
    assert main(["explain", "template.yaml", "--markdown"]) == 0
    out = capsys.readouterr().out
    assert "### ranker/latency\n\n- Pages (critical) when" in out
    assert "- **microseconds**: " in out


def test_a_suite_explains_its_own_alarms(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Alarms written into a suite, and its own tests of them."""
    (folder / "own.yaml").write_text(
        "alarms:\n  Busy:\n    Type: AWS::CloudWatch::Alarm\n    Properties: {Namespace: App, MetricName: Busy, "
        "Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 5, ComparisonOperator: GreaterThanThreshold}\n"
        "tests:\n  - {name: busy, start: 2026-01-05T09:00:00Z, series: [{metric: App Busy, values: 9x4}], "
        "expect: [{at: 2m, alarm: Busy, state: ALARM}]}\n"
    )
    assert main(["explain", "own.yaml", "--tests", "own.yaml"]) == 0
    assert "Tests: 1 in which it fires" in capsys.readouterr().out


def test_an_alarm_that_is_not_there_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with the nearest name."""
    assert main(["explain", "template.yaml", "--alarm", "ranker/latenci"]) == 2
    assert (
        capsys.readouterr().err == "alarmlab: alarm 'ranker/latenci': there is none; did you mean 'ranker/latency'?\n"
    )
