"""What must hold in the alerting stack, whatever else changes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from tests.conftest import ENVIRONMENTS

Templates = Callable[[str, str], Template]


@pytest.fixture(params=ENVIRONMENTS)
def alerting(template: Templates, request: pytest.FixtureRequest) -> Template:
    """The alerting stack of each environment."""
    return template("Alerting", request.param)


def _resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    return {
        name: resource.get("Properties", {})
        for name, resource in template.to_json()["Resources"].items()
        if resource["Type"] == kind
    }


def test_key_lets_the_services_publish(alerting: Template) -> None:
    """CloudWatch, EventBridge and SNS may use the key that encrypts topics and queues; without it alarms vanish without a trace."""
    (key,) = _resources(alerting, "AWS::KMS::Key").values()
    assert key["EnableKeyRotation"] is True
    (statement,) = (s for s in key["KeyPolicy"]["Statement"] if s.get("Sid") == "AlertsOfThisAccount")
    assert set(statement["Principal"]["Service"]) == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "sns.amazonaws.com",
    }
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_topics_are_encrypted_and_let_cloudwatch_in(alerting: Template) -> None:
    """Every topic is encrypted; those of the severities accept alarms of this account, and nothing travels without TLS."""
    topics = _resources(alerting, "AWS::SNS::Topic")
    assert all("KmsMasterKeyId" in topic for topic in topics.values())
    severities = [name for name, topic in topics.items() if "DisplayName" in topic]
    assert len(severities) == 3 + 1  # and the fallback, past the routing
    policies = list(_resources(alerting, "AWS::SNS::TopicPolicy").values())
    for name in severities:
        (policy,) = (policy for policy in policies if policy["Topics"] == [{"Ref": name}])
        statements = policy["PolicyDocument"]["Statement"]
        assert any(s["Principal"] == {"Service": "cloudwatch.amazonaws.com"} for s in statements)
        assert any(
            s["Effect"] == "Deny" and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} for s in statements
        )


def test_every_queue_has_dead_letters_or_holds_them(alerting: Template) -> None:
    """A message that cannot be handled ends in a queue that somebody can look into, and every queue is encrypted."""
    queues = _resources(alerting, "AWS::SQS::Queue")
    dead_letter_queues = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for queue in queues.values()
        if "RedrivePolicy" in queue
    }
    for subscription in _resources(alerting, "AWS::SNS::Subscription").values():
        if subscription["Protocol"] == "sqs":
            dead_letter_queues.add(subscription["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0])
    assert all("RedrivePolicy" in queue or name in dead_letter_queues for name, queue in queues.items())
    assert all("KmsMasterKeyId" in queue for queue in queues.values())


def test_dead_letters_alarm_past_the_routing(alerting: Template) -> None:
    """One alarm watches every dead-letter queue, and tells a topic that the routing does not feed on."""
    dead = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for queue in _resources(alerting, "AWS::SQS::Queue").values()
        if "RedrivePolicy" in queue
    }
    subscriptions = _resources(alerting, "AWS::SNS::Subscription").values()
    dead |= {
        s["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for s in subscriptions if s["Protocol"] == "sqs"
    }
    (alarm,) = _resources(alerting, "AWS::CloudWatch::Alarm").values()
    watched = {
        query["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for query in alarm["Metrics"]
        if "MetricStat" in query
    }
    assert watched == dead
    (action,) = alarm["AlarmActions"]
    assert "OKActions" not in alarm  # a new alarm becomes OK once, and mail would say so
    assert action not in [s["TopicArn"] for s in subscriptions if s["Protocol"] == "sqs"]


def test_a_refused_delivery_can_be_put_aside(alerting: Template) -> None:
    """The dispatcher knows the dead-letter queue of each sink, and may write to it."""
    environment = _function_environment(alerting, "alert_dispatcher.handler.handler")
    refused, sinks = (json.loads(_flat(environment[name])) for name in ("DEAD_LETTERS", "SINKS"))
    assert set(refused) == set(sinks)
    statements = [
        statement
        for policy in _resources(alerting, "AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "Refused"
    ]
    assert [statement["Action"] for statement in statements] == ["sqs:SendMessage"]


def test_each_sink_has_a_queue_of_its_own(template: Templates) -> None:
    """A slow sink delays no other: three sinks, three queues, and one dispatcher that reads each of them."""
    alerting = template("Alerting", "prod")
    environment = _function_environment(alerting, "alert_enricher.handler.handler")
    queues = json.loads(_flat(environment["QUEUES"]))
    assert sorted(queues) == ["email", "pagerduty", "slack"]
    assert len(set(queues.values())) == 3
    alerting.resource_count_is("AWS::Lambda::EventSourceMapping", 1 + 3)
    alerting.all_resources_properties(
        "AWS::Lambda::EventSourceMapping", {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
    )


def test_every_severity_has_a_route(alerting: Template) -> None:
    """No severity is without a sink: alerts are never dropped."""
    environment = _function_environment(alerting, "alert_enricher.handler.handler")
    routes = json.loads(environment["ROUTES"])
    routed = {severity for route in routes if route["sinks"] for severity in route["severities"]}
    assert routed == {"critical", "warning", "info"}
    assert sorted(json.loads(_flat(environment["TOPIC_SEVERITIES"])).values()) == ["critical", "info", "warning"]


def test_functions_hold_arns_of_secrets_only(alerting: Template) -> None:
    """What a function is told about a secret is where it lies."""
    sinks = json.loads(_flat(_function_environment(alerting, "alert_dispatcher.handler.handler")["SINKS"]))
    for sink in sinks.values():
        if "secret" in sink:
            assert sink["secret"].startswith("arn:")
        assert not {"token", "routing_key", "webhook", "password"} & set(sink)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("purpose", ["Alerting", "Serving"])
def test_iam_has_no_wildcard_but_the_known_ones(template: Templates, purpose: str, environment: str) -> None:
    """No action is a pattern, and `*` as a resource is for actions that know no resources."""
    without_resources = {
        "cloudwatch:DescribeAlarms",  # shows no composite alarm to whoever may not describe all
        "cloudwatch:GetMetricData",
        "cloudwatch:GetMetricWidgetImage",
        "cloudwatch:PutMetricData",
        "ecr:GetAuthorizationToken",
    }
    statements = [
        statement
        for policy in _resources(template(purpose, environment), "AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert statements
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        assert not [action for action in actions if "*" in action]
        if "*" in resources:
            assert set(actions) <= without_resources


def test_state_expires_and_is_encrypted(alerting: Template) -> None:
    """The state of alerts is deleted by itself, encrypted with our key and recoverable."""
    alerting.has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": Match.any_value()},
            "PointInTimeRecoverySpecification": Match.object_like({"PointInTimeRecoveryEnabled": True}),
        },
    )


def test_no_custom_resource_and_no_layer(alerting: Template) -> None:
    """Nothing runs at deployment that is not ours, and functions carry all they need."""
    kinds = {resource["Type"] for resource in alerting.to_json()["Resources"].values()}
    assert not {kind for kind in kinds if kind.startswith("Custom::") or "Layer" in kind or "CustomResource" in kind}


def _function_environment(template: Template, handler: str) -> dict[str, Any]:
    (function,) = (
        function
        for function in _resources(template, "AWS::Lambda::Function").values()
        if function["Handler"] == handler
    )
    variables: dict[str, Any] = function["Environment"]["Variables"]
    return variables


def _flat(value: Any) -> str:
    """A string that CloudFormation would join, with every reference replaced by its JSON."""
    if isinstance(value, str):
        return value
    separator, parts = value["Fn::Join"]
    assert separator == ""
    return "".join(part if isinstance(part, str) else _reference(part) for part in parts)


def _reference(part: dict[str, Any]) -> str:
    if part == {"Ref": "AWS::Partition"}:
        return "aws"
    return "-".join(str(value) for value in (part.get("Ref"), *part.get("Fn::GetAtt", ())) if value)
