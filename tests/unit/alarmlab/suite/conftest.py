"""Suites written, read and run by the tests of suites."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from alarmlab.suite.read import read_suite
from alarmlab.suite.run import Bench, Result

Write = Callable[[str], Path]
RunTests = Callable[[str], list[Result]]

ALARMS = """\
alarms:
  Latency:
    Type: AWS::CloudWatch::Alarm
    Properties: &latency
      Namespace: AWS/SageMaker
      MetricName: ModelLatency
      Dimensions: [{Name: EndpointName, Value: ranker}]
      ExtendedStatistic: p99
      Period: 60
      EvaluationPeriods: 3
      Threshold: 100
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [topic]
      Tags: [{Key: severity, Value: critical}]
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      <<: *latency
      MetricName: Failed Requests
      ExtendedStatistic: !Ref AWS::NoValue
      Statistic: Sum
      EvaluationPeriods: 1
      Threshold: 5
      TreatMissingData: notBreaching
      Tags: [{Key: severity, Value: warning}]
  Quiet:
    Type: AWS::CloudWatch::Alarm
    Properties:
      <<: *latency
      Namespace: App
      MetricName: Queue
      Dimensions: []
      EvaluationPeriods: 1
      AlarmActions: []
  Both:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties:
      AlarmRule: ALARM(Latency) AND ALARM(Errors)
      AlarmActions: [topic]
      Tags: [{Key: severity, Value: critical}]
"""
"""Forty lines: `tests:` is line 41 of what `write` writes."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """`write("tests: ...")`: a suite with `ALARMS`."""

    def written(tests: str) -> Path:
        path = tmp_path / "some.alarms.yaml"
        path.write_text(ALARMS + dedent(tests), encoding="utf-8")
        return path

    return written


@pytest.fixture
def run_tests(write: Write) -> RunTests:
    """`run_tests("tests: ...")`: the results of the tests on `ALARMS`."""

    def run(tests: str) -> list[Result]:
        suite = read_suite(write(tests))
        return [Bench(suite).run(test) for test in suite.tests]

    return run
