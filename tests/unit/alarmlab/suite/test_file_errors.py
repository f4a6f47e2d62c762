"""Every error of a suite names the file, the line, the field and the fix."""

from pathlib import Path
from textwrap import dedent

import pytest

from alarmlab.suite.document import SuiteError
from alarmlab.suite.read import read_suite

SERIES = "      - {metric: App Queue, values: 1}\n"


def _read(path: Path, text: str) -> None:
    file = path / "wrong.alarms.yaml"
    file.write_text(dedent(text), encoding="utf-8")
    read_suite(file, shown="wrong.alarms.yaml")


def _test(body: str) -> str:
    """A suite whose only test begins on its second line."""
    return "tests:\n  - name: a\n" + body


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "wrong.alarms.yaml:1: the file is empty"),
        ("tests: [\n", "wrong.alarms.yaml:2: not YAML: did not find expected node content"),
        ("tests:\n  - a: b\n c: d", "wrong.alarms.yaml:3: not YAML"),
        ("tests: []\n---\ntests: []", "wrong.alarms.yaml:2: not YAML"),
        ("a\x00b", "wrong.alarms.yaml"),
        (
            "- a",
            "wrong.alarms.yaml:1: write keys and values here: assembly, parameters, alarms, evaluation_range, tests",
        ),
        ("assembly: x", "wrong.alarms.yaml:1: the file: tests is missing"),
        ("tests: []", "wrong.alarms.yaml:1: tests: there is no test"),
        ("tests: 5", "wrong.alarms.yaml:1: tests: 5: write a list here"),
        ("\nassembley: x\ntests: []", "wrong.alarms.yaml:2: assembley: is not known: did you mean assembly?"),
        ("tests: []\ntests: []", "wrong.alarms.yaml:2: tests: is there twice: keep one"),
        ("? [a]\n: b\n", "wrong.alarms.yaml:1: the file: a key must be a word"),
        (
            "evaluation_range: five\ntests: [{expect: [{pages: 0}]}]",
            "wrong.alarms.yaml:1: evaluation_range: five: write a whole number from 1 to 100000",
        ),
        ("alarms:\n  A: x\ntests: [{}]", "wrong.alarms.yaml:2: alarms.A: x: write keys and values here"),
        (
            "alarms:\n  A: {Type: x, Properties: !!int x}\ntests: [{}]",
            "wrong.alarms.yaml:2: alarms.A: not YAML: invalid",
        ),
        (
            "alarms:\n  A: {Type: x, Properties: !!none x}\ntests: [{}]",
            "wrong.alarms.yaml:2: not YAML: could not determine a constructor",
        ),
        ("tests: " + "[" * 5000, "wrong.alarms.yaml:1: not YAML: it is nested too deeply"),
        ("tests:\n  - <<: {[a]: b}\n    expect: []", "wrong.alarms.yaml:2: tests[0]: a key must be a word"),
        ("tests:\n  - <<: 5\n    expect: []", "wrong.alarms.yaml:2: not YAML: expected a mapping or list of mappings"),
        ("alarms:\n  A: {Typ: x}\ntests: [{}]", "wrong.alarms.yaml:2: alarms.A: Type is missing"),
        (_test("    expct: []"), "wrong.alarms.yaml:3: tests[0].expct: is not known: did you mean expect?"),
        (_test(""), "wrong.alarms.yaml:2: tests[0]: expect is missing"),
        (_test("    expect: []"), "wrong.alarms.yaml:3: tests[0].expect: nothing is expected"),
        (
            _test("    start: 2026-01-05T09:00:30Z\n    expect: [{}]"),
            "wrong.alarms.yaml:3: tests[0].start: 2026-01-05T09:00:30Z: alarms are evaluated on the minute",
        ),
        (_test("    start: soon\n    expect: [{}]"), "wrong.alarms.yaml:3: tests[0].start: soon: write a time such as"),
        (
            _test("    initial_state: ALERT\n    expect: [{pages: 1}]"),
            "wrong.alarms.yaml:3: tests[0].initial_state: ALERT: did you mean ALARM?",
        ),
        (
            _test("    expect:\n      - {pages: 1}\n      - {at: 41, alarm: A, state: OK}"),
            "wrong.alarms.yaml:5: tests[0].expect[1].at: 41: write a duration such as 90s, 41m, 1h30m or 2d",
        ),
        (
            _test("    expect: [{at: 1m, alarm: A, state: Ok}]"),
            "wrong.alarms.yaml:3: tests[0].expect[0].state: Ok: did you mean OK?",
        ),
        (
            _test("    expect: [{at: 1m, state: OK}]"),
            "wrong.alarms.yaml:3: tests[0].expect[0]: alarm is missing",
        ),
        (
            _test("    expect: [{at: 1m, within: 5m, alarm: A, state: OK}]"),
            "wrong.alarms.yaml:3: tests[0].expect[0]: at and within: an expectation is one of {at, alarm, state}",
        ),
        (
            _test("    expect: [{att: 1m, alarm: A, state: OK}]"),
            "wrong.alarms.yaml:3: tests[0].expect[0].att: is not known: did you mean at?",
        ),
        (
            _test("    expect: [{alarm: A, state: OK}]"),
            "wrong.alarms.yaml:3: tests[0].expect[0]: no moment and no count: an expectation is one of",
        ),
        (
            _test("    expect: [{at: 1m, of: 3m, alarm: A, state: OK}]"),
            "wrong.alarms.yaml:3: tests[0].expect[0].of: is not known: use at, alarm, state",
        ),
        (
            _test("    expect: [{pages: -1}]"),
            "wrong.alarms.yaml:3: tests[0].expect[0].pages: -1: write a whole number from 0",
        ),
        (_test("    expect: [{pages: ~}]"), "wrong.alarms.yaml:3: tests[0].expect[0].pages: write one value here"),
    ],
)
def test_of_files_and_tests(tmp_path: Path, text: str, message: str) -> None:
    """The line is that of the value, the fix is what can be typed there."""
    with pytest.raises(SuiteError) as caught:
        _read(tmp_path, text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ("{values: 1}", "series[0]: metric is missing"),
        ("{metric: App Queue}", "series[0]: there is no data: give one of values, samples, statistics"),
        (
            "{metric: App Queue, values: 1, samples: '[1]'}",
            "series[0]: values and samples are both there: give one of values, samples, statistics",
        ),
        ("{metric: AWS/EC2, values: 1}", "series[0].metric: AWS/EC2: write the namespace and the name of the metric"),
        ("{metric: App Queue, value: 1}", "series[0].value: is not known: did you mean values?"),
        ("{metric: App Queue, values: 1 stale}", "series[0].values: 1 stale: 'stale': Prometheus's stale marker"),
        ("{metric: App Queue, values: [1, .inf]}", "series[0].values[1]: .inf: '.inf': write numbers"),
        ("{metric: App Queue, values: []}", "series[0].values: no values"),
        ("{metric: App Queue, values: {a: b}}", "series[0].values: write one value here"),
        ("{metric: App Queue, period: 0, values: 1}", "series[0].period: 0: write a period of at least one second"),
        ("{metric: App Queue, period: 1 min, values: 1}", "series[0].period: 1 min: write a duration"),
        ("{metric: App Queue, dimensions: [a], values: 1}", "series[0].dimensions: write keys and values here"),
        ("{metric: App Queue, dimensions: {a: }, values: 1}", "series[0].dimensions.a: write one value here"),
        ("{metric: 'up{a=b}', values: 1}", 'series[0].metric: up{a=b}: write labels as {name="value"'),
        (
            "{metric: 'up{a=\"b\"}', dimensions: {c: d}, values: 1}",
            "series[0].dimensions: the metric has labels in braces as well",
        ),
        (
            "{metric: App Queue, samples: '[1'}",
            "series[0].samples: [1: '[1': write the samples of a period in brackets",
        ),
        ("{metric: App Queue, samples: [[1, x]]}", "series[0].samples[0][1]: x: 'x': write numbers"),
        ("{metric: App Queue, statistics: {}}", "series[0].statistics: no statistics"),
        ("{metric: App Queue, statistics: {Mean: 1}}", "series[0].statistics.Mean: 1: is no statistic: use Average"),
        (
            "{metric: App Queue, statistics: {Sum: 1x4, SampleCount: 1x3}}",
            "series[0].statistics.SampleCount: 1x3: 4 values, but Sum has 5",
        ),
        ("{metric: App Queue, statistics: [~]}", "series[0].statistics: no statistics: leave the series out"),
        ("{metric: App Queue, statistics: [{}]}", "series[0].statistics[0]: no statistics: give Sum"),
        ("{metric: App Queue, statistics: [{Sum: 1x2}]}", "series[0].statistics[0].Sum: 1x2: one period has one value"),
        ("{band: A, period: 60}", "series[0]: a band has no bounds: give lower and upper"),
        ("{band: A, values: 1}", "series[0].values: is not known: use band, period, lower, upper"),
    ],
)
def test_of_series(tmp_path: Path, series: str, message: str) -> None:
    """A series says what is wrong with it on its own line."""
    with pytest.raises(SuiteError) as caught:
        _read(tmp_path, _test(f"    expect: [{{pages: 0}}]\n    series:\n      - {series}\n"))
    assert str(caught.value).startswith(f"wrong.alarms.yaml:5: tests[0].{message}")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A path that leads nowhere is named as it was given."""
    with pytest.raises(SuiteError, match=r"nowhere\.yaml: No such file"):
        read_suite(tmp_path / "nowhere.yaml")


def test_a_file_of_another_encoding(tmp_path: Path) -> None:
    """A file that is not UTF-8 is told apart from one that is not YAML."""
    file = tmp_path / "latin.yaml"
    file.write_bytes("tests: [{name: Überlast}]".encode("latin-1"))
    with pytest.raises(SuiteError, match="it is not UTF-8 text"):
        read_suite(file)


def test_a_byte_order_mark_is_nothing(tmp_path: Path) -> None:
    """A file that an editor began with a byte order mark reads as it looks."""
    file = tmp_path / "mark.yaml"
    file.write_text("tests: [{expect: [{pages: 0}]}]", encoding="utf-8-sig")
    assert read_suite(file).tests[0].name == "test 1"


def test_a_document_that_contains_itself(tmp_path: Path) -> None:
    """An alias to what it is in ends in an error, not in an endless loop."""
    with pytest.raises(SuiteError, match=r"wrong.alarms.yaml:1: tests\[0\]: write keys"):
        _read(tmp_path, "tests: &tests [*tests]")


def test_words_that_yaml_takes_for_values(tmp_path: Path) -> None:
    """An alarm called No, a dimension 8080 and a metric called On are texts."""
    file = tmp_path / "words.yaml"
    file.write_text(
        "tests:\n"
        "  - name: 2026-01-05\n"
        "    series: [{metric: App On, dimensions: {Port: 8080, Live: yes}, values: 5}]\n"
        "    expect: [{at: 0m, alarm: No, state: OK}]\n"
    )
    test = read_suite(file).tests[0]
    assert test.name == "2026-01-05"
    assert test.series[0].metrics[0].dimensions == (("Live", "yes"), ("Port", "8080"))
    assert test.expectations[0].alarm == "No"
