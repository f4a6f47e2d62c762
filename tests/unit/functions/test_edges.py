"""Settings, secrets, redaction, JSON and HTTP: what comes in from outside is checked, and nothing secret goes out."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alert_common import aws as aws_module
from alert_common import codec, queue, settings
from alert_common.alert import Severity
from alert_common.delivery import Delivery
from alert_common.delivery import Kind as DeliveryKind
from alert_common.page import Page
from alert_common.redact import redact
from alert_common.store import LEASE_SECONDS
from alert_dispatcher import http
from alert_dispatcher.charts import Charts
from alert_dispatcher.errors import RejectedError, RetryLaterError
from alert_dispatcher.secrets import Secrets
from tests.unit.functions import samples
from tests.unit.functions.fakes import FakeAws, client_error

SINKS = {
    name: {"queue": f"q/{name}", "dead_letters": f"q/{name}-dead", "settings": {"type": name}}
    for name in ("pagerduty", "slack")
}
DOCUMENT: dict[str, Any] = {
    "environment": "prod",
    "topics": {samples.TOPIC: "critical"},
    "routes": [{"severities": ["critical"], "sinks": ["pagerduty", "slack"]}],
    "sinks": SINKS,
    "deadline_seconds": 0.3,
}


def ssm(**changes: Any) -> FakeAws:
    """Make a parameter store that holds the document in two parts."""
    document = {**DOCUMENT, **changes}
    parts = [{"sinks": document["sinks"]}, {k: v for k, v in document.items() if k != "sinks"}]
    return FakeAws(answers={"get_parameters": {"Parameters": [{"Value": json.dumps(part)} for part in parts]}})


def test_settings_are_put_together_from_their_parts() -> None:
    """Both parameters are asked for at once, and what they leave out has its default."""
    aws = ssm()
    read = settings.read(aws, {"SETTINGS": "a,b"})
    assert aws.called("get_parameters") == [{"Names": ["a", "b"]}]
    assert (read.topics, list(read.sinks)) == ({samples.TOPIC: Severity.CRITICAL}, ["pagerduty", "slack"])
    assert (read.deadline_seconds, read.settle_seconds, read.sinks["slack"].rate) == (0.3, 300.0, None)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"topics": {"arn": "urgent"}}, "cannot read Settings.topics: .* is not"),
        ({"routes": [{"sinks": "slack"}]}, "routes name sinks that are not there"),
        ({"routes": [{"severities": ["critical"]}]}, "cannot read Settings.routes"),
        (
            {"routes": [{"sinks": ["pager"]}]},
            "cannot read Settings: routes name sinks that are not there: pager; there are pagerduty, slack",
        ),
        ({"sinks": {"slack": {"queue": 1, "dead_letters": ""}}}, "cannot read SinkSettings.queue: 1 is not str"),
        ({"deadline_seconds": "soon"}, "cannot read Settings.deadline_seconds: 'soon' is not float"),
    ],
)
def test_a_bad_setting_is_one_clear_line(changed: dict[str, Any], told: str) -> None:
    """The message names the field, its value and the fix."""
    with pytest.raises(ValueError, match=told) as error:
        settings.read(ssm(**changed), {"SETTINGS": "a,b"})
    assert "\n" not in str(error.value)


def test_settings_that_are_not_there_are_named() -> None:
    """Without the variable, or with one that names a parameter that was deleted."""
    with pytest.raises(ValueError, match="SETTINGS is not set; it must list"):
        settings.read(ssm(), {})
    gone = FakeAws(answers={"get_parameters": {"Parameters": [], "InvalidParameters": ["a"]}})
    with pytest.raises(ValueError, match="SETTINGS names parameters that are not there: a; deploy the stack again"):
        settings.read(gone, {"SETTINGS": "a"})


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

    began = time.process_time()
    redact((bit * 6_000)[:6_000])
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[31mERROR\x1b[0m boom", "ERROR boom"),
        ("\u202eevil\u202c name", "evil name"),
        ("bell\x07 and null\x00", "bell and null"),
        ("pass\x1b[1mword=hunter2", "password=[redacted]"),
        ("two\nlines\tand a tab, ranker, 警告 ✅", "two\nlines\tand a tab, ranker, 警告 ✅"),
    ],
)
def test_nothing_shows_what_was_not_written(written: str, shown: str) -> None:
    """Colours of terminals, controls and marks that turn the direction of writing are dropped, before secrets are looked for."""
    assert redact(written) == shown


def test_ordinary_words_stay() -> None:
    """Reasons, ARNs and links without signatures are not touched."""
    for text in (
        samples.REASON,
        samples.ARN,
        "https://wiki.example.com/ranker?page=2",
        "basic auth failed: no password set",
    ):
        assert redact(text) == text


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"sink": 1}', '{"sink": "s", "kind": "shout"}'])
def test_what_is_no_delivery_is_refused(text: str) -> None:
    """A ValueError, whatever is wrong with the text."""
    with pytest.raises(ValueError, match=r".+"):
        Delivery.from_json(text)


DELIVERY = Delivery(
    sink="slack", kind=DeliveryKind.INCIDENT, id="i", severity=Severity.CRITICAL, not_before=samples.NOW
)


def test_a_wrong_field_is_named() -> None:
    """The error says which field of the delivery holds what it must not."""
    made = {**json.loads(DELIVERY.to_json()), "not_before": "yesterday"}
    with pytest.raises(ValueError, match=r"cannot read Delivery\.not_before: 'yesterday' is not"):
        Delivery.from_json(json.dumps(made))


def test_fields_of_a_newer_version_are_left_out() -> None:
    """Two versions of the functions may run side by side during a deployment."""
    assert Delivery.from_json(json.dumps({**json.loads(DELIVERY.to_json()), "future": 1})) == DELIVERY


def test_a_page_survives_the_table() -> None:
    """Everything that was found out comes back as it was stored."""
    page = samples.page()
    assert codec.loads(Page, codec.dumps(page)) == page


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


@pytest.mark.parametrize("header", ["1e9", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_nobody_is_left_alone_for_years(header: str) -> None:
    """Its gate would stay shut until somebody deletes it from the table by hand."""
    assert http.retry_after(header) == 12 * 3600


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
    assert len(aws.calls) == 1, "one that was read this moment is fresh"
    now += 6
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
        ("alert_enricher", {"dynamodb", "sqs", "ssm", "cloudwatch", "sagemaker", "logs"}),
        ("alert_dispatcher", {"dynamodb", "sqs", "ssm", "secretsmanager"}),
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
