"""Cloud assemblies that CDK writes."""

from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_sqs as sqs

from alarmlab.assembly import Assembly, read_assembly
from alarmlab.model.alarms import CompositeAlarm, MetricAlarm
from alarmlab.model.rules import parse_rule
from constructs import Construct


class Shop(cdk.Stack):
    """A queue, a function and their alarms; one of them in a nested stack."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        queue = sqs.Queue(self, "Orders")
        self.age = queue.metric_approximate_age_of_oldest_message().create_alarm(
            self, "Age", threshold=300, evaluation_periods=3
        )
        nested = cdk.NestedStack(self, "Inner")
        handler = functions.Function(
            nested,
            "Handler",
            runtime=functions.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=functions.Code.from_inline("def handler(*_): pass"),
        )
        self.errors = handler.metric_errors().create_alarm(nested, "Errors", threshold=1, evaluation_periods=1)


class Overview(cdk.Stack):
    """A composite alarm over alarms of other stacks, and a rule that mutes it."""

    def __init__(self, scope: Construct, id: str, shop: Shop) -> None:
        super().__init__(scope, id)
        either = cloudwatch.CompositeAlarm(
            self,
            "Either",
            alarm_rule=cloudwatch.AlarmRule.any_of(shop.age, shop.errors),
            actions_suppressor=shop.errors,
            actions_suppressor_wait_period=cdk.Duration.seconds(120),
        )
        cloudwatch.CfnAlarmMuteRule(
            self,
            "Night",
            rule={"schedule": {"expression": "cron(0 2 * * *)", "duration": "PT1H"}},
            mute_targets={"alarmNames": [either.alarm_name]},
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app with a stage, stacks that refer to each other, and a nested stack."""
    folder = tmp_path_factory.mktemp("cdk")
    app = cdk.App(outdir=str(folder), builtin_cloud_formation_validation=False)
    stage = cdk.Stage(app, "Prod", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    Overview(stage, "Overview", Shop(stage, "Shop"))
    app.synth()
    return folder


@pytest.fixture(scope="module")
def assembly(folder: Path) -> Assembly:
    """Its alarms."""
    return read_assembly(folder)


def test_every_alarm_is_read(assembly: Assembly) -> None:
    """Stages, stacks and nested stacks; nothing is refused."""
    assert not assembly.refused
    stacks = {item.about.stack for item in assembly.alarms}
    assert len(assembly.alarms) == 3
    assert {"Prod/Shop", "Prod/Overview"} < stacks


def test_composite_over_other_stacks(assembly: Assembly) -> None:
    """Exports, outputs of nested stacks and joins lead to the children's ids."""
    either = assembly.find("Either")
    assert isinstance(either, CompositeAlarm)
    age, errors = assembly.find("Age"), assembly.find("Errors")
    assert either.rule == parse_rule(f'ALARM("{age.about.id}") OR ALARM("{errors.about.id}")')
    assert (either.suppressor, either.wait, either.extension) == (errors.about.id, 120, 60)
    assert [rule.alarms for rule in assembly.mute_rules] == [(either.about.id,)]


def test_dimensions_can_be_written(assembly: Assembly) -> None:
    """Names that CloudFormation makes up are stand-ins without CDK's digits."""
    found: dict[str, str] = {}
    for name in ("Age", "Errors"):
        alarm = assembly.find(name)
        assert isinstance(alarm, MetricAlarm)
        assert alarm.queries[0].metric is not None
        found |= dict(alarm.queries[0].metric.dimensions)
    assert found == {"QueueName": "${Orders.QueueName}", "FunctionName": "${Handler}"}


def test_one_template_of_an_assembly(folder: Path) -> None:
    """A template file that lies in an assembly is read with the stacks that it nests."""
    found = read_assembly(next(folder.glob("assembly-Prod/ProdShop*[0-9A-F].template.json")))
    assert len(found.alarms) == 2
    assert not found.refused
