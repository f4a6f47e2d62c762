"""Suites as pytest items."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SUITE = """\
tests:
  - name: passes
    expect: [{pages: 0}]
  - name: fails
    series: [{metric: App Queue, values: 1x9}]
    expect: [{at: 5m, alarm: Quiet, state: ALARM}]
  - name: warns
    series: [{metric: App Quue, values: 1x9}]
    expect: [{pages: 0}]
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, write: Callable[[str], Path]) -> Path:
    """A suite in the folder of an inner pytest."""
    path = pytester.path / "queue.alarms.yaml"
    path.write_text(write(SUITE).read_text())
    return path


def test_one_test_an_item(pytester: pytest.Pytester, suite: Path) -> None:
    """Items have the names of the tests; a failure shows the picture, a warning is one of pytest's with its line."""
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=2, failed=1, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "queue.alarms.yaml::passes PASSED*",
            "queue.alarms.yaml::fails FAILED*",
            "E queue.alarms.yaml:46: expected Quiet in ALARM at 5m: it was OK since 1m; it never was ALARM",
            "*▲ expected ALARM at 5m",
            "*AlarmWarning: queue.alarms.yaml:48: tests[[]2[]].series[[]0[]]: no alarm reads App Quue: did you mean App Queue?",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert "pytest_items.py" not in result.stdout.str()


def test_choosing_one(pytester: pytest.Pytester, suite: Path) -> None:
    """A test is chosen by -k and by its node id."""
    pytester.runpytest("-k", "passes").assert_outcomes(passed=1, deselected=2)
    pytester.runpytest(f"{suite.name}::passes").assert_outcomes(passed=1)


def test_a_suite_of_any_name_is_run_where_it_is_named(pytester: pytest.Pytester, suite: Path) -> None:
    """A file that is asked for is collected; found in a folder it is not, and YAML without tests never is."""
    other = suite.rename(suite.with_name("queue.yaml"))
    pytester.runpytest().assert_outcomes()
    pytester.runpytest(other.name).assert_outcomes(passed=2, failed=1, warnings=1)
    pytester.runpytest(f"{other.name}::passes").assert_outcomes(passed=1)
    (pytester.path / "values.yaml").write_text("replicas: 2\n")
    result = pytester.runpytest("values.yaml")
    result.assert_outcomes()
    result.stderr.fnmatch_lines(["*not found: *values.yaml"])


def test_a_file_that_is_wrong(pytester: pytest.Pytester) -> None:
    """It is an error of collection, with its line and without a traceback."""
    (pytester.path / "wrong.alarms.yml").write_text("tests:\n  - expct: []")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["wrong.alarms.yml:2: tests[[]0[]].expct: is not known: did you mean expect?"])


def test_an_assembly_that_is_not_there(pytester: pytest.Pytester) -> None:
    """Every test that needs it is an error of one line."""
    (pytester.path / "wrong.alarms.yml").write_text("assembly: gone\ntests:\n  - expect: [{pages: 0}]")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["wrong.alarms.yml:1: assembly: gone: there is no *gone: write the path from the suite*"]
    )
    assert "direct cause" not in result.stdout.str()


def test_a_conftest_that_synthesizes(pytester: pytest.Pytester) -> None:
    """The hook is called once for a suite, when its first test is run and not when it is collected."""
    (pytester.path / "some.alarms.yaml").write_text(
        "tests: [{expect: [{at: 1m, alarm: A, state: INSUFFICIENT_DATA}]}, {name: b, expect: [{pages: 0}]}]"
    )
    pytester.makeconftest(
        """
        def pytest_alarmlab_assembly(suite):
            print("synthesized for", suite.name)
            template = suite.parent / "template.yaml"
            template.write_text(
                "Resources: {A: {Type: AWS::CloudWatch::Alarm, Properties: {Namespace: N, MetricName: M, Statistic: Sum,"
                " Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: GreaterThanThreshold}}}"
            )
            return template
        """
    )
    assert "synthesized" not in pytester.runpytest("--collect-only", "-s").stdout.str()
    result = pytester.runpytest("-s")
    result.assert_outcomes(passed=2)
    assert result.stdout.str().count("synthesized for some.alarms.yaml") == 1


def test_other_names(pytester: pytest.Pytester, suite: Path) -> None:
    """The ini option says which files are suites."""
    suite.rename(pytester.path / "alarms_queue.yaml")
    pytester.runpytest().assert_outcomes()
    pytester.makeini("[pytest]\nalarmlab_files = alarms_*.yaml")
    pytester.runpytest().assert_outcomes(passed=2, failed=1, warnings=1)


def test_costs_nothing_without_a_suite(tmp_path: Path) -> None:
    """Where no file is called like a suite, neither NumPy nor YAML nor the engine is imported."""
    (tmp_path / "test_one.py").write_text("def test_one(): pass\n")
    (tmp_path / "values.yaml").write_text("a: b\n")
    script = (
        "import sys, pytest; pytest.main(['-q', '--collect-only', '-p', 'no:cacheprovider']); "
        "print(sorted({'numpy', 'yaml', 'alarmlab.engine', 'alarmlab.pytest_plugin'} & sys.modules.keys()))"
    )
    out = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert out.splitlines()[-1] == "['alarmlab.pytest_plugin']"
