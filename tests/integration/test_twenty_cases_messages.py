"""The deployed router with every kind of message, with secrets and floods of text in them, and with an AWS that does not answer.

Each test carries the number of its case.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from tests.integration.embedded_aws import eventually
from tests.integration.router_sandbox import Router, deployed_router
from tests.integration.sandbox_process import NEEDS_CLI
from tests.unit.functions import samples

DEADLINE = 3.0
"""Seconds that a page waits for its context, as deployed."""


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Router]:
    """One sandbox for all cases, each of which is about endpoints of its own."""
    with deployed_router(tmp_path_factory.mktemp("router")) as found:
        yield found


# 8, 12, 15: what comes in


@NEEDS_CLI
def test_08_no_two_alarms_share_a_page(router: Router) -> None:
    """Alarms that share 60 characters, or a name in two accounts or regions, and messages without any identifier stay distinct."""
    shared = "p" * 60

    def alone(mark: str, **changes: Any) -> dict[str, Any]:
        message = router.alarm("x", AlarmDescription=f"distinct {mark}", **changes)
        message["Trigger"]["Dimensions"] = []
        return message

    name = "same-name"
    arn = "arn:aws:cloudwatch:{}:{}:alarm:same-name".format
    messages: tuple[object, ...] = (
        alone("prefix-1", AlarmName=f"{shared}-1"),
        alone("prefix-2", AlarmName=f"{shared}-2"),
        alone("account-1", AlarmName=name, AlarmArn=arn("us-east-1", "111111111111"), AWSAccountId="111111111111"),
        alone("account-2", AlarmName=name, AlarmArn=arn("us-east-1", "222222222222"), AWSAccountId="222222222222"),
        alone("region-2", AlarmName=name, AlarmArn=arn("eu-west-1", "111111111111"), AWSAccountId="111111111111"),
        "nothing but text: distinct text-1",
        "nothing but text: distinct text-1",
    )
    for message in messages:
        router.publish(message)
    eventually(lambda: len(router.pages("distinct")) == len(messages), within=40)
    keys = {page["dedup_key"] for page in router.pages("distinct")}
    assert len(keys) == len(messages)
    assert all(len(key) <= 255 for key in keys)


def _kinds(router: Router) -> dict[str, object]:
    """A message of every kind, each about an endpoint of its own."""

    def metric(name: str, metrics: list[dict[str, Any]], **trigger: Any) -> dict[str, Any]:
        frame = {"Period": 60, "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"}
        return router.alarm(name, Trigger={**frame, "Metrics": metrics, **trigger})

    def stat(name: str, id: str, *, returned: bool) -> dict[str, Any]:
        dimensions = [{"name": "EndpointName", "value": name}, {"name": "VariantName", "value": "AllTraffic"}]
        of = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Dimensions": dimensions}
        return {"Id": id, "MetricStat": {"Metric": of, "Period": 60, "Stat": "Sum"}, "ReturnData": returned}

    band = {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "Label": "expected", "ReturnData": True}
    sum_ = {"Id": "e1", "Expression": "m1 * 2", "Label": "twice", "ReturnData": True}
    composite = router.alarm("kind-composite", AlarmRule="ALARM(a)", TriggeringChildren=[])
    del composite["Trigger"]
    percentile = router.alarm("kind-percentile")
    percentile["Trigger"] |= {"StatisticType": "ExtendedStatistic", "Statistic": "p99"}
    promql = {"Type": "PromQL", "QueryLanguage": "PromQL", "Query": 'up{endpoint="kind-promql"} == 0'}
    log = {"LogGroups": ["/aws/sagemaker/Endpoints/kind-log"], "QueryString": "filter @message like /CUDA/"}
    return {
        "kind-composite": composite,
        "kind-math": metric("kind-math", [sum_, stat("kind-math", "m1", returned=False)], Threshold=1.0),
        "kind-anomaly": metric(
            "kind-anomaly", [band, stat("kind-anomaly", "m1", returned=True)], ThresholdMetricId="ad1"
        ),
        "kind-percentile": percentile,
        "kind-promql": router.alarm("kind-promql", Trigger=promql),
        "kind-log": router.alarm("kind-log", Trigger=log),
        "kind-muted": router.alarm("kind-muted", ActionExecutedAfterMuteWindow=True),
        "kind-null": router.alarm("kind-null", AlarmDescription=None, NewStateReason=None, Brand={"new": [1]}),
        "kind-unknown": '{"kind-unknown": {"a": 1}}',
        "kind-text": "kind-text: Hello from SNS!",
    }


@NEEDS_CLI
def test_12_every_kind_of_message_pages(router: Router) -> None:
    """Composite, math, anomaly, percentile, PromQL, log and muted alarms, null and new fields, and what nobody knows."""
    kinds = _kinds(router)
    for message in kinds.values():
        router.publish(message)
    for name in kinds:
        router.page(name, within=40)
    for name in ("kind-unknown", "kind-text"):
        assert "not understand" in json.dumps(router.page(name)["body"]), "it says so, and carries the message raw"


@NEEDS_CLI
def test_12_a_suppressed_alarm_pages_no_one(router: Router) -> None:
    """An alarm whose actions are suppressed is handled, and told to nobody."""
    arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:suppressed/AllTraffic/errors"
    state = {"value": "ALARM", "reason": "", "timestamp": router.at(0), "actionsSuppressedBy": "Alarm"}
    event = samples.event(
        "CloudWatch Alarm State Change",
        {"alarmName": "suppressed/AllTraffic/errors", "state": state, "configuration": {}},
        source="aws.cloudwatch",
    )
    router.put_on_alerts(json.dumps(event | {"resources": [arn]}))
    router.publish(router.alarm("told-after"))
    router.page("told-after")
    eventually(lambda: router.is_empty("RoutingAlerts"), within=20)
    assert router.events("webhook", "suppressed/AllTraffic") == [], "which gets everything"


@NEEDS_CLI
def test_15_nothing_is_too_large(router: Router) -> None:
    """A quarter of a megabyte of text of many bytes a character is cut to what PagerDuty and Slack take; the links survive."""
    flood = "ü漢🔥<&>" * 3_000
    router.publish(router.alarm("oversize", AlarmDescription=f"oversize {flood}", NewStateReason=flood))
    page = router.page("oversize", within=40)
    thread = router.thread("oversize")
    assert len(page["summary"]) <= 1024
    assert len(json.dumps(page["body"]).encode()) <= 512_000
    assert page["body"]["links"]
    assert "https://" in json.dumps(thread["blocks"])
    refused = [event for sink in ("pagerduty", "slack") for event in router.events(sink, "oversize")]
    assert all(event["accepted"] for event in refused), "the inbox checks the services' limits"


# 16: an AWS that does not answer


class _Refusing(BaseHTTPRequestHandler):
    """Answers every call as a service that is throttled, or that the function may not call."""

    code = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"__type": self.code, "message": "no"}).encode()
        self.send_response(400)
        self.send_header("x-amzn-errortype", self.code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its own name
        pass


@contextmanager
def _service(answers: str | None) -> Iterator[str]:
    """A service that refuses everything with this error; None for one that takes connections and never answers."""
    if answers is None:
        with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:
            yield f"http://127.0.0.1:{silent.getsockname()[1]}"
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Refusing", (_Refusing,), {"code": answers}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _configured(router: Router, function: str, **variables: str) -> Iterator[None]:
    """Let a deployed function have other environment variables."""
    functions, name = router.sandbox.client("lambda"), router.function(function)
    before = functions.get_function_configuration(FunctionName=name)["Environment"]
    changed = {**before["Variables"], **variables}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment=before)


@NEEDS_CLI
@pytest.mark.parametrize("error", [None, "ThrottlingException", "AccessDeniedException"])
def test_16_the_page_goes_out_without_its_context(router: Router, error: str | None) -> None:
    """While the services that are asked for context hang, throttle or refuse, the page goes out and names what is missing."""
    name = f"missing-{error}".lower()
    context = ("CLOUDWATCH", "SAGEMAKER", "CLOUDWATCH_LOGS", "CLOUDTRAIL")
    with (
        _service(error) as url,
        _configured(router, "enricher", **{f"AWS_ENDPOINT_URL_{name}": url for name in context}),
    ):
        published = time.time()
        router.publish(router.alarm(name))
        page = router.page(name)
        waited = time.time() - published
    assert waited < DEADLINE + 6, "the deadline, the cold start of a reconfigured function, and a turn at the queues"
    details = page["body"]["payload"]["custom_details"]
    assert details["Not in this page"]


# 17: secrets


@NEEDS_CLI
def test_17_secrets_are_neither_told_nor_logged(router: Router) -> None:
    """Keys in reasons, names and links are redacted everywhere, in the functions' logs too; an alarm's name pings nobody."""
    key, password, token = "AKIAIOSFODNN7EXAMPLE", "hunter2-hunter2", "xoxb-123456789012-abcdefghijkl"
    hook = "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx"
    secrets = (key, password, token, "abcdefghijklmnopqrstuvwx")
    loud = {"POWERTOOLS_LOG_LEVEL": "DEBUG"}
    with _configured(router, "enricher", **loud), _configured(router, "dispatcher", **loud):
        router.publish(_leaking(router, key=key, password=password, token=token, hook=hook))
        page, thread = router.page("hides"), router.thread("hides")
    shown = json.dumps([page, thread, router.events("webhook", "hides"), router.events("slack", "hides")])
    assert not [secret for secret in secrets if secret in shown]
    assert "<!channel>" not in json.dumps([thread["text"], thread["blocks"]])
    router.publish("pings <!channel> and <https://evil.test|Runbook>")
    pinging = json.dumps([text for text in _texts(router.thread("pings")["blocks"]) if text["type"] == "mrkdwn"])
    assert "&lt;!channel&gt;" in pinging
    assert "<https://evil.test" not in pinging
    logs = router.sandbox.client("logs")
    lines = [
        event["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for event in logs.filter_log_events(logGroupName=group["logGroupName"]).get("events", [])
    ]
    assert any("hides" in line for line in lines), "the functions' logs are read"
    own = [router.sandbox.client("secretsmanager").get_secret_value(SecretId=name) for name in _secrets(router)]
    assert not [line for line in lines for secret in (*secrets, *(o["SecretString"] for o in own)) if secret in line]


def _leaking(router: Router, *, key: str, password: str, token: str, hook: str) -> dict[str, Any]:
    return router.alarm(
        "hides",
        AlarmName=f"hides/AllTraffic/<!channel> {token}",
        AlarmDescription=f"hides: password={password}\n\nFirst: post to {hook}",
        NewStateReason=f"Threshold Crossed: used {key} at https://x.test/?X-Amz-Signature=abc&token={password}",
    )


def _texts(blocks: Any) -> list[dict[str, Any]]:
    """Every text object in blocks; plain text is shown as it is, mrkdwn is where a mention pings and a link hides."""
    if isinstance(blocks, dict) and blocks.get("type") in {"mrkdwn", "plain_text"}:
        return [blocks]
    children = blocks.values() if isinstance(blocks, dict) else blocks if isinstance(blocks, list) else ()
    return [text for child in children for text in _texts(child)]


def _secrets(router: Router) -> list[str]:
    found = router.sandbox.client("secretsmanager").list_secrets()["SecretList"]
    return [secret["Name"] for secret in found]


# 18, 19, 20: what is deployed


def test_18_there_is_no_way_in_over_http(template: Callable[[str, str], Template]) -> None:
    """The template has no function URL, no HTTP API and no load balancer, and lets nobody invoke the functions but AWS itself."""
    stack = template("Alerting", "prod")
    for kind in ("AWS::Lambda::Url", "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"):
        stack.resource_count_is(kind, 0)
    stack.resource_count_is("AWS::ElasticLoadBalancingV2::LoadBalancer", 0)
    for permission in stack.find_resources("AWS::Lambda::Permission").values():
        assert permission["Properties"]["Principal"].endswith(".amazonaws.com")


def test_19_the_routers_own_alarms_do_not_go_through_the_router(template: Callable[[str, str], Template]) -> None:
    """The alarms on the routing itself act on a topic that feeds no queue of the routing."""
    stack = template("Alerting", "prod")
    alarms = stack.find_resources("AWS::CloudWatch::Alarm")
    assert alarms
    topics = {action["Ref"] for alarm in alarms.values() for action in alarm["Properties"]["AlarmActions"]}
    subscriptions = stack.find_resources("AWS::SNS::Subscription").values()
    fed = {
        s["Properties"]["TopicArn"]["Ref"] for s in subscriptions if s["Properties"]["Protocol"] in {"sqs", "lambda"}
    }
    assert topics
    assert not topics & fed


def test_20_the_template_proves_what_cannot_be_seen(template: Callable[[str, str], Template]) -> None:
    """CloudWatch may use the topics' key; every queue and every subscription has dead letters, and these are alarmed."""
    stack = template("Alerting", "prod")
    stack.has_resource_properties(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Principal": {"Service": Match.array_with(["cloudwatch.amazonaws.com"])},
                                "Action": Match.array_with(["kms:Decrypt", "kms:GenerateDataKey*"]),
                            }
                        )
                    ]
                )
            }
        },
    )
    queues = stack.find_resources("AWS::SQS::Queue")
    dead = {id for id in queues if "Dead" in id or "Undelivered" in id}
    assert all("RedrivePolicy" in queue["Properties"] for id, queue in queues.items() if id not in dead)
    subscriptions = stack.find_resources("AWS::SNS::Subscription", {"Properties": {"Protocol": "sqs"}})
    assert subscriptions
    assert all("RedrivePolicy" in subscription["Properties"] for subscription in subscriptions.values())
    alarmed = json.dumps(stack.find_resources("AWS::CloudWatch::Alarm"))
    assert [id for id in dead if f'"{id}"' not in alarmed] == []


@NEEDS_CLI
def test_20_what_is_deployed_has_dead_letters_for_queues_and_subscriptions(router: Router) -> None:
    """In the deployed stack, too, every queue that a function reads and every subscription of a topic has dead letters."""
    sqs, sns = router.sandbox.client("sqs"), router.sandbox.client("sns")
    sources = router.sandbox.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    for source in sources:
        (url,) = [url for name, url in router.queues.items() if source["EventSourceArn"].endswith(f":{name}")]
        assert "RedrivePolicy" in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    subscriptions = [
        subscription
        for topic in router.topics.values()
        for subscription in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    ]
    assert len(subscriptions) == len(router.topics)
    for subscription in subscriptions:
        found = sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])["Attributes"]
        assert "RedrivePolicy" in found
