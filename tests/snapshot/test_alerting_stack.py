"""What must hold in the alerting stack, whatever else changes."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from alert_common.alert import Severity
from alert_common.gate import LONGEST_CLOSED
from alert_common.queue import OLDEST
from alert_common.settings import parse
from endpointwatch.cli.routing import read_stacks
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


def test_deliveries_outlast_a_sink_that_is_down_for_a_day(alerting: Template) -> None:
    """They come back every five minutes while the circuit breaker is open; the dispatcher gives them up by age, not their queue."""
    queues = {name: q for name, q in _resources(alerting, "AWS::SQS::Queue").items() if "RedrivePolicy" in q}
    attempts = [q["RedrivePolicy"]["maxReceiveCount"] for name, q in queues.items() if "Sink" in name]
    assert attempts
    assert min(attempts) * LONGEST_CLOSED >= 2 * OLDEST.total_seconds()


def test_what_sns_and_eventbridge_cannot_hand_over_becomes_a_dead_letter(alerting: Template) -> None:
    """Both kinds: a queue's own, and that of whoever feeds it; SNS and EventBridge may write there, encrypted with our key."""
    queues = _resources(alerting, "AWS::SQS::Queue")
    fed_by = [
        s["RedrivePolicy"] for s in _resources(alerting, "AWS::SNS::Subscription").values() if s["Protocol"] == "sqs"
    ]
    assert len(fed_by) == 3
    (undelivered,) = {policy["deadLetterTargetArn"]["Fn::GetAtt"][0] for policy in fed_by}
    for rule in _resources(alerting, "AWS::Events::Rule").values():
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [undelivered, "Arn"]}}
    assert "RedrivePolicy" not in queues[undelivered]
    (policy,) = (
        policy["PolicyDocument"]["Statement"]
        for policy in _resources(alerting, "AWS::SQS::QueuePolicy").values()
        if policy["Queues"] == [{"Ref": undelivered}]
    )
    allowed = {s["Principal"]["Service"] for s in policy if s["Effect"] == "Allow" and s["Action"] == "sqs:SendMessage"}
    assert allowed == {"sns.amazonaws.com", "events.amazonaws.com"}


def test_dead_letters_alarm_past_the_routing(alerting: Template) -> None:
    """One alarm watches every dead-letter queue, those of the queues and that of SNS and EventBridge."""
    dead = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for queue in _resources(alerting, "AWS::SQS::Queue").values()
        if "RedrivePolicy" in queue
    }
    subscriptions = _resources(alerting, "AWS::SNS::Subscription").values()
    dead |= {
        s["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for s in subscriptions if s["Protocol"] == "sqs"
    }
    alarm = _own_alarm(alerting, "dead-letters")
    assert _watched(alarm) == dead
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_what_watches_the_routing_does_not_use_it(alerting: Template) -> None:
    """Every alarm on the routing tells one topic that feeds no queue, and is silent when a new deployment becomes OK."""
    fed = [s["TopicArn"] for s in _resources(alerting, "AWS::SNS::Subscription").values() if s["Protocol"] == "sqs"]
    alarms = _resources(alerting, "AWS::CloudWatch::Alarm").values()
    assert len(alarms) >= 4
    (action,) = {json.dumps(alarm["AlarmActions"]) for alarm in alarms}
    assert json.loads(action)[0] not in fed
    assert not [alarm for alarm in alarms if "OKActions" in alarm]
    assert all(len([q for q in alarm.get("Metrics", ()) if "MetricStat" in q]) <= 10 for alarm in alarms)


def test_each_sink_must_answer_to_heartbeats(alerting: Template) -> None:
    """A schedule sends heartbeats through an encrypted topic; a sink that takes none of three alarms, but not a new one."""
    (schedule,) = _resources(alerting, "AWS::Scheduler::Schedule").values()
    minutes = int(re.fullmatch(r"rate\((\d+) minutes?\)", schedule["ScheduleExpression"])[1])  # type: ignore[index]
    sent = json.loads(schedule["Target"]["Input"])
    assert sent == {"endpointwatch": "heartbeat", "at": "<aws.scheduler.scheduled-time>"}
    assert schedule["Target"]["Arn"] in [{"Ref": name} for name in _topics(alerting, "endpointwatch info")]
    (role,) = (
        _actions(policy)
        for policy in _resources(alerting, "AWS::IAM::Policy").values()
        if policy["Roles"] == [{"Ref": schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]}]
    )
    assert role == {"sns:Publish", "kms:Decrypt", "kms:GenerateDataKey"}
    alarms = [a for a in _resources(alerting, "AWS::CloudWatch::Alarm").values() if a.get("MetricName") == "Heartbeats"]
    assert {_dimension(alarm, "Sink") for alarm in alarms} == set(_settings(alerting)["sinks"])
    for alarm in alarms:
        assert alarm["Namespace"] == "endpointwatch"
        assert _dimension(alarm, "Environment") == _settings(alerting)["environment"]
        three = 3 * minutes
        assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (60, three, three)
        assert (alarm["TreatMissingData"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
            "breaching",
            "LessThanThreshold",
            1,
        )
        assert alarm["WarmUpConfiguration"]["WarmUpPeriodDurationInMinutes"] > 3 * minutes


def test_functions_that_fail_and_alerts_that_wait_alarm(alerting: Template) -> None:
    """Errors and throttles of both functions, and the age of the oldest alert."""
    functions = _own_alarm(alerting, "functions")
    assert {
        (query["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"], query["MetricStat"]["Metric"]["MetricName"])
        for query in functions["Metrics"]
        if "MetricStat" in query
    } == {(name, what) for name in _resources(alerting, "AWS::Lambda::Function") for what in ("Errors", "Throttles")}
    oldest = _own_alarm(alerting, "oldest-alert")
    assert (oldest["MetricName"], oldest["Threshold"], oldest["Statistic"]) == (
        "ApproximateAgeOfOldestMessage",
        900,
        "Maximum",
    )
    (fed,) = {
        s["Endpoint"]["Fn::GetAtt"][0]
        for s in _resources(alerting, "AWS::SNS::Subscription").values()
        if s["Protocol"] == "sqs"
    }
    assert _dimension(oldest, "QueueName") == {"Fn::GetAtt": [fed, "QueueName"]}


def test_the_dispatcher_may_do_what_it_has_to(alerting: Template) -> None:
    """Send to every sink's queue (fallbacks, digests) and dead letters, read and write states, and put its own metrics only."""
    queues = {url for sink in _settings(alerting)["sinks"].values() for url in (sink["queue"], sink["dead_letters"])}
    statements = _statements_of(alerting, "alert_dispatcher.handler.handler")
    sendable = [s for s in statements if s["Action"] == "sqs:SendMessage"]
    assert {arn["Fn::GetAtt"][0] for s in sendable for arn in _list(s["Resource"])} == queues
    (state,) = (s for s in statements if s.get("Sid") == "State")
    assert set(state["Action"]) == {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    }
    (metrics,) = (s for s in statements if s["Action"] == "cloudwatch:PutMetricData")
    assert metrics["Condition"] == {"StringEquals": {"cloudwatch:namespace": "endpointwatch"}}


@pytest.mark.parametrize("handler", ["alert_enricher.handler.handler", "alert_dispatcher.handler.handler"])
def test_functions_read_the_settings_and_nothing_else_of_ssm(alerting: Template, handler: str) -> None:
    """Both are told where the document lies and which it is, and may read its parameters."""
    environment = _function_environment(alerting, handler)
    parameters = set(_resources(alerting, "AWS::SSM::Parameter"))
    assert set(_flat(environment["SETTINGS"]).split(",")) == parameters
    assert re.fullmatch(r"[0-9a-f]{16}", environment["SETTINGS_VERSION"])
    assert not {"ROUTES", "QUEUES", "SINKS", "DEAD_LETTERS", "TOPIC_SEVERITIES"} & set(environment)
    (read,) = (s for s in _statements_of(alerting, handler) if "ssm:" in json.dumps(s["Action"]))
    assert read["Action"] == "ssm:GetParameters"
    assert {name for name in parameters if name in json.dumps(read["Resource"])} == parameters


def test_each_sink_has_a_queue_of_its_own(template: Templates) -> None:
    """A slow sink delays no other: three sinks, three queues, and one dispatcher that reads each of them in batches."""
    alerting = template("Alerting", "prod")
    queues = {name: sink["queue"] for name, sink in _settings(alerting)["sinks"].items()}
    assert sorted(queues) == ["email", "pagerduty", "slack"]
    assert len(set(queues.values())) == 3
    mappings = _resources(alerting, "AWS::Lambda::EventSourceMapping").values()
    assert all(mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for mapping in mappings)
    sizes = {
        mapping["EventSourceArn"]["Fn::GetAtt"][0]: (
            mapping["BatchSize"],
            mapping.get("MaximumBatchingWindowInSeconds"),
        )
        for mapping in mappings
    }
    assert {sizes.pop(queue) for queue in queues.values()} == {(50, 1)}
    assert list(sizes.values()) == [(10, None)]


def test_a_message_stays_hidden_long_enough(alerting: Template) -> None:
    """Six times as long as a function may run and a batch is gathered, as AWS advises: nobody handles a record twice at once."""
    functions = _resources(alerting, "AWS::Lambda::Function").values()
    (timeout,) = {function["Timeout"] for function in functions}
    hidden = {q["VisibilityTimeout"] for q in _resources(alerting, "AWS::SQS::Queue").values() if "RedrivePolicy" in q}
    assert hidden == {6 * timeout + 1}
    assert timeout < 60  # a lease in the table of states


def test_the_document_is_what_the_functions_read(alerting: Template) -> None:
    """The functions' own parser takes it; every severity has a topic and a route, and every sink queues of its own."""
    settings = parse(_parts(alerting))
    assert sorted(settings.topics.values()) == ["critical", "info", "warning"]
    unconditional = [r for r in settings.routes if not (r.teams or r.environments or r.resources or r.hours)]
    assert {severity for route in unconditional for severity in route.severities or Severity} == set(Severity)
    assert all(sink.queue != sink.dead_letters for sink in settings.sinks.values())
    assert (settings.window_seconds, settings.deadline_seconds, settings.remind_seconds) == (1800, 3, 0)


def test_the_default_wakes_for_critical_and_gathers_what_informs(template: Templates) -> None:
    """Without routes of its own, prod: critical to PagerDuty and Slack, warnings to Slack, the rest as an hourly digest."""
    settings = parse(_parts(template("Alerting", "prod")))
    assert [(route.severities, route.sinks, route.digest) for route in settings.routes] == [
        (("critical",), ("pagerduty", "slack"), 0),
        (("warning",), ("slack",), 0),
        (("info",), ("slack", "email"), 3600),
    ]
    assert {name: sink.fallback for name, sink in settings.sinks.items()} == {
        "pagerduty": "email",
        "slack": "email",
        "email": "",
    }


def test_limits_of_the_services_are_kept(alerting: Template) -> None:
    """Slack takes a message a second; PagerDuty 120 a minute, which its burst and rate together never exceed."""
    rates = {name: sink.rate for name, sink in parse(_parts(alerting)).sinks.items()}
    slack = rates["slack"]
    assert slack is not None
    assert (slack.messages, slack.seconds, slack.burst) == (1, 1, 1)
    if pagerduty := rates.get("pagerduty"):
        assert pagerduty.burst + round(60 / pagerduty.interval) <= 120


def test_settings_hold_arns_of_secrets_only(alerting: Template) -> None:
    """What a function is told about a secret is where it lies."""
    for sink in _settings(alerting)["sinks"].values():
        if "secret" in sink["settings"]:
            assert sink["settings"]["secret"].startswith("arn:")
        assert not {"token", "routing_key", "webhook", "password"} & set(sink["settings"])


def test_outputs_say_how_to_try_it(alerting: Template) -> None:
    """`make deploy` ends with the command that sends a test alert, and with all that the command looks for."""
    outputs = alerting.to_json()["Outputs"]
    (stack,) = read_stacks(
        [
            {
                "StackName": "Alerting",
                "Outputs": [
                    {"OutputKey": key, "OutputValue": _flat(output["Value"])} for key, output in outputs.items()
                ],
            }
        ]
    )
    assert set(stack.settings) == set(_resources(alerting, "AWS::SSM::Parameter"))
    assert {stack.table} == set(_resources(alerting, "AWS::DynamoDB::Table"))
    queues = _resources(alerting, "AWS::SQS::Queue")
    assert {stack.alerts_queue, stack.alerts_dead_letters, stack.undelivered} <= set(queues)
    assert {stack.enricher_logs, stack.dispatcher_logs} == set(_resources(alerting, "AWS::Logs::LogGroup"))
    told = [_flat(output["Value"]) for output in outputs.values()]
    assert [text for text in told if text.startswith("endpointwatch send-test-alert --severity critical --stack ")]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("purpose", ["Alerting", "Serving"])
def test_iam_has_no_wildcard_but_the_known_ones(template: Templates, purpose: str, environment: str) -> None:
    """No action is a pattern, and `*` as a resource is for actions that know no resources."""
    without_resources = {
        "application-autoscaling:DescribeScalingActivities",
        "cloudtrail:LookupEvents",
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


def _own_alarm(template: Template, signal: str) -> dict[str, Any]:
    (alarm,) = (
        alarm
        for alarm in _resources(template, "AWS::CloudWatch::Alarm").values()
        if {"Key": "endpointwatch:signal", "Value": signal} in alarm["Tags"]
    )
    return alarm


def _watched(alarm: dict[str, Any]) -> set[str]:
    """Logical ids of the queues that a math alarm watches."""
    return {
        query["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for query in alarm["Metrics"]
        if "MetricStat" in query
    }


def _dimension(alarm: dict[str, Any], name: str) -> Any:
    (value,) = (dimension["Value"] for dimension in alarm["Dimensions"] if dimension["Name"] == name)
    return value


def _topics(template: Template, display_name: str) -> list[str]:
    topics = _resources(template, "AWS::SNS::Topic")
    return [name for name, topic in topics.items() if topic.get("DisplayName") == display_name]


def _statements_of(template: Template, handler: str) -> list[dict[str, Any]]:
    """What the role of the function with this handler may do."""
    (role,) = (
        function["Role"]["Fn::GetAtt"][0]
        for function in _resources(template, "AWS::Lambda::Function").values()
        if function["Handler"] == handler
    )
    return [
        statement
        for policy in _resources(template, "AWS::IAM::Policy").values()
        if {"Ref": role} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def _actions(policy: dict[str, Any]) -> set[str]:
    return {action for s in policy["PolicyDocument"]["Statement"] for action in _list(s["Action"])}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _parts(template: Template) -> list[str]:
    """The settings document, every reference replaced by its logical id."""
    return [_flat(parameter["Value"]) for parameter in _resources(template, "AWS::SSM::Parameter").values()]


def _settings(template: Template) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in _parts(template):
        merged |= json.loads(part)
    return merged


def _function_environment(template: Template, handler: str) -> dict[str, Any]:
    (function,) = (
        function
        for function in _resources(template, "AWS::Lambda::Function").values()
        if function["Handler"] == handler
    )
    variables: dict[str, Any] = function["Environment"]["Variables"]
    return variables


def _flat(value: Any) -> str:
    """A string that CloudFormation would join, with every reference replaced by its logical id."""
    if isinstance(value, str):
        return value
    if "Fn::Join" not in value:
        return _reference(value)
    separator, parts = value["Fn::Join"]
    assert separator == ""
    return "".join(part if isinstance(part, str) else _reference(part) for part in parts)


def _reference(part: dict[str, Any]) -> str:
    if part == {"Ref": "AWS::Partition"}:
        return "aws"
    return "-".join(str(value) for value in (part.get("Ref"), *part.get("Fn::GetAtt", ())) if value)
