"""Settings, secrets, redaction, JSON and HTTP: what comes in from outside is checked, and nothing secret goes out."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alert_common import aws as aws_module
from alert_common import queue
from alert_common.delivery import Delivery
from alert_common.redact import redact
from alert_common.state import LEASE_SECONDS
from alert_dispatcher import http
from alert_dispatcher.charts import Charts
from alert_dispatcher.errors import RejectedError, RetryLaterError
from alert_dispatcher.secrets import Secrets
from alert_dispatcher.settings import Settings as DispatcherSettings
from alert_enricher import handler as enricher
from alert_enricher.settings import Settings as EnricherSettings
from tests.unit.functions import samples
from tests.unit.functions.fakes import FakeAws, FakeDynamoDb, client_error

ENRICHER = {
    "ENDPOINTWATCH_ENVIRONMENT": "prod",
    "STATE_TABLE": "state",
    "CHARTS_BUCKET": "",
    "TOPIC_SEVERITIES": json.dumps({samples.TOPIC: "critical"}),
    "ROUTES": json.dumps([{"severities": ["critical"], "sinks": ["pagerduty", "slack"]}]),
    "QUEUES": json.dumps({"pagerduty": "q/p", "slack": "q/s"}),
    "ENRICHMENT_DEADLINE_SECONDS": "0.3",
}
DISPATCHER = {"STATE_TABLE": "state", "SINKS": json.dumps({"mail": {"type": "email", "topic": "arn"}})}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STATE_TABLE", ""),
        ("TOPIC_SEVERITIES", '{"arn": "urgent"}'),
        ("TOPIC_SEVERITIES", "[]"),
        ("ROUTES", "critical"),
        ("ROUTES", '[{"severities": ["critical"]}]'),
        ("QUEUES", "{"),
        ("ENRICHMENT_DEADLINE_SECONDS", "soon"),
        ("ENRICHMENT_DEADLINE_SECONDS", "nan"),
    ],
)
def test_a_bad_setting_of_the_enricher_is_one_clear_line(name: str, value: str) -> None:
    """The message starts with the variable's name and says what it must be."""
    with pytest.raises(ValueError, match=rf"^{name} is .*; it must be ") as error:
        EnricherSettings.from_environment({**ENRICHER, name: value})
    assert "\n" not in str(error.value)


def test_a_route_to_a_sink_without_a_queue_is_refused() -> None:
    """Otherwise its alerts would be lost at the first page."""
    with pytest.raises(ValueError, match="ROUTES names sinks without a queue: \\['slack'\\]"):
        EnricherSettings.from_environment({**ENRICHER, "QUEUES": '{"pagerduty": "q"}'})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"STATE_TABLE": ""}, "STATE_TABLE is not set"),
        ({"SINKS": ""}, "SINKS is ''; it must be a JSON object"),
        ({"DEAD_LETTERS": "[]"}, "DEAD_LETTERS is '[]'; it must be a JSON object"),
    ],
)
def test_a_bad_setting_of_the_dispatcher_is_one_clear_line(changed: dict[str, str], told: str) -> None:
    """The message names the variable and the fix."""
    with pytest.raises(ValueError, match=r"^[A-Z_]+") as error:
        DispatcherSettings.from_environment({**DISPATCHER, **changed})
    assert str(error.value).startswith(told)


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "xoxb-2345-6789-abcdefghijkl",
        "https://hooks.slack.com/services/T0/B0/abcdefgh",
        "Authorization: Bearer abc.def-ghi.jkl",
        "password=hunter2hunter2",
        '{"password": "hunter2hunter2"}',
        '\\"secretAccessKey\\": \\"hunter2hunter2\\"',
        "aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
        "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4",
        "postgres://user:hunter2hunter2@db/x",
        '{"password": "hunter2 with hunter2 inside"}',
        "password is hunter2",
        "--token hunter2hunter2",
        "token: hunter2hunter2",
        "routing key R0SANDBOX0SANDBOX0SANDBOXhunter2",
        "https://b.s3.amazonaws.com/model.tar.gz?X-Amz-Credential=A&X-Amz-Signature=0123456789abcdef",
    ],
)
def test_secrets_are_redacted_wherever_they_stand(secret: str) -> None:
    """In the middle of a sentence, and twice, the secret part is gone and the sentence is still there."""
    told = redact(f"before {secret} after {secret}")
    assert told.startswith("before ")
    assert " after " in told
    assert told.count("[redacted") == 2
    for part in ("hunter2", "IOSFODNN7", "abcdefgh", "wJalr", "SflKx", "0123456789abcdef", "abc.def"):
        assert part not in told


@pytest.mark.parametrize("text", ["max_tokens: 4096", "token=512", "token: 12345678", "the next token: cat"])
def test_counts_of_tokens_stay(text: str) -> None:
    """The logs of language models are full of tokens; what is no secret is not taken for one."""
    assert redact(text) == text


@given(st.text())
def test_redaction_can_be_repeated(text: str) -> None:
    """What one pass has cleaned, a second one leaves alone."""
    assert redact(redact(text)) == redact(text)


@given(st.from_regex(r"[a-z]{1,8}([ .,/][a-z]{1,8}){0,12}", fullmatch=True))
def test_what_is_clean_stays(text: str) -> None:
    """Words and paths without an assignment, an address or a key pass unchanged."""
    assume("basic" not in text and "bearer" not in text)
    assert redact(text) == text


@pytest.mark.parametrize(
    "bit", ["x", "http://", "http://a?", "a:", "eyJ", "password=", "-----BEGIN PRIVATE KEY-----", "xoxb-"]
)
def test_redaction_is_quick_on_anything(bit: str) -> None:
    """No text makes a pattern run away: 6,000 characters of each rule's own beginnings take milliseconds."""
    import time

    began = time.perf_counter()
    redact((bit * 6_000)[:6_000])
    assert time.perf_counter() - began < 0.5


def test_ordinary_words_stay() -> None:
    """Reasons, ARNs and links without signatures are not touched."""
    for text in (
        samples.REASON,
        samples.ARN,
        "https://wiki.example.com/ranker?page=2",
        "basic auth failed: no password set",
    ):
        assert redact(text) == text


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"sink": 1}', '{"sink": "s", "action": "shout"}'])
def test_what_is_no_delivery_is_refused(text: str) -> None:
    """A ValueError, whatever is wrong with the text."""
    with pytest.raises(ValueError, match=r".+"):
        Delivery.from_json(text)


def test_a_wrong_field_is_named() -> None:
    """The error says which field of the delivery holds what it must not."""
    made = json.loads(samples.delivery().to_json())
    made["alert"]["at"] = "yesterday"
    with pytest.raises(ValueError, match=r"cannot read Delivery\.alert\.at: 'yesterday' is not datetime"):
        Delivery.from_json(json.dumps(made))


def test_fields_of_a_newer_version_are_left_out() -> None:
    """Two versions of the functions may run side by side during a deployment."""
    made = {**json.loads(samples.delivery().to_json()), "future": 1}
    assert Delivery.from_json(json.dumps(made)) == samples.delivery()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("30", 30), ("0", 0), ("-3", 0), ("1.5", 1.5), ("soon", None), (None, None), ("inf", None), ("nan", None)],
)
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    """A number is seconds; nonsense is as if nothing had been said."""
    assert http.retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    """An HTTP date is the time until then; one in the past is now."""
    import time

    assert http.retry_after(formatdate(time.time() + 90, usegmt=True)) == pytest.approx(90, abs=3)
    assert http.retry_after("Mon, 01 Jan 2024 00:00:00 GMT") == 0


RETRY_AFTER = st.none() | st.floats(0, 1e12)


@given(asked=RETRY_AFTER, receives=st.integers(0, 1000))
def test_a_delay_is_one_that_sqs_takes(asked: float | None, receives: int) -> None:
    """Between a second and twelve hours, never less than was asked for within that."""
    seconds = queue.delay(asked, receives)
    assert 1 <= seconds <= 43_200
    assert seconds >= min(asked or 0, queue.LONGEST_SECONDS)


@given(st.lists(RETRY_AFTER, min_size=20, max_size=20))
def test_attempts_outlive_leases_and_outages(asked: list[float | None]) -> None:
    """Whatever a sink asks for each time, five attempts outlast a lease, twenty of them two hours of an outage."""
    waits = [queue.delay(seconds, receives) for receives, seconds in enumerate(asked, 1)]
    assert sum(waits[:5]) > LEASE_SECONDS
    assert sum(waits) >= 2 * 3600


def test_records_of_one_minute_come_back_at_different_times() -> None:
    """Or the sink that was too busy for them would be so again."""
    assert len({queue.delay(900, 1) for _ in range(50)}) > 10


def test_secrets_are_read_again_when_asked_or_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept for five minutes; read afresh after that, or when the sink refused it."""
    aws = FakeAws(answers={"get_secret_value": {"SecretString": " token \n"}})
    secrets, now = Secrets(aws), 1_000.0
    monkeypatch.setattr("alert_dispatcher.secrets.time.monotonic", lambda: now)
    assert [secrets.get("arn", None) for _ in range(3)] == ["token"] * 3
    assert len(aws.calls) == 1
    secrets.get("arn", None, fresh=True)
    now += 301
    secrets.get("arn", None)
    assert len(aws.calls) == 3


@pytest.mark.parametrize(
    ("answer", "field", "error"),
    [
        (client_error("AccessDeniedException", "secret-words"), None, RetryLaterError),
        ({"SecretString": ""}, None, RejectedError),
        ({"SecretString": "secret-words"}, "key", RejectedError),
        ({"SecretString": '{"other": "secret-words"}'}, "key", RejectedError),
    ],
)
def test_secret_trouble_never_tells_the_secret(answer: Any, field: str | None, error: type[Exception]) -> None:
    """The error names the secret and the field, not the value."""
    with pytest.raises(error, match="arn") as raised:
        Secrets(FakeAws(answers={"get_secret_value": answer})).get("arn", field)
    assert "secret-words" not in str(raised.value)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """Return an enricher whose services all work and know nothing."""
    aws, table = FakeAws(answers={"get_queue_url": {"QueueUrl": "q/alerts"}}), FakeDynamoDb()
    for name, value in ENRICHER.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(enricher, "client", lambda name: table if name == "dynamodb" else aws)
    monkeypatch.setattr(enricher, "enrich", lambda alert, _: (alert, samples.context()))
    enricher._settings.cache_clear()
    enricher._table.cache_clear()
    queue._urls.clear()
    return aws


def sqs(*bodies: str) -> dict[str, Any]:
    """Make a batch of the alerts queue."""
    return {
        "Records": [
            {
                "messageId": f"m{i}",
                "receiptHandle": "r",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795443064250"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:1:alerts",
                "awsRegion": "eu-west-1",
            }
            for i, body in enumerate(bodies)
        ]
    }


def test_a_batch_is_handed_on_once_each(aws: FakeAws) -> None:
    """The same transition by SNS and by EventBridge, and another alert: two alerts, each on two queues."""
    bodies = (
        samples.envelope(samples.sns_alarm()),
        json.dumps(samples.event_alarm()),
        samples.envelope(samples.sns_alarm(AlarmName="b", AlarmArn=samples.ARN + "b")),
    )
    assert enricher.handler(sqs(*bodies), None) == {"batchItemFailures": []}
    sent = [Delivery.from_json(call["MessageBody"]) for call in aws.called("send_message")]
    assert [(d.sink, d.alert.name) for d in sent] == [
        (sink, name) for name in (samples.NAME, "b") for sink in ("pagerduty", "slack")
    ]


def test_one_failing_record_fails_alone(aws: FakeAws) -> None:
    """A queue that refuses one alert fails that record, which comes back soon; the other is handed on."""
    sent: list[str] = []

    def send(QueueUrl: str, MessageBody: str) -> Any:  # noqa: N803
        if Delivery.from_json(MessageBody).alert.name == "b":
            raise client_error("InternalError")
        sent.append(QueueUrl)
        return {}

    aws.answers["send_message"] = send
    bodies = (samples.envelope(samples.sns_alarm(AlarmName="b", AlarmArn="x")), samples.envelope(samples.sns_alarm()))
    assert enricher.handler(sqs(*bodies), None) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert sent == ["q/p", "q/s"]
    (hidden,) = aws.called("change_message_visibility")
    assert 5 <= hidden["VisibilityTimeout"] <= 7


def test_an_alert_in_hand_elsewhere_comes_back_soon(aws: FakeAws) -> None:
    """Its record fails and looks again after seconds, then less and less often until the lease has run out."""
    alert = samples.one(samples.envelope(samples.sns_alarm()))
    enricher._table().claim(alert.dedup_key)
    assert enricher.handler(sqs(samples.envelope(samples.sns_alarm())), None) == {
        "batchItemFailures": [{"itemIdentifier": "m0"}]
    }
    assert aws.called("send_message") == []
    (hidden,) = aws.called("change_message_visibility")
    assert 5 <= hidden["VisibilityTimeout"] <= 7


def test_a_direct_action_is_handed_on(aws: FakeAws) -> None:
    """An alarm may call the function itself; its failure is raised, so that Lambda calls again."""
    assert enricher.handler(samples.direct_alarm(), None) == {}
    assert [call["QueueUrl"] for call in aws.called("send_message")] == ["q/p", "q/s"]
    aws.answers["send_message"] = client_error("InternalError")
    later = samples.envelope(samples.sns_alarm(AlarmArn="another"))
    with pytest.raises(Exception, match="InternalError"):
        enricher.handler({"Records": [{"EventSource": "aws:sns", "Sns": json.loads(later)}]}, None)


def test_clients_give_up_soon_and_never_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt, a second to connect, three to read; made once, also when many threads ask at a time."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr(aws_module, "_clients", {})
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: aws_module.client("sqs", "eu-west-1"), range(8)))
    assert len(set(map(id, clients))) == 1
    config = clients[0].meta.config
    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (1, 3, 1)


@pytest.mark.parametrize(
    ("function", "made"),
    [
        ("alert_enricher", {"dynamodb", "sqs", "cloudwatch", "sagemaker", "logs"}),
        ("alert_dispatcher", {"dynamodb", "sqs", "secretsmanager"}),
    ],
)
@pytest.mark.parametrize("region", ["eu-west-1", ""])
def test_clients_are_made_at_import(function: str, made: set[str], region: str) -> None:
    """Lambda's initialization pays for what every alert needs; without a region nothing is made, and nothing fails."""
    code = (
        f"import {function}.handler, json; from alert_common import aws; "
        "print(json.dumps([[service, region] for service, region in aws._clients]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[3] / "lambda",
        timeout=60,
        env={
            "AWS_DEFAULT_REGION": region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
        },
    )
    assert {tuple(pair) for pair in json.loads(done.stdout)} == ({(s, region) for s in made} if region else set())


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_addresses_of_charts_are_signed_so_that_s3_takes_them(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    """Version 4, which objects under a customer's key need, and the host of the bucket's own region."""
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(aws_module, "_clients", {})
    charts = Charts(bucket="charts", s3=lambda: aws_module.client("s3", region))
    address = charts.address("charts/x.png")
    assert address.startswith(
        f"https://charts.s3.{region}.amazonaws.com/charts/x.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
    )
    assert charts.address("") == Charts(bucket="", s3=pytest.fail).address("charts/x.png") == ""


def test_the_dedup_key_survives_the_queue() -> None:
    """The delivery carries the key that its alert has, there and back."""
    made = replace(samples.delivery(), sink="pagerduty")
    assert Delivery.from_json(made.to_json()).dedup_key == made.alert.dedup_key
