"""What a template leaves to who deploys it."""

from pathlib import Path

import pytest

from alarmlab.assembly import read_assembly
from alarmlab.cli import main
from alarmlab.errors import InputError
from alarmlab.model.alarms import MetricAlarm
from alarmlab.suite.read import read_suite
from alarmlab.suite.run import Bench, Outcome

TEMPLATE = """\
Parameters:
  Stage: {Type: String}
  Limit: {Type: Number, Default: 5}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Failing:
    Type: AWS::CloudWatch::Alarm
    Condition: IsProd
    Properties:
      Namespace: Shop
      MetricName: Errors
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: !Ref Limit
      ComparisonOperator: GreaterThanThreshold
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template whose alarm is there in prod only."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def test_a_condition_on_a_parameter_without_a_default_says_how_to_give_one(template: Path) -> None:
    """Whether the alarm is there is not guessed; the reason names both ways of saying so."""
    refused = str(read_assembly(template).refused["Failing"])
    assert "--parameter NAME=VALUE" in refused
    assert "parameters:" in refused


def test_given_values_decide_conditions_and_go_before_defaults(template: Path) -> None:
    """In prod the alarm is there, with the limit that is given; in dev there is none, and nothing is refused."""
    alarm = read_assembly(template, parameters={"Stage": "prod", "Limit": "7"}).find("Failing")
    assert isinstance(alarm, MetricAlarm)
    assert alarm.settings.threshold == 7
    assert read_assembly(template, parameters={"Stage": "prod"}).find("Failing") != alarm
    dev = read_assembly(template, parameters={"Stage": "dev"})
    assert (dev.alarms, dev.refused) == ((), {})


def test_a_parameter_that_no_template_has_is_an_error(template: Path) -> None:
    """A misspelt name is not passed over."""
    with pytest.raises(InputError, match=r"'Stag' is a parameter of no template here: there are Stage"):
        read_assembly(template, parameters={"Stag": "prod"})


def test_a_suite_gives_parameters(template: Path) -> None:
    """`parameters:` of a suite decide what its tests are about."""
    suite = template.with_name("shop.alarms.yaml")
    suite.write_text(
        "assembly: template.yaml\nparameters: {Stage: prod, Limit: 8}\ntests:\n  - name: nine is too many\n"
        "    series: [{metric: Shop Errors, values: 8 9}]\n    expect:\n"
        "      - {at: 1m, alarm: Failing, state: OK}\n      - {at: 2m, alarm: Failing, state: ALARM}\n"
    )
    bench = Bench(read_suite(suite))
    assert [bench.run(test).outcome for test in bench.suite.tests] == [Outcome.PASSED]


def test_the_command_takes_parameters(template: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--parameter` of explain does the same; one that is not NAME=VALUE is said to be none."""
    assert main(["explain", str(template), "--parameter", "Stage=prod", "--parameter", "Limit=7"]) == 0
    assert "above 7 in any one minute" in " ".join(capsys.readouterr().out.split())
    assert main(["explain", str(template), "--parameter", "prod"]) == 2
    assert "--parameter 'prod': write NAME=VALUE" in capsys.readouterr().err
