"""What tests mean: values and when they are seen, states, pages, who takes part."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alarmlab.errors import InputError, UnsupportedError
from alarmlab.suite.coverage import Coverage, coverage
from alarmlab.suite.document import SuiteError
from alarmlab.suite.read import read_suite
from alarmlab.suite.run import Bench, Outcome, Result

RunTests = Callable[[str], list[Result]]
Write = Callable[[str], Path]

QUEUE = "- {metric: App Queue, values: '1x3 500 1x4'}"
LATENCY = "- {metric: AWS/SageMaker ModelLatency, dimensions: {EndpointName: ranker}, values: '50x9 500x9 50x9'}"
ERRORS = "- {metric: AWS/SageMaker Failed Requests, dimensions: {EndpointName: ranker}, values: '0x9 9x9 0x9'}"


def _tests(series: list[str], *expect: str, more: str = "") -> str:
    lines = ["tests:", "  - name: a", *([f"    {more}"] if more else []), "    series:"]
    lines += [f"      {item}" for item in series] or ["      []"]
    return "\n".join([*lines, "    expect:", *(f"      - {{{item}}}" for item in expect)])


def _failures(result: Result) -> list[str]:
    assert result.error is None, result.error
    return [str(failure) for failure in result.failures]


def test_the_suite_of_the_documentation(tmp_path: Path) -> None:
    """The example that fixes the format runs as it is written, on a template beside it."""
    (tmp_path / "cdk.out").write_text(
        """
        Resources:
          RankerLatencyP99:
            Type: AWS::CloudWatch::Alarm
            Properties:
              Namespace: AWS/SageMaker
              MetricName: ModelLatency
              Dimensions: [{Name: EndpointName, Value: ranker}, {Name: VariantName, Value: AllTraffic}]
              ExtendedStatistic: p99
              Period: 60
              EvaluationPeriods: 3
              Threshold: 800000
              ComparisonOperator: GreaterThanThreshold
              AlarmActions: [arn:aws:sns:eu-west-1:123456789012:critical]
              Tags: [{Key: "endpointwatch:severity", Value: critical}]
        """
    )
    file = tmp_path / "latency.yaml"
    file.write_text(
        """\
assembly: cdk.out            # a cloud assembly or a template file; or `alarms:` with inline CloudFormation resources
alarms: {}                   # optional: logical id -> {Type: AWS::CloudWatch::Alarm, Properties: {...}}
evaluation_range: 5          # optional, in periods
tests:
  - name: latency regression pages within ten minutes
    start: 2026-01-05T09:00:00Z
    initial_state: OK        # optional: OK, ALARM, INSUFFICIENT_DATA (default)
    series:
      - metric: AWS/SageMaker ModelLatency
        dimensions: {EndpointName: ranker, VariantName: AllTraffic}
        period: 60
        values: "200000x29 900000+1000x19 _x5"   # promtool's notation: a+bxn is n+1 values, axn is n+1, _xn is n missing
    expect:
      - {at: 41m, alarm: RankerLatencyP99, state: ALARM}
      - {within: 10m, of: 30m, alarm: RankerLatencyP99, state: ALARM}
      - {pages: 1, severity: critical}
"""
    )
    suite = read_suite(file)
    result = Bench(suite).run(suite.tests[0])
    assert result.outcome is Outcome.PASSED
    assert result.run is not None
    # Value 30 is the first that breaches; it is seen at 31 min, the third of three at 33 min.
    # Five missing minutes are all that a range of five periods sees at the end.
    timeline = result.run.timelines["RankerLatencyP99"]
    assert [(at - result.run.start, to) for at, to in zip(timeline.at, timeline.to, strict=True)] == [
        (33 * 60, "ALARM"),
        (55 * 60, "INSUFFICIENT_DATA"),
    ]
    assert result.run.end == suite.tests[0].start + 55 * 60


@pytest.mark.parametrize(
    ("expectation", "is_met"),
    [
        ("at: 5m59s, alarm: Quiet, state: ALARM", True),
        ("at: 5m, alarm: Quiet, state: OK", False),
        ("at: 5m, alarm: Quiet, state: ALARM", True),
        ("at: 4m59s, alarm: Quiet, state: ALARM", False),
        ("at: 6m, alarm: Quiet, state: OK", True),
        ("at: 0m, alarm: Quiet, state: INSUFFICIENT_DATA", True),
        ("at: 1m, alarm: Quiet, state: OK", True),
        ("within: 4m, of: 1m, alarm: Quiet, state: ALARM", True),
        ("within: 3m, of: 1m, alarm: Quiet, state: ALARM", False),
        ("within: 30s, of: 5m30s, alarm: Quiet, state: ALARM", True),
        ("within: 3m, of: 6m, alarm: Quiet, state: ALARM", False),
        ("within: 1m, alarm: Quiet, state: INSUFFICIENT_DATA", True),
        ("within: 5m, of: 6m, alarm: Quiet, state: OK", True),
    ],
)
def test_states_at_moments(run_tests: RunTests, expectation: str, is_met: bool) -> None:
    """A value is seen from the end of its minute on; `within` is met by being in the state at any moment, ends included."""
    # One breaching minute, the fifth: in ALARM from its end at 5 min until 6 min.
    [result] = run_tests(_tests([QUEUE], expectation))
    assert (not _failures(result)) is is_met


def test_a_failure_says_what_happened_instead(run_tests: RunTests) -> None:
    """The state at the moment, since when, and when the expected one was there."""
    [result] = run_tests(
        _tests(
            [QUEUE],
            "at: 8m, alarm: Quiet, state: ALARM",
            "within: 1m, of: 2m, alarm: Quiet, state: ALARM",
            "at: 8m, alarm: Quiet, state: INSUFFICIENT_DATA",
            "at: 2m, alarm: Latency, state: ALARM",
            "within: 2m, of: 4m, alarm: Quiet, state: INSUFFICIENT_DATA",
        )
    )
    assert _failures(result) == [
        "expected Quiet in ALARM at 8m: it was OK since 6m; it was ALARM from 5m to 6m",
        "expected Quiet in ALARM between 2m and 3m: it was OK since 1m; it was ALARM from 5m to 6m",
        "expected Quiet in INSUFFICIENT_DATA at 8m: it was OK since 6m; it was INSUFFICIENT_DATA from 0m to 1m",
        "expected Latency in ALARM at 2m: it was INSUFFICIENT_DATA from the start; it never was ALARM",
        (
            "expected Quiet in INSUFFICIENT_DATA between 4m and 6m: it was OK since 1m, ALARM from 5m, OK from 6m; "
            "it was INSUFFICIENT_DATA from 0m to 1m"
        ),
    ]


def test_pages_are_counted_by_severity_alarm_and_time(run_tests: RunTests) -> None:
    """Latency, Errors and their composite page once each; filters take those meant.

    Latency and Errors are of one endpoint, so the router makes one incident of them, as severe as the worse.
    """
    [result] = run_tests(
        _tests(
            [LATENCY, ERRORS],
            "pages: 3",
            "pages: 2, severity: critical",
            "pages: 2, severity: Critical",
            "pages: 1, severity: warning",
            "pages: 1, alarm: Both",
            "pages: 1, to: 11m",
            "pages: 0, to: 10m59s",
            "pages: 2, from: 13m",
            "pages: 0, from: 14m",
            "pages: 0, alarm: Both, severity: warning",
            "incidents: 2",
            "incidents: 2, severity: critical",
            "incidents: 0, severity: warning",
            more="initial_state: OK",
        )
    )
    assert _failures(result) == []
    assert result.case is not None
    assert result.case.warnings == ()


def test_a_page_that_is_missing_says_why(run_tests: RunTests) -> None:
    """An alarm without actions tells nobody, and the failure says so: the classic surprise."""
    [result] = run_tests(_tests([QUEUE], "pages: 1"))
    [failure] = result.failures
    assert str(failure) == "expected 1 page: there were none"
    assert failure.details == ("Quiet went into ALARM at 5m, but it has no AlarmActions: nobody is told",)
    assert failure.alarms == ("Quiet",)


def test_pages_that_were_not_counted_are_shown(run_tests: RunTests) -> None:
    """A page of another severity is named beside the count."""
    [result] = run_tests(_tests([ERRORS], "pages: 1, severity: critical"))
    assert result.failures[0].details == ("Errors paged at 11m (severity warning, not counted)",)


@pytest.mark.parametrize(
    ("more", "series", "detail"),
    [
        (
            "initial_state: ALARM",
            ERRORS.replace("0x9 9x9 0x9", "9x9"),
            "only going into ALARM pages, and these were in ALARM from the start: Latency, Errors, Both",
        ),
        ("", ERRORS.replace("0x9 9x9 0x9", "0x9"), "no alarm that takes part went into ALARM: Latency, Errors, Both"),
        ("", "[]", "no alarm takes part: none reads a series of this test"),
    ],
)
def test_no_page_and_no_change(run_tests: RunTests, more: str, series: str, detail: str) -> None:
    """Without any transition into ALARM the failure says whether there was nothing to see, or nobody to see it."""
    [result] = run_tests(_tests([] if series == "[]" else [series], "pages: 1", more=more))
    assert result.failures[0].details[0].startswith(detail)


def test_who_takes_part(run_tests: RunTests) -> None:
    """Those with data, those that are named, the composites above them and all that these look at; nobody else."""
    by_data, by_name, composite = run_tests(
        "tests:\n"
        f"  - {{series: [{QUEUE[2:]}], expect: [{{pages: 0}}]}}\n"
        "  - {expect: [{at: 1m, alarm: Quiet, state: INSUFFICIENT_DATA}]}\n"
        f"  - {{series: [{ERRORS[2:]}], expect: [{{pages: 1}}]}}\n"
    )
    assert by_data.case is not None
    assert by_name.case is not None
    assert composite.case is not None
    assert (set(by_data.case.alarms), set(by_data.case.fed)) == ({"Quiet"}, {"Quiet"})
    assert (set(by_name.case.alarms), set(by_name.case.fed)) == ({"Quiet"}, set())
    assert (set(composite.case.alarms), set(composite.case.fed)) == ({"Errors", "Both", "Latency"}, {"Errors", "Both"})


def test_the_run_ends_with_the_last_value_or_expectation(run_tests: RunTests) -> None:
    """Missing values at the end are part of the run; an expectation after them makes it longer."""
    results = run_tests(
        "tests:\n"
        "  - {series: [{metric: App Queue, values: 1 _x9}], expect: [{pages: 0}]}\n"
        "  - {series: [{metric: App Queue, values: 1 _x9}], expect: [{pages: 0, to: 20m}]}\n"
        "  - {series: [{metric: App Queue, values: 1}], expect: [{within: 5m, of: 10m, alarm: Quiet, state: OK}]}\n"
        "  - {start: 2026-02-01T00:00Z, expect: [{pages: 0}]}\n"
    )
    lengths = [result.run.end - result.run.start for result in results if result.run is not None]
    assert lengths == [10 * 60, 20 * 60, 15 * 60, 60]


def test_samples_and_statistics(run_tests: RunTests) -> None:
    """Two slow requests in a hundred show in p99 of `samples`; `statistics` are taken as they are; a null is a gap."""
    results = run_tests(
        "tests:\n"
        "  - series: [{metric: App Queue, samples: '[50x98 900]x1 [50x97 900x1] _ 900'}]\n"
        "    expect:\n"
        "      - {at: 2m, alarm: Quiet, state: OK}\n"
        "      - {at: 3m, alarm: Quiet, state: ALARM}\n"
        "  - series: [{metric: App Queue, samples: [[1, 2], 50x97 900x1, ~, [], '_x2', [_, 3]]}]\n"
        "    expect:\n"
        "      - {at: 1m, alarm: Quiet, state: OK}\n"
        "      - {at: 2m, alarm: Quiet, state: ALARM}\n"
        "      - {at: 7m, alarm: Quiet, state: OK}\n"
        "  - series: [{metric: App Queue, period: 1m, statistics: {p99: 1 900 _, Maximum: 1e6x2}}]\n"
        "    expect:\n"
        "      - {at: 1m, alarm: Quiet, state: OK}\n"
        "      - {at: 2m, alarm: Quiet, state: ALARM}\n"
        "  - series: [{metric: App Queue, statistics: [{p99: 1}, ~, {p99: 900, Maximum: 1e6}, {Maximum: 1}]}]\n"
        "    expect:\n"
        "      - {at: 2m, alarm: Quiet, state: OK}\n"
        "      - {at: 3m, alarm: Quiet, state: ALARM}\n"
        "      - {at: 4m, alarm: Quiet, state: ALARM}\n"
    )
    assert [_failures(result) for result in results] == [[], [], [], []]


def test_a_statistic_that_an_alarm_needs_and_the_test_does_not_give(run_tests: RunTests) -> None:
    """The error is that of the series, with the alarm's name."""
    [result] = run_tests("tests:\n  - series: [{metric: App Queue, statistics: {Sum: 1x9}}]\n    expect: [{pages: 0}]")
    assert isinstance(result.error, SuiteError)
    assert "some.alarms.yaml:42: tests[0].series[0].statistics: Quiet needs it: App Queue: p99" in str(result.error)


def test_a_period_that_does_not_fit(run_tests: RunTests) -> None:
    """Samples every 45 s cannot make up whole minutes."""
    [result] = run_tests("tests:\n  - series: [{metric: App Queue, period: 45, values: 1}]\n    expect: [{pages: 0}]")
    assert "period: 45: Quiet reads this metric in periods of 60 s: use a divisor of that" in str(result.error)
    assert result.is_bad_input


def test_finer_samples_make_up_a_period(run_tests: RunTests) -> None:
    """Six samples of ten seconds are one minute: a high one among them decides its maximum only."""
    [result] = run_tests(
        "tests:\n"
        "  - series: [{metric: AWS/SageMaker Failed Requests, dimensions: {EndpointName: ranker}, period: 10s,\n"
        "              values: '0x5 1x5 0x5'}]\n"
        "    expect:\n"
        "      - {at: 1m, alarm: Errors, state: OK}\n"
        "      - {at: 2m, alarm: Errors, state: ALARM}\n"
        "      - {at: 3m, alarm: Errors, state: OK}\n"
    )
    assert _failures(result) == []


def test_one_metric_twice(run_tests: RunTests) -> None:
    """A second series of a metric would hide the first: it is refused with the line of both."""
    [result] = run_tests(_tests([QUEUE, QUEUE], "pages: 0"))
    assert "some.alarms.yaml:45: tests[0].series[1]: App Queue is given twice: see line 44" in str(result.error)


@pytest.mark.parametrize(
    ("series", "warning"),
    [
        (
            "- {metric: AWS/SageMaker ModelLatency, dimensions: {EndpointName: rankr}, values: 1}",
            ": did you mean AWS/SageMaker ModelLatency {EndpointName: ranker}?",
        ),
        ("- {metric: up, values: 1}", ": no alarm reads up"),
    ],
)
def test_a_series_that_no_alarm_reads(run_tests: RunTests, series: str, warning: str) -> None:
    """A slip in a dimension would make a test of nothing: it is a warning, with the metric that was meant."""
    [result] = run_tests(_tests([series], "at: 1m, alarm: Quiet, state: INSUFFICIENT_DATA"))
    assert result.case is not None
    [found] = result.case.warnings
    assert "some.alarms.yaml:44: tests[0].series[0]: no alarm reads " in found
    assert found.endswith(warning)


def test_a_unit_and_a_severity_that_nothing_has(run_tests: RunTests) -> None:
    """`pages: 0` of a severity that no alarm has proves nothing, and is a warning."""
    [result] = run_tests(_tests([QUEUE], "pages: 0, severity: urgent"))
    assert result.case is not None
    assert result.case.warnings[0].endswith(
        "expect[0].severity: urgent: no alarm has this severity: there is critical, warning"
    )


def test_an_alarm_that_is_not_there(run_tests: RunTests) -> None:
    """The alarms that may have been meant are named."""
    [result] = run_tests(_tests([], "at: 1m, alarm: Latencie, state: OK"))
    assert "some.alarms.yaml:46: tests[0].expect[0].alarm: Latencie: " in str(result.error)
    assert "did you mean 'Latency'?" in str(result.error)
    assert result.outcome is Outcome.ERROR


ELSEWHERE = """\
alarms:
  Prom:
    Type: AWS::CloudWatch::Alarm
    Properties:
      EvaluationInterval: 60
      EvaluationCriteria: {PromQLCriteria: {Query: 'up{job="x"} == 0', PendingPeriod: 120, RecoveryPeriod: 0}}
  Fleet:
    Type: AWS::CloudWatch::Alarm
    Properties:
      EvaluationPeriods: 1
      Threshold: 90
      ComparisonOperator: GreaterThanThreshold
      Metrics:
        - {Id: q, Expression: 'SELECT MAX(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId) GROUP BY InstanceId', Period: 60}
  Band:
    Type: AWS::CloudWatch::Alarm
    Properties:
      EvaluationPeriods: 1
      ComparisonOperator: GreaterThanUpperThreshold
      ThresholdMetricId: ad
      Metrics:
        - {Id: m1, MetricStat: {Metric: {Namespace: App, MetricName: Load}, Stat: Average, Period: 60}}
        - {Id: ad, Expression: 'ANOMALY_DETECTION_BAND(m1, 2)'}
  Logs: {Type: AWS::CloudWatch::LogAlarm, Properties: {}}
"""


def _elsewhere(tmp_path: Path, tests: str) -> list[Result]:
    file = tmp_path / "else.yaml"
    file.write_text(ELSEWHERE + tests)
    suite = read_suite(file)
    return [Bench(suite).run(test) for test in suite.tests]


@pytest.mark.parametrize(
    "metric", ["metric: 'up{job=\"x\"}'", "metric: up, dimensions: {job: x}", 'metric: \'up{"job"="x",}\'']
)
def test_prometheus_series(tmp_path: Path, metric: str) -> None:
    """A metric of one word is a Prometheus series, its dimensions or braces the labels."""
    [result] = _elsewhere(
        tmp_path,
        f"tests:\n  - series: [{{{metric}, values: 1x4 0x9}}]\n    expect: [{{within: 2m, of: 8m, alarm: Prom, state: ALARM}}]",
    )
    assert _failures(result) == []
    assert result.case is not None
    assert result.case.warnings == ()


def test_a_series_among_those_of_an_insights_query(tmp_path: Path) -> None:
    """Metrics Insights reads every metric of the schema, so it takes part whatever the instance is called."""
    [result] = _elsewhere(
        tmp_path,
        "tests:\n  - series: [{metric: AWS/EC2 CPUUtilization, dimensions: {InstanceId: i-1}, values: 99x3}]\n"
        "    expect: [{at: 3m, alarm: Fleet, state: ALARM}]",
    )
    assert _failures(result) == []
    assert result.case is not None
    assert result.case.fed == {"Fleet"}


def test_a_recorded_band(tmp_path: Path) -> None:
    """A band given as series decides; one bound is enough for an alarm that looks at one."""
    [result] = _elsewhere(
        tmp_path,
        "tests:\n"
        "  - series:\n"
        "      - {metric: App Load, values: 5x4 9 5x4}\n"
        "      - {band: Band, upper: 8x9}\n"
        "    expect: [{at: 5m, alarm: Band, state: OK}, {at: 6m, alarm: Band, state: ALARM}]",
    )
    assert _failures(result) == []


def test_a_band_for_an_alarm_without_one(tmp_path: Path) -> None:
    """A band does not fit a threshold."""
    [result] = _elsewhere(tmp_path, "tests:\n  - series: [{band: Fleet, upper: 1}]\n    expect: [{pages: 0}]")
    assert "series[0].band: Fleet: this alarm is not compared with a band" in str(result.error)


def test_an_alarm_that_is_not_supported(tmp_path: Path) -> None:
    """Only the tests that need it fail, as errors that are not the input's fault; the others run."""
    needs, does_not = _elsewhere(
        tmp_path, "tests:\n  - expect: [{at: 1m, alarm: Logs, state: OK}]\n  - expect: [{pages: 0}]"
    )
    assert isinstance(needs.error, UnsupportedError)
    assert "Logs" in str(needs.error)
    assert not needs.is_bad_input
    assert does_not.outcome is Outcome.PASSED


def test_an_inline_alarm_that_is_wrong(tmp_path: Path) -> None:
    """What CloudWatch would refuse is refused with the line of the alarm."""
    file = tmp_path / "some.yaml"
    file.write_text(
        "tests: [{expect: [{pages: 0}]}]\nalarms:\n  A:\n    Type: AWS::CloudWatch::Alarm\n    Properties: {Threshold: 1}\n"
    )
    with pytest.raises(SuiteError, match=r"some\.yaml:4: alarms\.A: alarm 'A'"):
        Bench(read_suite(file))


def test_an_assembly_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path is named as it was looked for, with what to do; without any assembly at all likewise."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "suites" / "some.yaml"
    file.parent.mkdir()
    file.write_text("assembly: cdk.out\ntests: [{expect: [{pages: 0}]}]")
    with pytest.raises(SuiteError, match=r"some\.yaml:1: assembly: cdk\.out: there is no .*synthesize the app"):
        Bench(read_suite(file))
    file.write_text("tests: [{expect: [{pages: 0}]}]")
    with pytest.raises(InputError, match=r"some\.yaml:1: assembly: is missing"):
        Bench(read_suite(file))


def test_an_assembly_is_looked_for_beside_the_suite_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there is looked for in the working directory, where `cdk synth` leaves it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "suites"
    folder.mkdir()
    file = folder / "some.yaml"
    file.write_text("assembly: template.yaml\ntests: [{expect: [{pages: 0}]}]")
    found: list[str] = []
    for place, name in ((tmp_path, "Here"), (folder, "Beside")):
        alarm = f"{name}: {{Type: AWS::CloudWatch::LogAlarm, Properties: {{}}}}"
        (place / "template.yaml").write_text(f"Resources:\n  {alarm}\n")
        found += Bench(read_suite(file)).assembly.refused
    assert found == ["Here", "Beside"]


def test_inline_alarms_beside_an_assembly(tmp_path: Path) -> None:
    """An inline composite looks at an alarm of the assembly."""
    (tmp_path / "template.yaml").write_text("Resources:\n" + ELSEWHERE.removeprefix("alarms:\n"))
    file = tmp_path / "some.yaml"
    file.write_text(
        "assembly: template.yaml\n"
        "alarms: {Above: {Type: AWS::CloudWatch::CompositeAlarm, Properties: {AlarmRule: NOT ALARM(Fleet)}}}\n"
        "tests: [{expect: [{at: 1m, alarm: Above, state: ALARM}]}]"
    )
    suite = read_suite(file)
    assert _failures(Bench(suite).run(suite.tests[0])) == []


def test_the_evaluation_range_reaches_the_engine(run_tests: RunTests, write: Write) -> None:
    """Three breaches, the newest three minutes ago, are seen with a range of six periods and not with one of three."""
    tests = _tests([LATENCY.replace("50x9 500x9 50x9", "500x2 _x3")], "at: 6m, alarm: Latency, state: ALARM")
    found = []
    for periods in (3, 6):
        file = write(tests)
        file.write_text(f"evaluation_range: {periods}\n{file.read_text()}")
        suite = read_suite(file)
        found.append(Bench(suite).run(suite.tests[0]).outcome)
    assert found == [Outcome.FAILED, Outcome.PASSED]


def test_coverage(run_tests: RunTests) -> None:
    """Firing: passed and expects ALARM. Silent: passed, has data, is expected not to fire, and never did."""
    results = run_tests(
        f"""
tests:
  - name: fires
    series: [{LATENCY[2:]}]
    expect: [{{at: 15m, alarm: Latency, state: ALARM}}, {{at: 15m, alarm: Both, state: OK}}]
  - name: silent
    series: [{ERRORS[2:].replace("9x9", "3x9")}]
    expect: [{{pages: 0}}]
  - name: fires and is well again
    series: [{QUEUE[2:]}]
    expect: [{{at: 9m, alarm: Quiet, state: OK}}]
  - name: fails
    series: [{ERRORS[2:]}]
    expect: [{{at: 15m, alarm: Errors, state: ALARM}}, {{pages: 17}}]
  - name: has no data
    expect: [{{at: 9m, alarm: Quiet, state: INSUFFICIENT_DATA}}]
"""
    )
    suite = results[0].suite.shown
    assert coverage(results) == {
        "Both": Coverage(silent=(f"{suite}::fires", f"{suite}::silent")),
        "Errors": Coverage(silent=(f"{suite}::silent",)),
        "Latency": Coverage(firing=(f"{suite}::fires",)),
    }
