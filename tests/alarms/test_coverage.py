"""No alarm without a test in which it fires and one in which it keeps silent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alarmlab.assembly import Assembly, read_assembly, read_resources
from alarmlab.suite.read import read_suite
from alarmlab.suite.run import Bench, Outcome, Result
from endpointwatch import Signal
from tests.alarms.proof import signals, unproved, what_to_write
from tests.conftest import ENVIRONMENTS, ROOT, assembly

SUITES = sorted(Path(__file__).parent.glob("*.alarms.yaml"))
EXAMPLES = sorted(ROOT.glob("examples/*/app.py"))


@pytest.fixture(scope="module")
def prod() -> Assembly:
    """The alarms that the suites are run against."""
    return read_assembly(assembly("prod"))


@pytest.fixture(scope="module")
def results() -> list[Result]:
    """Every test of every suite."""
    return _run()


@pytest.fixture(scope="module")
def proved(prod: Assembly, results: list[Result]) -> set[str]:
    """The signals whose alarms are proved, all of them."""
    lacking = unproved(prod, results)
    return signals(prod.alarms) - signals(prod.by_id[id] for id in lacking)


def test_every_alarm_of_prod_fires_and_keeps_silent(prod: Assembly, results: list[Result]) -> None:
    """Each alarm of the app, and of every sink, has a test of each kind that passes."""
    assert not prod.refused
    lacking = unproved(prod, results)
    assert not lacking, "\n".join(
        line for id, missing in lacking.items() for line in what_to_write(prod.by_id[id].about.name, missing)
    )


@pytest.mark.parametrize("extra", [1, 5])
def test_no_result_hangs_on_how_far_cloudwatch_looks_back(extra: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The evaluation range is not documented: the suites hold for one period more than N, and for five as users report."""
    monkeypatch.setattr("alarmlab.model.alarms.EXTRA_PERIODS", extra)
    assert [
        f"{result.suite.shown}::{result.test.name}" for result in _run() if result.outcome is not Outcome.PASSED
    ] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_environment_has_an_alarm_of_its_own(environment: str, proved: set[str]) -> None:
    """What the alarms of the other environments listen to is proved on those of prod."""
    _all_proved(read_assembly(assembly(environment)), proved)


@pytest.mark.parametrize("app", EXAMPLES, ids=lambda path: path.parent.name)
def test_no_example_has_an_alarm_of_its_own(app: Path, proved: set[str], tmp_path: Path) -> None:
    """What a user gets who copies an example is proved, too."""
    path = os.pathsep.join((str(ROOT / "constructs"), os.environ.get("PYTHONPATH", "")))
    subprocess.run(
        [sys.executable, str(app)],
        check=True,
        cwd=app.parent,
        env={**os.environ, "PYTHONPATH": path, "CDK_OUTDIR": str(tmp_path)},
        timeout=120,
    )
    _all_proved(read_assembly(tmp_path), proved)


def test_every_signal_of_an_endpoint_is_proved(proved: set[str]) -> None:
    """A new Signal fails here until its alarm has tests, also where no environment uses it yet."""
    lacking = set(Signal) - proved
    assert not lacking, "\n".join(line for signal in lacking for line in what_to_write(signal, _BOTH))


_BOTH = ("fires", "keeps silent")


def _run() -> list[Result]:
    benches = [Bench(read_suite(path), assembly("prod")) for path in SUITES]
    return [bench.run(test) for bench in benches for test in bench.suite.tests]


def _all_proved(found: Assembly, proved: set[str]) -> None:
    assert found.alarms
    assert not found.refused
    lacking = signals(found.alarms) - proved
    assert not lacking, "\n".join(line for signal in lacking for line in what_to_write(signal, _BOTH))


SUITE = """
alarms:
  Proved: &alarm
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: Shop
      MetricName: Errors
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 5
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [topic]
  Unproved:
    <<: *alarm
    Properties: {Namespace: Shop, MetricName: Other, Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 5,
      ComparisonOperator: GreaterThanThreshold, AlarmActions: [topic]}
tests:
  - name: fires
    series: [{metric: Shop Errors, values: 9x5}]
    expect: [{at: 3m, alarm: Proved, state: ALARM}]
  - name: keeps silent
    series: [{metric: Shop Errors, values: 1x5}]
    expect: [{pages: 0}]
  - name: is expected to fire, and does not
    series: [{metric: Shop Other, values: 1x5}]
    expect: [{at: 3m, alarm: Unproved, state: ALARM}]
"""


@pytest.mark.parametrize(
    ("tests", "lacking"),
    [
        (("fires", "keeps silent", "is expected to fire, and does not"), {"Unproved": ["fires", "keeps silent"]}),
        (("fires",), {"Proved": ["keeps silent"], "Unproved": ["fires", "keeps silent"]}),
        (("keeps silent",), {"Proved": ["fires"], "Unproved": ["fires", "keeps silent"]}),
    ],
)
def test_an_alarm_without_tests_is_named(tests: tuple[str, ...], lacking: dict[str, list[str]], tmp_path: Path) -> None:
    """The check itself: an alarm of which nothing, one half, or only a failing test says something is lacking."""
    path = tmp_path / "shop.alarms.yaml"
    path.write_text(SUITE)
    suite = read_suite(path)
    bench = Bench(suite)
    found = [bench.run(test) for test in suite.tests if test.name in tests]
    assert unproved(read_resources(suite.alarms), found) == lacking


def test_what_to_write_is_a_suite() -> None:
    """Whoever adds an alarm is told its name and the expectation that is missing."""
    fires, silent = what_to_write("ranker/AllTraffic/fans", _BOTH)
    assert "{at: 30m, alarm: ranker/AllTraffic/fans, state: ALARM}" in fires
    assert "{pages: 0, alarm: ranker/AllTraffic/fans}" in silent
