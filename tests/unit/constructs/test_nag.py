"""cdk-nag in other people's apps."""

import json
from pathlib import Path

import pytest
from aws_cdk import App, Duration, Environment, Stack, Validations
from aws_cdk.aws_secretsmanager import Secret
from cdk_nag import AwsSolutionsChecks

from endpointwatch import AlertRouting, EndpointMonitoring, GpuEndpoint, Objectives, Slack


@pytest.mark.parametrize("env", [None, Environment(account="123456789012", region="eu-west-1")])
def test_constructs_pass_in_an_app_of_another_team(tmp_path: Path, env: Environment | None) -> None:
    """With and without a known account and region, and without our feature flags, every finding has its reason in the library."""
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    stack = Stack(app, "Stack", env=env)
    alerts = AlertRouting(
        stack,
        "Alerts",
        environment="prod",
        sinks=[Slack(bot_token=Secret.from_secret_name_v2(stack, "Token", "token"), channel="C0123456789")],
    )
    endpoint = GpuEndpoint(
        stack,
        "Endpoint",
        image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/ranker:1",
        instance_type="ml.g5.xlarge",
        model_data_url="s3://weights/ranker/model.tar.gz",
    )
    EndpointMonitoring(
        stack, "Watch", endpoint=endpoint, objectives=Objectives(latency_p99=Duration.millis(200)), alerts=alerts
    )
    app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text())
    (nag,) = (plugin for plugin in report["pluginReports"] if plugin["pluginName"] == "AwsSolutions")
    assert nag["conclusion"] == "success", nag["violations"]
