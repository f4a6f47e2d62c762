"""Alarms of templates: where they are read from, how they are called, and what they mention."""

import json
from pathlib import Path
from typing import Any

import pytest

from alarmlab.assembly import Assembly, read_assembly, read_resources
from alarmlab.errors import InputError, UnsupportedError
from alarmlab.model.alarms import CompositeAlarm, MetricAlarm
from alarmlab.model.rules import parse_rule

LATENCY = {
    "Namespace": "Test",
    "MetricName": "Latency",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}


def alarm(**properties: Any) -> dict[str, Any]:
    """An alarm that can be read."""
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": LATENCY | properties}


def composite(rule: Any, **properties: Any) -> dict[str, Any]:
    """A composite alarm."""
    return {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmRule": rule, **properties}}


def suppressed(by: Any) -> dict[str, Any]:
    """A composite alarm with a suppressor."""
    return composite("TRUE", ActionsSuppressor=by, ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=60)


def write_app(folder: Path, **stacks: Any) -> Path:
    """A cloud assembly of these templates, or resources, by the name of their stack."""
    folder.mkdir(exist_ok=True)
    artifacts: dict[str, Any] = {"Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}}
    for name, template in stacks.items():
        body = template if "Resources" in template else {"Resources": template}
        (folder / f"{name}.template.json").write_text(json.dumps(body, indent=1))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://123456789012/eu-west-1",
            "properties": {"templateFile": f"{name}.template.json"},
        }
    (folder / "manifest.json").write_text(json.dumps({"version": "50.0.0", "artifacts": artifacts}))
    return folder


def read_app(folder: Path, **stacks: Any) -> Assembly:
    """The alarms of such a cloud assembly."""
    return read_assembly(write_app(folder, **stacks))


def ids(assembly: Assembly) -> list[str]:
    """The ids of its alarms."""
    return [item.about.id for item in assembly.alarms]


def rule_of(assembly: Assembly, name: str) -> Any:
    """The rule of a composite alarm."""
    found = assembly.find(name)
    assert isinstance(found, CompositeAlarm)
    return found.rule


def test_ids(tmp_path: Path) -> None:
    """An alarm's id is its logical id, with its stack in front where several stacks have it."""
    found = read_app(tmp_path, Dev={"A": alarm(), "B": alarm()}, Prod={"A": alarm(), "C": alarm()})
    assert ids(found) == ["Dev/A", "B", "Prod/A", "C"]
    assert found.find("C").about.stack == "Prod"
    assert not found.refused


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("LatencyF3C4B9A0", "LatencyF3C4B9A0"),
        ("Latency", "LatencyF3C4B9A0"),
        ("ranker/latency", "LatencyF3C4B9A0"),
        ("Dev/Latency", "LatencyF3C4B9A0"),
        ("Dev/LatencyF3C4B9A0", "LatencyF3C4B9A0"),
        ("Dev/ranker/latency", "LatencyF3C4B9A0"),
        ("Dev/Errors", "Dev/ErrorsF3C4B9A0"),
        ("Prod/ErrorsF3C4B9A0", "Prod/ErrorsF3C4B9A0"),
        ("Prod/errors", "Prod/ErrorsF3C4B9A0"),
    ],
)
def test_find(tmp_path: Path, name: str, id: str) -> None:
    """By id, by AlarmName, without the digits of CDK, and each of them after the stack."""
    errors = {"ErrorsF3C4B9A0": alarm(AlarmName="errors")}
    found = read_app(tmp_path, Dev=errors | {"LatencyF3C4B9A0": alarm(AlarmName="ranker/latency")}, Prod=errors)
    assert found.find(name).about.id == id


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("errors", "2 alarms are called so: use one of Dev/ErrorsF3C4B9A0, Prod/ErrorsF3C4B9A0"),
        ("Errors", "2 alarms are called so"),
        ("ranker/latancy", "there is none; did you mean 'ranker/latency'"),
        ("xyz", "there is none; there are errors, ranker/latency, Errors, Latency"),
        ("Broken", "alarm 'Broken': Period: 7 is not supported"),
    ],
)
def test_find_nothing(tmp_path: Path, name: str, problem: str) -> None:
    """A name of several, of none, or of an alarm that was refused is an error that says how to go on."""
    errors = {"ErrorsF3C4B9A0": alarm(AlarmName="errors")}
    dev = errors | {"LatencyF3C4B9A0": alarm(AlarmName="ranker/latency"), "Broken": alarm(Period=7)}
    with pytest.raises(InputError, match=problem):
        read_app(tmp_path, Dev=dev, Prod=errors).find(name)


def test_one_refusal_does_not_stop_the_rest(tmp_path: Path) -> None:
    """What cannot be read is reported with its file and line, and by whether it is wrong or only not supported."""
    found = read_app(
        tmp_path, Dev={"A": alarm(), "B": alarm(Period=7), "C": {"Type": "AWS::CloudWatch::LogAlarm"}, "D": alarm()}
    )
    assert ids(found) == ["A", "D"]
    assert set(found.refused) == {"B", "C"}
    lines = (tmp_path / "Dev.template.json").read_text().splitlines()
    first, last = (lines.index(f'  "{id}": {{') + 1 for id in "BD")
    assert str(found.refused["B"]).startswith(f"{tmp_path}/Dev.template.json:{first}: alarm 'B': Period: 7")
    assert isinstance(found.refused["C"], UnsupportedError)
    assert found.places["D"] == f"{tmp_path}/Dev.template.json:{last}"


@pytest.mark.parametrize(
    "rule",
    [
        {"Fn::Sub": "ALARM(${A}) AND NOT OK(${B})"},
        {"Fn::Sub": 'ALARM("${A.Arn}") AND NOT OK("${B}")'},
        {"Fn::Join": ["", ["ALARM(", {"Ref": "A"}, ') AND NOT OK("', {"Fn::GetAtt": ["B", "Arn"]}, '")']]},
        "ALARM(A) AND NOT OK(beta)",
        {
            "Fn::Sub": "ALARM(A) AND NOT OK(arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:beta)"
        },
        'ALARM(A) AND NOT OK("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:beta")',
        {
            "Fn::Sub": "ALARM(A) AND NOT OK(arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${B})"
        },
    ],
)
def test_children(rule: Any) -> None:
    """Rules mention alarms by Ref, GetAtt, Sub and Join, by name and by ARN; here they have ids."""
    found = read_resources({"Both": composite(rule), "A": alarm(), "B": alarm(AlarmName="beta")})
    assert rule_of(found, "Both") == parse_rule("ALARM(A) AND NOT OK(B)")


def test_names_that_only_the_deployment_knows() -> None:
    """A name with a stand-in in it is found where both sides write it alike."""
    found = read_resources(
        {
            "A": alarm(AlarmName={"Fn::Sub": "${AWS::StackName}-latency"}),
            "Both": composite({"Fn::Sub": "ALARM(${AWS::StackName}-latency)"}),
        }
    )
    assert rule_of(found, "Both") == parse_rule("ALARM(A)")


def test_suppressors() -> None:
    """A suppressor is mentioned like a child, and may be one."""
    arn = {"Fn::Sub": "arn:aws:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${A}"}
    resources = {
        "A": alarm(),
        "C": suppressed({"Fn::GetAtt": ["A", "Arn"]}),
        "D": suppressed("A"),
        "E": suppressed(arn),
    }
    found = read_resources(resources)
    for name in ("C", "D", "E"):
        item = found.find(name)
        assert isinstance(item, CompositeAlarm)
        assert (item.suppressor, item.wait, item.extension) == ("A", 60, 60)


def test_children_of_other_stacks(tmp_path: Path) -> None:
    """Exports and imports lead to the alarm, also where both stacks have one of this logical id."""
    exporting = {
        "Resources": {"A": alarm()},
        "Outputs": {
            "Out": {"Value": {"Fn::GetAtt": ["A", "Arn"]}, "Export": {"Name": {"Fn::Sub": "x-${AWS::Region}"}}}
        },
    }
    importing = {"A": alarm(), "C": composite({"Fn::Sub": ["ALARM(${a})", {"a": {"Fn::ImportValue": "x-eu-west-1"}}]})}
    found = read_app(tmp_path, One=exporting, Two=importing)
    assert rule_of(found, "C") == parse_rule("ALARM(One/A)")


def test_name_of_several_stacks(tmp_path: Path) -> None:
    """A name means the alarm of the same stack first; what is in several others is refused."""
    named = {"A": alarm(AlarmName="latency")}
    found = read_app(
        tmp_path, One=named, Two=named | {"C": composite("ALARM(latency)")}, Three={"D": composite("ALARM(latency)")}
    )
    assert rule_of(found, "C") == parse_rule("ALARM(Two/A)")
    assert "mentions 'latency', as which 2 are known: One/A, Two/A" in str(found.refused["D"])


def test_resources_of_several_stacks_are_told_apart(tmp_path: Path) -> None:
    """Two stacks' queues of one logical id are two queues; what only one stack has is called without it."""
    both = {"Queue": {"Type": "AWS::SQS::Queue"}, "A": alarm(Dimensions=[_queue("Queue")])}
    one = {"Dead": {"Type": "AWS::SQS::Queue"}, "B": alarm(Dimensions=[_queue("Dead")])}
    found = read_app(tmp_path, Prod=both | one, Staging=both)
    assert {id: _queue_of(found, id) for id in ("Prod/A", "Staging/A", "B")} == {
        "Prod/A": "${Prod/Queue.QueueName}",
        "Staging/A": "${Staging/Queue.QueueName}",
        "B": "${Dead.QueueName}",
    }


def _queue(id: str) -> dict[str, Any]:
    return {"Name": "QueueName", "Value": {"Fn::GetAtt": [id, "QueueName"]}}


def _queue_of(assembly: Assembly, id: str) -> str:
    found = assembly.find(id)
    assert isinstance(found, MetricAlarm)
    (query,) = found.queries
    assert query.metric is not None
    return dict(query.metric.dimensions)["QueueName"]


@pytest.mark.parametrize(
    ("resources", "refused", "problem"),
    [
        ({"C": composite("ALARM(nobody)")}, {"C"}, "it mentions 'nobody', which is in none of the templates"),
        ({"A": alarm(AlarmName="alpha"), "C": composite("ALARM(A)")}, {"C"}, "it mentions 'A', which is in none"),
        ({"A": alarm(), "C": composite("ALARM(AA)")}, {"C"}, "did you mean 'A'"),
        (
            {"A": alarm(), "C": composite({"Fn::Sub": "ALARM(${A}-canary)"})},
            {"C"},
            "it mentions 'A-canary', which is in",
        ),
        (
            {"A": alarm(), "C": composite({"Fn::Sub": "ALARM(my-${A})"})},
            {"C"},
            "it mentions 'my-A', which is in",
        ),
        ({"C": suppressed("nobody")}, {"C"}, "it mentions 'nobody'"),
        ({"A": alarm(Period=7), "C": composite("ALARM(A)")}, {"A", "C"}, "it looks at 'A': alarm 'A': Period: 7"),
        ({"C": composite("ALARM(D)"), "D": composite("ALARM(C)")}, {"C", "D"}, "leads back to itself: C -> D -> C"),
        ({"C": composite("ALARM(C)")}, {"C"}, "leads back to itself: C -> C"),
        ({"A": alarm(), "C": suppressed("C")}, {"C"}, "leads back to itself"),
        ({"C": composite("ALARM(")}, {"C"}, "AlarmRule 'ALARM\\('"),
        (
            {"Top": composite("ALARM(C)"), "C": composite("ALARM(A)"), "A": alarm(Period=7)},
            {"A", "C", "Top"},
            "it looks at 'A': alarm 'A': Period: 7",
        ),
    ],
)
def test_composites_that_cannot_be_read(resources: dict[str, Any], refused: set[str], problem: str) -> None:
    """Children that are not there, are refused, or lead back: refused by name, with the reason, and so is what needs it."""
    found = read_resources(resources)
    assert set(found.refused) == refused
    with pytest.raises(InputError, match=problem):
        found.find("C")


def test_properties_of_a_macro() -> None:
    """What AWS::Include or a macro of the account writes is refused, and no more than that."""
    included = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://bucket/alarm.yaml"}}}
    found = read_resources({"A": alarm(), "B": {"Type": "AWS::CloudWatch::Alarm", "Properties": included}})
    assert ids(found) == ["A"]
    assert "alarm 'B': Properties come from a macro" in str(found.refused["B"])


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"Parameters": {"Stage": "dev"}}, "Parameters: 'Stage' is not a mapping"),
        ({"Parameters": {"Stage": {"Type": ["String"]}}}, ""),
        ({"Parameters": {"Stage": {"Type": "String"}}, "Resources": {"Nested": {"Type": {"a": "b"}}}}, ""),
        (
            {
                "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
                "Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack", "Metadata": [], "Properties": "x"}},
            },
            "",
        ),
    ],
)
def test_sections_that_hold_something_else(tmp_path: Path, sections: dict[str, Any], problem: str) -> None:
    """A template that CloudFormation would refuse: the alarm that needs the wrong part is refused, the other is read."""
    resources = {"A": alarm(), "B": alarm(MetricName={"Ref": "Stage"}), **sections.get("Resources", {})}
    (tmp_path / "template.json").write_text(json.dumps({**sections, "Resources": resources}))
    found = read_assembly(tmp_path / "template.json")
    assert ids(found) == (["A"] if problem else ["A", "B"])
    assert problem in str(found.refused.get("B", ""))


@pytest.mark.parametrize("odd", [1, "x", [1], {"a": 1}, "\0"])
def test_manifests_that_hold_something_else(tmp_path: Path, odd: Any) -> None:
    """Whatever a manifest holds where artifacts, their properties and files are expected: one line, or what can be read."""
    write_app(tmp_path, Dev={"A": alarm()})
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    stack = manifest["artifacts"]["Dev"]
    (tmp_path / "files.json").write_text(json.dumps({"files": {"a": odd, "b": {"source": {"path": odd}}}}))
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "files.json"}}
    for more in ({"Odd": odd}, {"Odd": {**stack, "environment": odd, "displayName": odd}}, {"Odd": assets}):
        (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"Dev": stack, **more}}))
        assert any(alarm.about.name == "A" for alarm in read_assembly(tmp_path).alarms)
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"Dev": {**stack, "properties": odd}}}))
    with pytest.raises(InputError, match="the artifact 'Dev' has no templateFile"):
        read_assembly(tmp_path)


def test_a_type_that_is_no_text() -> None:
    """What a resource refers to may be anything: it is a name that only the deployment knows."""
    found = read_resources({"A": alarm(MetricName={"Ref": "Odd"}), "Odd": {"Type": {"Fn::Sub": "AWS::SQS::Queue"}}})
    assert ids(found) == ["A"]


def test_mute_rules() -> None:
    """Mute rules have the ids of their targets; targets that are elsewhere do not matter."""
    rule = {
        "Type": "AWS::CloudWatch::AlarmMuteRule",
        "Properties": {
            "Rule": {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT1H"}},
            "MuteTargets": {"AlarmNames": [{"Ref": "A"}, "beta", "elsewhere"]},
        },
    }
    bad = {"Type": "AWS::CloudWatch::AlarmMuteRule", "Properties": {}}
    found = read_resources({"A": alarm(), "B": alarm(AlarmName="beta"), "R": rule, "S": bad})
    assert [item.alarms for item in found.mute_rules] == [("A", "B")]
    assert str(found.refused["S"]) == "mute rule 'S': Rule is required"


def test_nested_stacks(tmp_path: Path) -> None:
    """Nested stacks are read with the parameters that they are given, and their outputs lead to their alarms."""
    nested = {
        "Parameters": {"Limit": {"Type": "Number"}, "Child": {"Type": "String"}},
        "Resources": {"A": alarm(Threshold={"Ref": "Limit"}), "C": composite({"Fn::Sub": "ALARM(${Child})"})},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["A", "Arn"]}}},
    }
    (tmp_path / "inner.nested.template.json").write_text(json.dumps(nested))
    outer = {
        "A": alarm(),
        "Inner": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {
                "TemplateURL": {"Fn::Sub": "https://s3.${AWS::URLSuffix}/x"},
                "Parameters": {"Limit": "7", "Child": {"Fn::GetAtt": ["A", "Arn"]}},
            },
            "Metadata": {"aws:asset:path": "inner.nested.template.json"},
        },
        "D": composite({"Fn::Join": ["", ["ALARM(", {"Fn::GetAtt": ["Inner", "Outputs.Arn"]}, ")"]]}),
        "Remote": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://example.com/x"}},
    }
    found = read_app(tmp_path, Outer=outer)
    assert ids(found) == ["Outer/A", "D", "Outer/Inner/A", "C"]
    assert rule_of(found, "C") == parse_rule("ALARM(Outer/A)")
    assert rule_of(found, "D") == parse_rule("ALARM(Outer/Inner/A)")
    assert found.find("Outer/Inner/A").about.stack == "Outer/Inner"
    assert "the template of the nested stack 'Remote' cannot be read" in str(found.refused["Outer/Remote"])


def test_stages(tmp_path: Path) -> None:
    """A stage is an assembly within the assembly."""
    write_app(tmp_path / "assembly-Prod", Shop={"A": alarm()})
    write_app(tmp_path, Tools={"B": alarm()})
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["artifacts"]["Stage"] = {
        "type": "cdk:cloud-assembly",
        "properties": {"directoryName": "assembly-Prod", "displayName": "Prod"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert ids(read_assembly(tmp_path)) == ["B", "A"]
    assert ids(read_assembly(tmp_path / "manifest.json")) == ["B", "A"]


SAM = """\
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Timeout: 3}}
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.handler, Runtime: python3.13, Events: {Get: {Type: Api}}}
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties: &errors
      AlarmName: !Sub ${AWS::StackName}-errors
      Namespace: AWS/Lambda
      MetricName: Errors
      Dimensions: [{Name: FunctionName, Value: !Ref Api}, {Name: Stage, Value: !Ref ServerlessRestApi}]
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: GreaterThanOrEqualToThreshold
  Throttles:
    Type: AWS::CloudWatch::Alarm
    Properties:
      <<: *errors
      AlarmName: throttles
      MetricName: Throttles
"""


def test_templates_of_other_tools(tmp_path: Path) -> None:
    """A SAM template: short forms, anchors, resources that only the transform declares; its name is that of the file."""
    file = tmp_path / "template.yaml"
    file.write_text(SAM)
    found = read_assembly(file)
    assert not found.refused
    errors, throttles = found.alarms
    assert (errors.about.name, errors.about.stack) == ("${AWS::StackName}-errors", "template")
    assert throttles.about.name == "throttles"
    assert "ServerlessRestApi" in str(errors)
    assert found.places["Throttles"] == f"{file}:20"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ": it is empty"),
        ("- a\n- b\n", "it is no CloudFormation template: the top level is not a mapping"),
        ("tests: []\n", "it is no CloudFormation template: it has no Resources"),
        ("Resources:\n  A: [\n", ":3: it is no YAML"),
        ("Resources:\n  A: {}\n  B: {}\n  A: {}\n", ":4: it is no YAML: 'A' is there twice"),
        ("Resources: []\n", "Resources is not a mapping"),
        ('{"Resources": {\n"A": }}', ":2: it is no JSON"),
        ("[" * 100_000, "t.yaml"),
        ('{"Resources":' * 100_000, "it is nested too deeply"),
        ("Resources: \x00", "it is no YAML"),
        ("Resources:\n  A: !!python/object:os.system {}\n", ":2: it is no YAML"),
    ],
)
def test_files_that_are_not_understood(tmp_path: Path, text: str, problem: str) -> None:
    """The file and, where there is one, the line of what is wrong."""
    file = tmp_path / "t.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_assembly(file)
    assert str(caught.value).startswith(str(file))
    assert problem in str(caught.value)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """A folder without a manifest, a file that is not there, an assembly without its template."""
    with pytest.raises(InputError, match=r"it has no manifest.json: give the output folder of `cdk synth`"):
        read_assembly(tmp_path)
    with pytest.raises(InputError, match=r"nothing.yaml: No such file"):
        read_assembly(tmp_path / "nothing.yaml")
    write_app(tmp_path, Dev={"A": alarm()})
    (tmp_path / "Dev.template.json").unlink()
    with pytest.raises(InputError, match=r"Dev.template.json: No such file"):
        read_assembly(tmp_path)
    (tmp_path / "manifest.json").write_text('{"artifacts": {"A": {"type": "aws:cloudformation:stack"}}}')
    with pytest.raises(InputError, match="the artifact 'A' has no templateFile"):
        read_assembly(tmp_path)
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"A": stage}}))
    with pytest.raises(InputError, match="it is an assembly within itself"):
        read_assembly(tmp_path)
