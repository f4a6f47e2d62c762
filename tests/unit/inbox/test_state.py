"""Masks, faults, incidents and uploads: the inbox's state, without a server."""

import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sandbox.inbox.contracts.webhook import SECRET, key_of, signature_problems
from sandbox.inbox.faults import Fault, Faults, parse_fault
from sandbox.inbox.incidents import IncidentBook
from sandbox.inbox.limits import Limits
from sandbox.inbox.masking import Masks
from sandbox.inbox.page.clock import lasted
from sandbox.inbox.payloads import json_value, uploaded_bytes
from tests.unit.inbox.samples import ROUTING_KEY, TOKEN, resolve, small_png, trigger


def test_a_mask_shows_four_characters_and_is_the_same_each_time() -> None:
    """A key can be recognised and not be used."""
    masks = Masks()
    assert masks.mask(ROUTING_KEY) == masks.mask(ROUTING_KEY) == "…a1b2"


def test_masks_of_different_secrets_differ() -> None:
    """Two keys with the same end stay apart."""
    masks = Masks()
    assert masks.mask("0" * 28 + "a1b2") == "…a1b2"
    assert masks.mask("1" * 28 + "a1b2") == "…a1b2 (2)"


def test_a_short_secret_is_not_shown_at_all() -> None:
    """Four characters of a short secret would be too much of it."""
    assert Masks().mask("hunter2") == "…"


def test_scrub_masks_credentials_in_a_body_that_is_no_json() -> None:
    """A cut-off body does not give the key or the token away."""
    scrubbed = Masks().scrub(f'{{"routing_key": "{ROUTING_KEY}", "token": "{TOKEN}", "event_act')
    assert ROUTING_KEY not in scrubbed
    assert TOKEN not in scrubbed
    assert scrubbed == '{"routing_key": "…a1b2", "token": "…uvwx", "event_act'


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            {"sink": "slack", "status": 429, "retry_after": 30, "count": 10},
            Fault(sink="slack", status=429, retry_after=30, count=10),
        ),
        ({"sink": "pagerduty", "delay_seconds": 20, "count": 3}, Fault(sink="pagerduty", delay_seconds=20, count=3)),
        ({"sink": "slack", "ok_false": "ratelimited"}, Fault(sink="slack", ok_false="ratelimited")),
        ({"sink": "email", "drop": True}, Fault(sink="email", drop=True)),
        ({"sink": "webhook", "hang": True}, Fault(sink="webhook", hang=True)),
        ({"sink": "slack", "accept_then": 500}, Fault(sink="slack", accept_then=500)),
        ({"sink": "slack", "accept_then": "drop"}, Fault(sink="slack", accept_then="drop")),
        (
            {"sink": "slack", "path": "/slack/api/conversations.*", "ok_false": "missing_scope"},
            Fault(sink="slack", path="/slack/api/conversations.*", ok_false="missing_scope"),
        ),
        (
            {"sink": "slack", "random": {"429": 0.1, "hang": 0.02}, "retry_after": 1, "count": 100_000, "seed": 1},
            Fault(sink="slack", random={"429": 0.1, "hang": 0.02}, retry_after=1, count=100_000, seed=1),
        ),
        ({"sink": "email", "status": 500, "delay_seconds": 0.5}, Fault(sink="email", status=500, delay_seconds=0.5)),
    ],
)
def test_faults_are_read(body: dict[str, Any], fault: Fault) -> None:
    """Every documented form of a fault is understood, and shown as it was given."""
    assert parse_fault(body) == fault
    assert parse_fault(fault.as_json()) == fault


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ([], "a fault is a JSON object"),
        ({"sink": "pager", "status": 500}, "sink: 'pager' is not one of pagerduty, slack, email, webhook"),
        ({"sink": "slack"}, "a fault needs one of status, ok_false, drop, hang, accept_then, random and delay_seconds"),
        ({"sink": "slack", "status": 200}, "status: 200 is not a whole number from 400 to 599"),
        ({"sink": "slack", "status": True}, "status: True is not a whole number"),
        ({"sink": "slack", "status": 429, "count": 0}, "count: 0 is not a whole number from 1"),
        ({"sink": "slack", "status": 429, "retry_after": "30"}, "retry_after: '30' is not a whole number"),
        ({"sink": "slack", "delay_seconds": 1, "retry_after": 3}, "retry_after: goes with a status"),
        ({"sink": "slack", "delay_seconds": 0}, "delay_seconds: 0 is not a number of seconds above 0"),
        ({"sink": "slack", "delay_seconds": True}, "delay_seconds: True is not a number"),
        ({"sink": "pagerduty", "ok_false": "ratelimited"}, "ok_false: 'ratelimited' must be one of Slack's"),
        ({"sink": "slack", "drop": 1}, "drop: 1 is not true or false"),
        (
            {"sink": "slack", "drop": True, "status": 500},
            "a fault has at most one of status, ok_false, drop, hang, accept_then and random",
        ),
        ({"sink": "slack", "hang": 1}, "hang: 1 is not true or false"),
        ({"sink": "slack", "hang": True, "accept_then": 500}, "a fault has at most one of"),
        ({"sink": "slack", "accept_then": "500"}, "accept_then: '500' is not a whole number from 400 to 599"),
        ({"sink": "slack", "status": 500, "path": 1}, "path: 1 is not a pattern"),
        ({"sink": "slack", "random": {}}, "random: {} is not an object of shares"),
        ({"sink": "slack", "random": {"200": 0.1}}, "random: '200' is not a status from 400 to 599"),
        ({"sink": "slack", "random": {"sleep": 0.1}}, "random: 'sleep' is not a status from 400 to 599"),
        ({"sink": "slack", "random": {"429": 1.5}}, "random: 1.5 for 429 is not a share from 0 to 1"),
        ({"sink": "slack", "random": {"429": 0.6, "500": 0.6}}, "random: the shares add up to 1.2"),
        ({"sink": "slack", "status": 500, "seed": 1}, "seed: goes with random"),
        ({"sink": "slack", "staus": 500}, "staus: unknown; a fault has sink, path, count, status"),
    ],
)
def test_bad_faults_are_refused_in_one_line(body: object, line: str) -> None:
    """A fault that makes no sense is refused with the field, its value and the fix."""
    with pytest.raises(ValueError, match="^" + re.escape(line)) as refused:
        parse_fault(body)
    assert "\n" not in str(refused.value)


def test_faults_hit_their_sink_in_order_and_as_often_as_asked() -> None:
    """The first fault of a sink is used up before the second; other sinks are left alone."""
    faults = Faults()
    faults.add(Fault(sink="slack", status=429, count=2))
    faults.add(Fault(sink="slack", status=500))
    assert faults.take("pagerduty") is None
    assert [fault.status if (fault := faults.take("slack")) else None for _ in range(4)] == [429, 429, 500, None]
    assert faults.pending() == []


def test_a_fault_hits_only_the_paths_it_names() -> None:
    """Reading can be refused while posting works."""
    faults = Faults()
    faults.add(Fault(sink="slack", path="/slack/api/conversations.*", ok_false="missing_scope"))
    assert faults.take("slack", "/slack/api/chat.postMessage") is None
    taken = faults.take("slack", "/slack/api/conversations.history")
    assert taken is not None
    assert taken.ok_false == "missing_scope"


def test_random_faults_come_in_their_shares_and_again_with_the_same_seed() -> None:
    """Of 10,000 requests each kind hits about as many as asked for, and a seed repeats the whole sequence."""
    storm = parse_fault(
        {
            "sink": "slack",
            "random": {"429": 0.1, "500": 0.1, "hang": 0.02, "accept_then_drop": 0.02, "close": 0.02},
            "retry_after": 1,
            "count": 10_000,
            "seed": 1,
        }
    )

    def drawn() -> list[str]:
        faults = Faults()
        faults.add(storm)
        taken = [faults.take("slack") for _ in range(10_000)]
        assert faults.pending() == []
        assert all(fault.retry_after == 1 for fault in taken if fault and fault.status == 429)
        return [str(fault) if fault else "" for fault in taken]

    first = drawn()
    shares = {what: first.count(what) / 10_000 for what in set(first)}
    assert shares == {
        "": pytest.approx(0.74, abs=0.02),
        "answers 429": pytest.approx(0.1, abs=0.02),
        "answers 500": pytest.approx(0.1, abs=0.02),
        "never answers": pytest.approx(0.02, abs=0.01),
        "takes it, then closes the connection": pytest.approx(0.02, abs=0.01),
        "closes the connection": pytest.approx(0.02, abs=0.01),
    }
    assert drawn() == first


def test_a_message_a_second_is_within_slacks_limit_and_two_are_not() -> None:
    """The second message within a second is counted, and refused only where that is asked for; channels are apart."""
    for enforced in (False, True):
        limits = Limits(enforced=enforced)
        assert limits.take("slack", "C1", 100.0) is None
        assert limits.take("slack", "C2", 100.0) is None
        assert limits.take("slack", "C1", 100.4) == (1 if enforced else None)
        assert limits.as_json() == {
            "enforce": enforced,
            "violations": 1,
            "by": [{"sink": "slack", "whom": "C1", "violations": 1}],
        }


def test_jitter_is_no_violation_and_a_faster_pace_is() -> None:
    """Messages every second, a tenth of a second early or late, are fine; every 0.8 s they are not."""
    steady, fast = Limits(), Limits()
    for second in range(100):
        steady.take("slack", "C1", second + (0.1 if second % 2 else 0.0))
        fast.take("slack", "C1", second * 0.8)
    assert steady.as_json()["violations"] == 0
    assert fast.as_json()["violations"] > 10


def test_pagerduty_takes_120_events_a_minute() -> None:
    """The 121st within a minute has to wait until the first is a minute old."""
    limits = Limits(enforced=True)
    assert [limits.take("pagerduty", "…a1b2", 100 + number * 0.1) for number in range(120)] == [None] * 120
    assert limits.take("pagerduty", "…a1b2", 112.0) == 48
    assert limits.take("pagerduty", "…a1b2", 160.0) is None


def test_the_signature_of_the_specification_is_taken() -> None:
    """The example of the Standard Webhooks specification verifies, and nothing that differs in one byte."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,bm90IGl0 v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert signature_problems(headers, body, secret=secret, now=1614265331) == []
    assert signature_problems(headers, body + b" ", secret=secret, now=1614265331) != []
    assert signature_problems(headers, body, secret=SECRET, now=1614265331) != []
    assert signature_problems(headers, body, secret=secret, now=1614265330 + 301) == [
        "webhook-timestamp is more than 300 s off"
    ]
    assert signature_problems({}, body, secret=secret, now=0) == [
        "header webhook-id is missing",
        "header webhook-timestamp is missing",
        "header webhook-signature is missing",
    ]


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "c2FuZGJveA=="])
def test_a_malformed_webhook_secret_is_refused_without_showing_it(secret: str) -> None:
    """A secret is `whsec_` and base64."""
    with pytest.raises(ValueError, match=r"^webhook secret: it is not whsec_ followed by base64$"):
        key_of(secret)


def take(book: IncidentBook, event: dict[str, Any], *, key: str = "…a1b2", at: str = "2026-11-23T15:00:00Z") -> bool:
    """Gives the book an event under the dedup key of the samples."""
    return book.take(routing_key=key, dedup_key=event["dedup_key"], event=event, at=at)


def test_an_incident_opens_is_acknowledged_and_resolves() -> None:
    """The same alert stays one incident from its trigger to its resolve."""
    book = IncidentBook()
    assert take(book, trigger())
    assert take(book, trigger())
    assert take(book, resolve(event_action="acknowledge"))
    assert [incident.status for incident in book.incidents] == ["acknowledged"]
    assert take(book, resolve(), at="2026-11-23T15:05:00Z")
    (incident,) = book.incidents
    assert (incident.status, incident.opened, incident.resolved) == (
        "resolved",
        "2026-11-23T15:00:00Z",
        "2026-11-23T15:05:00Z",
    )
    assert [event.action for event in incident.events] == ["trigger", "trigger", "acknowledge", "resolve"]


def test_a_resolve_is_dropped_without_an_open_alert_of_its_routing_key() -> None:
    """A resolve under another key, or a second one, changes nothing."""
    book = IncidentBook()
    assert not take(book, resolve())
    take(book, trigger())
    assert not take(book, resolve(), key="…c3d4")
    assert take(book, resolve())
    assert not take(book, resolve())


def test_a_trigger_after_the_resolve_opens_a_new_incident() -> None:
    """PagerDuty never opens a resolved incident again."""
    book = IncidentBook()
    for event in (trigger(), resolve(), trigger()):
        take(book, event)
    assert [incident.status for incident in book.incidents] == ["resolved", "triggered"]


@given(data=st.binary(max_size=300))
@example(data=small_png())
@example(data=b"\r")
@example(data=b"a\n")
@example(data=b"\r\n\r\n")
@example(data=b"\n--x\n\r\r\n")
def test_a_multipart_upload_gives_back_the_bytes_of_its_file(data: bytes) -> None:
    """What is inside the form is the file, byte for byte."""
    boundary = b"5f2c8b7e1d"
    assume(boundary not in data)
    body = (
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="filename"; filename="a.png"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n--" + boundary + b"--\r\n"
    )
    assert uploaded_bytes(body, f"multipart/form-data; boundary={boundary.decode()}") == data


@given(data=st.binary(max_size=100), content_type=st.text(max_size=30))
@example(data=b"", content_type="0*")
@example(data=b"--x\r\n\r\na\r\n--x--", content_type="boundary=x\r\nContent-Transfer-Encoding: base64")
def test_uploads_never_raise(data: bytes, content_type: str) -> None:
    """A broken form is an empty file, a body without a form is the file."""
    assert uploaded_bytes(data, "image/png") == data
    assert isinstance(uploaded_bytes(data, f"multipart/form-data; {content_type}"), bytes)


@pytest.mark.parametrize("text", [b"NaN", b"[" * 100_000, b"\xff\xfe\xfa", b"", b"1" * 5000])
def test_what_is_no_json_is_a_value_error(text: bytes) -> None:
    """Endless nesting, numbers and bytes that are no text end in one kind of error."""
    with pytest.raises(ValueError, match=r"."):
        json_value(text)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("15:00:42", "42 s"),
        ("15:03:00", "3 min"),
        ("15:03:20", "3 min 20 s"),
        ("16:05:00", "1 h 5 min"),
    ],
)
def test_durations(end: str, said: str) -> None:
    """A duration is said as people say it."""
    assert lasted("2026-11-23T15:00:00Z", f"2026-11-23T{end}Z") == said
