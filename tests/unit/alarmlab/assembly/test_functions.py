"""CloudFormation's functions in alarms, as far as they can be worked out offline."""

from pathlib import Path

import pytest

from alarmlab.assembly import Assembly, read_assembly
from alarmlab.model.alarms import MetricAlarm

HEAD = """\
Parameters:
  Limit: {Type: Number, Default: "250"}
  Stage: {Type: String, Default: prod}
  Team: {Type: String}
  Subnets: {Type: CommaDelimitedList, Default: "a, b"}
  Image: {Type: "AWS::SSM::Parameter::Value<String>", Default: /images/latest}
Mappings:
  Limits: {prod: {latency: 300}, dev: {latency: 900}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  IsOurs: !Equals [!Ref Team, ours]
  IsOn: !Equals [true, "true"]
  Both: !And [!Condition IsProd, !Condition IsDev]
  Either: !Or [!Condition IsOurs, !Condition IsProd]
"""
RESOURCES = """\
Resources:
  Queue: {Type: "AWS::SQS::Queue"}
  Named: {Type: "AWS::SQS::Queue", Properties: {QueueName: orders}}
  Worker: {Type: "AWS::Lambda::Function", Properties: {FunctionName: !Sub "worker-${Stage}"}}
  DispatcherF3C4B9A0: {Type: "AWS::Lambda::Function"}
  TwinAAAAAAAA: {Type: "AWS::Lambda::Function"}
  TwinBBBBBBBB: {Type: "AWS::Lambda::Function"}
  Latency:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: Test
      MetricName: Latency
      Statistic: Average
      Period: 60
      EvaluationPeriods: 1
      ComparisonOperator: GreaterThanThreshold
"""


def read(folder: Path, properties: str, head: str = HEAD) -> Assembly:
    """The alarm Latency with these properties besides its own."""
    file = folder / "shop.yaml"
    inside = "".join(f"      {line}\n" for line in properties.splitlines())
    file.write_text(head + RESOURCES + inside)
    return read_assembly(file)


def alarm(folder: Path, properties: str) -> MetricAlarm:
    """That alarm, which can be read."""
    found = read(folder, properties).find("Latency")
    assert isinstance(found, MetricAlarm)
    return found


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("text", "text"),
        ("42", "42"),
        ("2026-01-05", "2026-01-05"),
        ("true", "true"),
        ("!Ref Stage", "prod"),
        ("!Ref Team", "${Team}"),
        ("!Ref Image", "${Image}"),
        ("!Ref Queue", "${Queue}"),
        ("!GetAtt Queue.QueueName", "${Queue.QueueName}"),
        ("!GetAtt [Queue, QueueName]", "${Queue.QueueName}"),
        ("!GetAtt Named.QueueName", "orders"),
        ("!Ref Worker", "worker-prod"),
        ("!Ref DispatcherF3C4B9A0", "${Dispatcher}"),
        ("!Ref TwinAAAAAAAA", "${TwinAAAAAAAA}"),
        ("!Sub '${Stage}-${Named.QueueName}-${Queue}'", "prod-orders-${Queue}"),
        ("!Sub ['${a}-${Stage}', {a: !Ref Team}]", "${Team}-prod"),
        ("!Sub '${!Literal}-${Stage}'", "${Literal}-prod"),
        ("!Join ['-', [a, !Ref Stage, !Ref Team, 7]]", "a-prod-${Team}-7"),
        ("!Join ['+', !Ref Subnets]", "a+b"),
        ("!Select [1, [a, b]]", "b"),
        ("!Select ['1', !Split ['/', a/b]]", "b"),
        ("!Select [1, !Ref Subnets]", "b"),
        ("!Select [1, !Split ['/', !Ref Queue]]", "${Queue}[/1]"),
        ("!Select [5, !Split [':', !Sub 'arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:q']]", "q"),
        ("!Select [3, !Split [':', !Sub 'arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:q']]", "${AWS::Region}"),
        ("!FindInMap [Limits, !Ref Stage, latency]", "300"),
        ("!FindInMap [Limits, !Ref Team, latency]", "${Limits.Team.latency}"),
        ("!If [IsProd, a, b]", "a"),
        ("!If [IsDev, a, b]", "b"),
        ("!If [Both, a, b]", "b"),
        ("!If [Either, a, b]", "a"),
        ("!If [IsOn, a, b]", "a"),
        ("!If [IsOurs, a, b]", "${Fn::If IsOurs}"),
        ("!ImportValue elsewhere", "${elsewhere}"),
        ("!Sub '${AWS::Region}/${AWS::StackName}'", "${AWS::Region}/${AWS::StackName}"),
        ("!Base64 text", "dGV4dA=="),
        ("!Select [0, !GetAZs '']", '${Fn::GetAZs ""}[0]'),
        ("{'Fn::Join': ['', [{Ref: Stage}, x]]}", "prodx"),
    ],
)
def test_text(tmp_path: Path, written: str, value: str) -> None:
    """What is known is worked out, what is not becomes a stand-in that is the same every time."""
    read_alarm = alarm(tmp_path, f"Threshold: 1\nDimensions: [{{Name: d, Value: {written}}}]")
    assert read_alarm.queries[0].metric is not None
    assert read_alarm.queries[0].metric.dimensions == (("d", value),)


@pytest.mark.parametrize(
    ("written", "value"),
    [("!Ref Limit", 250), ("!FindInMap [Limits, dev, latency]", 900), ("!If [IsProd, '1e3', 5]", 1000), ("0.5", 0.5)],
)
def test_number(tmp_path: Path, written: str, value: float) -> None:
    """Numbers may come as texts, from parameters and from maps."""
    assert alarm(tmp_path, f"Threshold: {written}").settings.threshold == value


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("!Ref Team", "${Team}"),
        ("!ImportValue shared-limit", "${shared-limit}"),
        ("!GetAtt Queue.Limit", "${Queue.Limit}"),
        ("!If [IsOurs, 1, 2]", "${Fn::If IsOurs}"),
    ],
)
def test_number_that_only_the_deployment_knows(tmp_path: Path, written: str, shown: str) -> None:
    """A threshold that is a stand-in is refused by name, with the file, the line and the fix."""
    refused = read(tmp_path, f"Threshold: {written}").refused
    assert str(refused["Latency"]) == (
        f"{tmp_path}/shop.yaml:23: alarm 'Latency': Threshold: {shown} is known only once it is deployed: write the value "
        "itself, or give its parameter a Default"
    )


def test_no_value_is_no_property(tmp_path: Path) -> None:
    """AWS::NoValue removes a property, or an item of a list."""
    found = alarm(
        tmp_path,
        "Threshold: 1\nDatapointsToAlarm: !Ref AWS::NoValue\nAlarmActions: [a, !If [IsDev, b, !Ref AWS::NoValue], c]",
    )
    assert found.settings.datapoints_to_alarm == 1
    assert found.about.alarm_actions == ("a", "c")


@pytest.mark.parametrize("written", ["!If [IsOurs, [a, b], !Ref AWS::NoValue]", "!Ref Team"])
def test_actions_that_only_the_deployment_knows(tmp_path: Path, written: str) -> None:
    """A list of actions that is a stand-in is one action: the alarm's states do not depend on it."""
    assert len(alarm(tmp_path, f"Threshold: 1\nAlarmActions: {written}").about.alarm_actions) == 1


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("!Ref Nobody", "Ref: 'Nobody' is neither a parameter nor a resource"),
        ("!GetAtt Nobody.Arn", "Fn::GetAtt: 'Nobody' is no resource"),
        ("!Sub '${Nobody}'", "Ref: 'Nobody' is neither"),
        ("!If [Nothing, a, b]", "Condition: 'Nothing' is not declared in Conditions"),
        ("!FindInMap [Limits, prod, size]", "Fn::FindInMap: Mappings have no Limits.prod.size"),
        ("!Select [7, [a]]", "Fn::Select: "),
        ("!Join [a]", "Fn::Join: "),
        ("!Join ['', [[a]]]", "Fn::Join: "),
    ],
)
def test_bad_functions(tmp_path: Path, written: str, problem: str) -> None:
    """A function that would fail at deployment refuses its alarm, by name, and no other."""
    refused = read(tmp_path, f"Threshold: 1\nAlarmDescription: {written}").refused
    assert f"alarm 'Latency': {problem}" in str(refused["Latency"])


def test_parameters_that_go_round(tmp_path: Path) -> None:
    """Values that lead back to themselves are refused instead of followed for ever."""
    assert not read(tmp_path, "Threshold: 1", head="").refused
    text = (tmp_path / "shop.yaml").read_text()
    loop = "Outputs: {Loop: {Value: !ImportValue round, Export: {Name: round}}}\n"
    (tmp_path / "shop.yaml").write_text(loop + text + "      AlarmDescription: !ImportValue round\n")
    assert "lead back to themselves" in str(read_assembly(tmp_path / "shop.yaml").refused["Latency"])


@pytest.mark.parametrize(("condition", "there"), [("IsProd", True), ("IsDev", False)])
def test_resources_with_conditions(tmp_path: Path, condition: str, there: bool) -> None:
    """A resource whose condition does not hold is not there."""
    found = read(tmp_path, "Threshold: 1")
    assert len(found.alarms) == 1
    text = (tmp_path / "shop.yaml").read_text().replace("  Latency:\n", f"  Latency:\n    Condition: {condition}\n")
    (tmp_path / "shop.yaml").write_text(text)
    found = read_assembly(tmp_path / "shop.yaml")
    assert (len(found.alarms) == 1) is there
    assert not found.refused


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("!Equals [[a], [a]]", "Conditions: Odd is not understood"),
        ("!Equals [a]", "Conditions: Odd is not understood"),
        ("{}", "Conditions: Odd is not understood"),
        ("!Ref Stage", "Conditions: Ref is not understood"),
        ("!Not []", "Conditions: Odd is not understood"),
        ("!Condition Odd", "lead back to themselves"),
        ("!Condition Nothing", "Condition: 'Nothing' is not declared"),
    ],
)
def test_bad_conditions(tmp_path: Path, condition: str, problem: str) -> None:
    """A condition that is not understood refuses the resources that have it."""
    read(tmp_path, "Threshold: 1", head=f"{HEAD}  Odd: {condition}\n")
    text = (tmp_path / "shop.yaml").read_text().replace("  Latency:\n", "  Latency:\n    Condition: Odd\n")
    (tmp_path / "shop.yaml").write_text(text)
    assert problem in str(read_assembly(tmp_path / "shop.yaml").refused["Latency"])


def test_condition_that_only_the_deployment_knows(tmp_path: Path) -> None:
    """Whether such an alarm exists is not guessed."""
    read(tmp_path, "Threshold: 1")
    text = (tmp_path / "shop.yaml").read_text().replace("  Latency:\n", "  Latency:\n    Condition: IsOurs\n")
    (tmp_path / "shop.yaml").write_text(text)
    assert "whether 'IsOurs' holds is known only once it is deployed" in str(
        read_assembly(tmp_path / "shop.yaml").refused["Latency"]
    )


def test_loops(tmp_path: Path) -> None:
    """Fn::ForEach declares one alarm for each value, and rules may refer to them."""
    file = tmp_path / "loop.yaml"
    file.write_text(
        """\
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "api,web-app"}
Resources:
  Fn::ForEach::Alarms:
    - Name
    - !Ref Names
    - Errors&{Name}:
        Type: AWS::CloudWatch::Alarm
        Properties:
          Namespace: Test
          MetricName: Errors
          Dimensions: [{Name: Service, Value: !Ref Name}, {Name: Host, Value: !Sub "${Name}.local"}]
          Statistic: Sum
          Period: 60
          EvaluationPeriods: 1
          Threshold: 1
          ComparisonOperator: GreaterThanThreshold
  Any:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties:
      AlarmRule: !Sub ALARM(${Errorsapi}) OR ALARM(${Errorswebapp})
"""
    )
    found = read_assembly(file)
    assert [item.about.id for item in found.alarms] == ["Errorsapi", "Errorswebapp", "Any"]
    web = found.find("Errorswebapp")
    assert isinstance(web, MetricAlarm)
    assert web.queries[0].metric is not None
    assert dict(web.queries[0].metric.dimensions) == {"Service": "web-app", "Host": "web-app.local"}


def test_loop_over_what_only_the_deployment_knows(tmp_path: Path) -> None:
    """Such a loop is refused by name; the alarms beside it are read."""
    read(tmp_path, "Threshold: 1")
    text = (tmp_path / "shop.yaml").read_text()
    loop = "  Fn::ForEach::More:\n    - Name\n    - !Ref Team\n    - A${Name}: {Type: 'AWS::CloudWatch::Alarm'}\n"
    (tmp_path / "shop.yaml").write_text(text + loop)
    found = read_assembly(tmp_path / "shop.yaml")
    assert len(found.alarms) == 1
    assert "Fn::ForEach::More: what it goes over is known only once it is deployed" in str(
        found.refused["shop/Fn::ForEach::More"]
    )
