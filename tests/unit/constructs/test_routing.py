"""What `AlertRouting` makes of sinks and routes: the document that the functions read, and what they are packed with."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk.assertions import Template
from aws_cdk.aws_secretsmanager import Secret

from alert_common.settings import Settings, parse
from endpointwatch import (
    AlertRouting,
    CustomSink,
    Email,
    EndpointMonitoring,
    GpuEndpoint,
    Hours,
    Objectives,
    PagerDuty,
    Rate,
    Route,
    Severity,
    Sink,
    Slack,
    Webhook,
)
from endpointwatch.routing.functions import VENDORED, ZONES, packed

MAIL = Email(addresses=("a@example.com",))


def _secret(stack: Stack, name: str) -> Any:
    return Secret.from_secret_name_v2(stack, name, name)


def _pagerduty(stack: Stack, **settings: Any) -> PagerDuty:
    return PagerDuty(secret=_secret(stack, "pagerduty"), **settings)


def _slack(stack: Stack, **settings: Any) -> Slack:
    return Slack(bot_token=_secret(stack, "slack"), channel="C0123456789", **settings)


def _routing(stack: Stack, sinks: list[Sink], **settings: Any) -> AlertRouting:
    return AlertRouting(stack, "Routing", environment="prod", sinks=sinks, **settings)


def _settings(stack: Stack) -> Settings:
    """The document as the functions read it, every reference replaced by its logical id."""

    def flat(value: Any) -> str:
        _, parts = value["Fn::Join"]
        return "".join(part if isinstance(part, str) else part["Ref"].replace("::", "-") for part in parts)

    parameters = Template.from_stack(stack).find_resources("AWS::SSM::Parameter").values()
    return parse([flat(parameter["Properties"]["Value"]) for parameter in parameters])


def _routes(stack: Stack) -> list[tuple[str, tuple[str, ...], int]]:
    """Each severity, who is told of it by default, and the seconds of the digest."""
    return [(severity, route.sinks, route.digest) for route in _settings(stack).routes for severity in route.severities]


def test_with_mail_only_everything_is_mailed() -> None:
    """Nothing is dropped for want of a pager: what is urgent at once, what only informs as a digest."""
    stack = Stack()
    _routing(stack, [MAIL])
    assert _routes(stack) == [("critical", ("email",), 0), ("warning", ("email",), 0), ("info", ("email",), 3600)]


def test_warnings_wake_nobody_where_mail_could_carry_them() -> None:
    """PagerDuty and mail: a warning is mailed."""
    stack = Stack()
    _routing(stack, [_pagerduty(stack), MAIL])
    assert _routes(stack)[:2] == [("critical", ("pagerduty",), 0), ("warning", ("email",), 0)]


def test_with_a_pager_only_everything_goes_there_at_once() -> None:
    """PagerDuty alone gets everything, and no digest."""
    stack = Stack()
    _routing(stack, [_pagerduty(stack)])
    assert _routes(stack) == [(severity, ("pagerduty",), 0) for severity in ("critical", "warning", "info")]


def test_who_takes_no_digest_is_informed_at_once() -> None:
    """A sink of one's own that is for everything, beside Slack: a digest for Slack, the same at once for the other."""
    stack = Stack()
    own = CustomSink(name="own", code=Path(__file__), handler="test_routing:MAIL")
    _routing(stack, [_slack(stack), own])
    assert _routes(stack)[-2:] == [("info", ("slack",), 3600), ("info", ("own",), 0)]
    assert [route.go_on for route in _settings(stack).routes] == [False, False, True, False]


def test_a_sink_may_be_called_like_the_dead_letters_of_another() -> None:
    """The ids of its queues differ from those of `slack` and its dead letters."""
    stack = Stack()
    routing = _routing(stack, [Email(addresses=("a@example.com",), name=name) for name in ("slack", "slack-dead")])
    assert set(routing.sink_queues) == {"slack", "slack-dead"}


def test_several_sinks_of_a_kind_make_a_policy_that_iam_takes() -> None:
    """Two of each: no statement of a policy has the Sid of another."""
    stack = Stack()
    mails = [Email(addresses=("a@example.com",), name=name) for name in ("email", "email-2")]
    slack = _slack(stack)
    _routing(stack, [*mails, slack, replace(slack, name="slack-2")])
    for policy in Template.from_stack(stack).find_resources("AWS::IAM::Policy").values():
        sids = [sid for one in policy["Properties"]["PolicyDocument"]["Statement"] if (sid := one.get("Sid"))]
        assert len(sids) == len(set(sids))


def test_routes_reach_the_functions_as_they_are_written() -> None:
    """Every condition, in the order that was given."""
    stack = Stack()
    night = Hours(days=("sat", "sun"), start="22:00", end="06:00", zone="Europe/Berlin")
    _routing(
        stack,
        [_slack(stack), MAIL],
        routes=[
            Route(sinks=("email",), teams=("search",), environments=("prod",), resources=("ranker*",), go_on=True),
            Route(severities=frozenset({Severity.INFO}), sinks=("email",), hours=night, digest=Duration.minutes(10)),
            Route(sinks=("slack",)),
        ],
        group_window=Duration.hours(1),
        settle=timedelta(0),
        remind=Duration.hours(4),
        enrichment_deadline=Duration.seconds(5),
    )
    settings = _settings(stack)
    first, second, last = settings.routes
    assert (first.teams, first.environments, first.resources, first.go_on) == (
        ("search",),
        ("prod",),
        ("ranker*",),
        True,
    )
    assert second.hours is not None
    assert (second.hours.days, second.hours.start, second.hours.end, second.hours.zone) == (
        ("sat", "sun"),
        "22:00",
        "06:00",
        "Europe/Berlin",
    )
    assert (second.digest, last.severities, last.sinks) == (600, (), ("slack",))
    assert (settings.window_seconds, settings.settle_seconds) == (3600, 0)
    assert (settings.remind_seconds, settings.deadline_seconds) == (4 * 3600, 5)


def test_time_zones_travel_with_the_enricher_only_where_a_route_has_hours() -> None:
    """The data alone is enough: with no time zones of the system, the packed folder knows Berlin."""
    without, with_zones = packed("alert_enricher"), packed("alert_enricher", vendored=(*VENDORED, ZONES))
    assert not (without / "tzdata").exists()
    assert (with_zones / "tzdata" / "zoneinfo" / "Europe" / "Berlin").is_file()
    assert not list(with_zones.glob("*.dist-info"))
    program = (
        "import sys, zoneinfo; sys.path.insert(0, sys.argv[1]); zoneinfo.reset_tzpath(()); "
        "print(zoneinfo.ZoneInfo('Europe/Berlin'))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(with_zones)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "Europe/Berlin"


def _asset(stack: Stack, handler: str) -> str:
    """Hash of the code of the function with this handler."""
    (function,) = (
        resource["Properties"]
        for resource in Template.from_stack(stack).find_resources("AWS::Lambda::Function").values()
        if resource["Properties"]["Handler"] == handler
    )
    key = function["Code"]["S3Key"]
    return str(key)


def test_a_sink_of_ones_own_is_packed_with_the_dispatcher(tmp_path: Path) -> None:
    """Its module lies in `custom_sinks`, its secret may be read, its settings are there; the same code gives the same asset."""
    module = tmp_path / "pager.py"
    module.write_text("class Pager: ...\n")
    assets = []
    for _ in range(2):
        stack = Stack(App(), "Own")
        own = CustomSink(
            name="own",
            code=module,
            handler="pager:Pager",
            secret=_secret(stack, "key"),
            settings={"region": "eu"},
            rate=Rate(messages=2, per=Duration.seconds(1)),
            fallback="email",
        )
        _routing(stack, [own, MAIL])
        sink = _settings(stack).sinks["own"]
        assets.append(_asset(stack, "alert_dispatcher.handler.handler"))
    assert assets[0] == assets[1]
    assert (sink.settings["type"], sink.settings["region"], sink.fallback) == ("pager:Pager", "eu", "email")
    assert sink.settings["secret"].startswith("arn:")
    assert sink.rate is not None
    assert (sink.rate.messages, sink.rate.seconds, sink.rate.burst) == (2, 1, 1)
    folder = packed("alert_dispatcher", modules=(module,))
    assert (folder / "custom_sinks" / "pager.py").read_text() == module.read_text()
    statements = json.dumps(Template.from_stack(stack).find_resources("AWS::IAM::Policy"))
    assert "secretsmanager:GetSecretValue" in statements


def test_two_modules_of_one_name_are_refused(tmp_path: Path) -> None:
    """They would lie on top of each other."""
    modules = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        modules.append(tmp_path / folder / "pager.py")
        modules[-1].write_text("class Pager: ...\n")
    with pytest.raises(ValueError, match="code: two files are named 'pager'"):
        packed("alert_dispatcher", modules=tuple(modules))


def test_settings_have_a_version_of_their_own() -> None:
    """The same settings, the same version, whatever else the app makes; another time, another one."""

    def version(*, settle: Duration, before: int = 0) -> str:
        stack = Stack(App(), "Same")
        for number in range(before):  # so that tokens get other numbers
            _secret(stack, f"other{number}")
        _routing(
            stack, [_slack(stack), Webhook(url="https://example.com", secret=_secret(stack, "key"))], settle=settle
        )
        (value,) = {
            function["Properties"]["Environment"]["Variables"]["SETTINGS_VERSION"]
            for function in Template.from_stack(stack).find_resources("AWS::Lambda::Function").values()
        }
        return str(value)

    five = version(settle=Duration.minutes(5))
    assert version(settle=Duration.minutes(5), before=7) == five
    assert version(settle=Duration.minutes(6)) != five


def test_job_events_are_routed_by_the_jobs_names() -> None:
    """Training jobs that fail and whose names begin so, to the queue of alerts."""
    stack = Stack()
    _routing(stack, [MAIL]).route_job_events(name_prefixes=["ranker-", "search-"])
    (rule,) = Template.from_stack(stack).find_resources("AWS::Events::Rule").values()
    assert rule["Properties"]["EventPattern"] == {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Training Job State Change"],
        "detail": {
            "TrainingJobName": [{"prefix": "ranker-"}, {"prefix": "search-"}],
            "TrainingJobStatus": ["Failed"],
        },
    }


def test_a_maintenance_window_mutes_every_alarm_of_the_endpoint() -> None:
    """By name, for as long as the window lasts."""
    stack = Stack()
    endpoint = GpuEndpoint.from_endpoint_attributes(stack, "E", endpoint_name="ranker", instance_type="ml.g5.xlarge")
    monitoring = EndpointMonitoring(
        stack, "Monitoring", endpoint=endpoint, objectives=Objectives(latency_p99=Duration.millis(200))
    )
    monitoring.maintenance_window(
        "Sundays",
        schedule=cloudwatch.ScheduleExpression.cron(minute="0", hour="2", week_day="SUN"),
        duration=Duration.hours(1),
    )
    template = Template.from_stack(stack)
    (rule,) = template.find_resources("AWS::CloudWatch::AlarmMuteRule").values()
    muted = {name["Ref"] for name in rule["Properties"]["MuteTargets"]["AlarmNames"]}
    assert muted == set(template.find_resources("AWS::CloudWatch::Alarm"))
    assert rule["Properties"]["Rule"]["Schedule"] == {"Duration": "PT1H", "Expression": "cron(0 2 * * SUN)"}


def test_pages_may_tell_of_a_cluster() -> None:
    """The enricher's role may view the cluster, nothing else, and belongs to a group to which its nodes can be shown."""
    stack = Stack(App(), "Stack")
    routing = _routing(stack, [MAIL])
    routing.read_cluster("Cluster", cluster_name="inference")
    (entry,) = Template.from_stack(stack).find_resources("AWS::EKS::AccessEntry").values()
    properties = entry["Properties"]
    (policy,) = properties["AccessPolicies"]
    assert json.dumps(policy["PolicyArn"]).endswith(':eks::aws:cluster-access-policy/AmazonEKSViewPolicy"]]}')
    assert (properties["ClusterName"], properties["KubernetesGroups"]) == ("inference", ["endpointwatch"])
    role = routing.enricher.role
    assert role is not None
    assert properties["PrincipalArn"] == stack.resolve(role.role_arn)
    with pytest.raises(ValueError, match="cluster_name: is empty"):
        routing.read_cluster("Other", cluster_name="")
