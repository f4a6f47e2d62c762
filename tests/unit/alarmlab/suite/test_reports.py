"""Results for machines."""

import json
from collections.abc import Callable
from xml.etree import ElementTree as ET

from alarmlab.errors import InputError
from alarmlab.suite.as_json import as_json
from alarmlab.suite.junit import junit
from alarmlab.suite.run import Result

SUITE = """\
tests:
  - name: fires
    series: [{metric: App Queue, values: 500}]
    expect: [{at: 1m, alarm: Quiet, state: ALARM}]
  - name: "fails <&> \\e"
    expect: [{at: 1m, alarm: Quiet, state: ALARM}]
  - name: is wrong
    expect: [{at: 1m, alarm: Nobody, state: ALARM}]
  - name: pages
    initial_state: OK
    series: [{metric: AWS/SageMaker Failed Requests, dimensions: {EndpointName: ranker}, values: 9}, {metric: x, values: 1}]
    expect: [{pages: 1, severity: warning}]
"""
BROKEN = InputError("other.yaml:3: tests: is missing")


def test_junit(run_tests: Callable[[str], list[Result]]) -> None:
    """Counts add up, a failure has its text and line, an error its reason, a warning is output; bad characters are gone."""
    root = ET.fromstring(junit(run_tests(SUITE), [BROKEN]))
    first, broken = root.findall("testsuite")
    assert {name: first.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
    }
    fires, fails, wrong, pages = first.findall("testcase")
    assert (fires.get("name"), len(fires)) == ("fires", 0)
    failure, error = fails.find("failure"), wrong.find("error")
    assert failure is not None
    assert error is not None
    assert (fails.get("name"), fails.get("line")) == ("fails <&> ?", "45")
    assert failure.get("message") == (
        "expected Quiet in ALARM at 1m: it was INSUFFICIENT_DATA from the start; it never was ALARM"
    )
    assert "expected ALARM at 1m ▲" in (failure.text or "")
    assert error.get("type") == "SuiteError"
    assert "no alarm reads x" in (pages.findtext("system-out") or "")
    assert broken.find("testcase/error") is not None


def test_json(run_tests: Callable[[str], list[Result]]) -> None:
    """States, pages and incidents of every test that ran, the failures with their lines, and what could not be read."""
    document = json.loads(as_json(run_tests(SUITE), broken=[BROKEN], refused={"Logs": InputError("is not supported")}))
    assert document["summary"] == {"passed": 2, "failed": 1, "error": 1, "unreadable": 1}
    assert document["errors"] == ["other.yaml:3: tests: is missing"]
    assert document["refused"] == {"Logs": "is not supported"}
    fires, fails, wrong, pages = document["tests"]
    assert fires["alarms"]["Quiet"] == {
        "initial": "INSUFFICIENT_DATA",
        "changes": [{"at": "2026-01-05T00:01:00Z", "to": "ALARM"}],
    }
    assert (fails["failures"][0]["line"], fails["failures"][0]["expected"]) == (46, "Quiet in ALARM at 1m")
    assert "alarms" not in wrong
    assert "did you mean" in wrong["error"] or "there are" in wrong["error"]
    assert pages["pages"] == [{"at": "2026-01-05T00:01:00Z", "alarm": "Errors", "severity": "warning"}]
    assert pages["incidents"] == [
        {"opened_at": "2026-01-05T00:01:00Z", "resource": "ranker", "severity": "warning", "alarms": ["Errors"]}
    ]
