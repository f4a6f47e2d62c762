"""The inbox as senders meet it: the real server in a process of its own."""

import base64
import hashlib
import hmac
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.inbox.contracts.webhook import SECRET, key_of
from sandbox.inbox.workspace import PROCESSING_SECONDS
from tests.unit.inbox.running import ROOT, Client, running_inbox
from tests.unit.inbox.samples import (
    CHANNEL,
    DEDUP_KEY,
    ROUTING_KEY,
    TOKEN,
    WEBHOOK,
    change_event,
    mail,
    message,
    reply,
    resolve,
    small_png,
    trigger,
)

ENQUEUE = "/pagerduty/v2/enqueue"
INJECTION = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    """One server for the module."""
    with running_inbox("--channel", f"{CHANNEL}=ml-alerts") as client:
        yield client


@pytest.fixture
def inbox(server: Client) -> Client:
    """The server, empty and without faults."""
    server.request("DELETE", "/api/events")
    server.request("DELETE", "/api/faults")
    return server


def last_event(inbox: Client) -> Any:
    """The newest recorded request."""
    return inbox.get("/api/events")[-1]


def test_a_page_opens_and_resolves(inbox: Client) -> None:
    """A trigger opens an incident, its resolve closes it, and both are recorded with their answer."""
    answer = inbox.post(ENQUEUE, trigger())
    assert (answer.status, answer.json) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": DEDUP_KEY},
    )
    assert inbox.get("/api/incidents")[0]["status"] == "triggered"
    assert inbox.post(ENQUEUE, resolve()).status == 202
    (incident,) = inbox.get("/api/incidents")
    assert (incident["dedup_key"], incident["status"], incident["severity"]) == (DEDUP_KEY, "resolved", "critical")
    assert incident["opened"] <= incident["resolved"]
    events = inbox.get("/api/events")
    assert [(event["sink"], event["status"], event["accepted"]) for event in events] == [("pagerduty", 202, True)] * 2
    assert events[0]["body"] == {**trigger(), "routing_key": "…a1b2"}


def test_a_trigger_without_a_dedup_key_gets_one(inbox: Client) -> None:
    """PagerDuty makes a key up and tells it."""
    made_up = inbox.post(ENQUEUE, trigger(dedup_key=None)).json["dedup_key"]
    assert inbox.get("/api/incidents")[0]["dedup_key"] == made_up != ""


def test_an_invalid_page_is_refused_and_recorded(inbox: Client) -> None:
    """A 400 carries PagerDuty's errors, and the recorded request says the same."""
    answer = inbox.post(ENQUEUE, trigger(routing_key="short"))
    errors = ["Length of 'routing_key' is incorrect (should be 32 characters)"]
    assert (answer.status, answer.json) == (
        400,
        {"status": "invalid event", "message": "Event object is invalid", "errors": errors},
    )
    event = last_event(inbox)
    assert (event["accepted"], event["status"], event["problems"]) == (False, 400, errors)
    assert inbox.get("/api/incidents") == []


def test_the_size_limit_is_512000_bytes(inbox: Client) -> None:
    """512,000 bytes are taken, one more is answered 413."""
    body = json.dumps(trigger()).encode()
    assert inbox.post(ENQUEUE, body + b" " * (512_000 - len(body))).status == 202
    assert inbox.post(ENQUEUE, body + b" " * (512_001 - len(body))).status == 413


def test_a_resolve_without_an_open_alert_is_accepted_and_dropped(inbox: Client) -> None:
    """PagerDuty says 202 to it and does nothing; so too under another routing key."""
    assert inbox.post(ENQUEUE, trigger()).status == 202
    assert inbox.post(ENQUEUE, resolve(routing_key="f" * 32)).status == 202
    event = last_event(inbox)
    assert (event["accepted"], event["dropped"]) == (True, True)
    assert inbox.get("/api/incidents")[0]["status"] == "triggered"


def test_change_events_are_taken(inbox: Client) -> None:
    """A change event is accepted, opens no incident and is on the page."""
    assert inbox.post("/pagerduty/v2/change/enqueue", change_event()).status == 202
    assert inbox.get("/api/incidents") == []
    assert b"endpoint config ranker-7f3a is live" in inbox.request("GET", "/").content


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "not_authed"),
        ({"Authorization": "Bearer xoxp-1-2-3-abcdefgh"}, "invalid_auth"),
        ({"Authorization": f"Bearer {TOKEN}"}, None),
    ],
)
def test_slack_wants_a_bot_token(inbox: Client, headers: dict[str, str], error: str | None) -> None:
    """Without a token, or with one of another kind, Slack answers HTTP 200 and ok false."""
    answer = inbox.request("POST", "/slack/api/auth.test", {}, headers)
    assert (answer.status, answer.json["ok"], answer.json.get("error")) == (200, error is None, error)


def test_a_message_its_thread_and_its_edit(inbox: Client) -> None:
    """A message can be replied to and changed by its `ts`, and what it said before is kept."""
    posted = inbox.slack("chat.postMessage", message())
    assert posted["ok"], posted
    ts = posted["ts"]
    seconds, _, fraction = ts.partition(".")
    assert (len(seconds), len(fraction), posted["channel"]) == (10, 6, CHANNEL)
    assert inbox.slack("chat.postMessage", reply(ts))["message"]["thread_ts"] == ts
    assert inbox.slack("chat.update", message(resolved=True, ts=ts))["ok"]
    (channel,) = inbox.get("/api/messages")
    (shown,) = channel["messages"]
    assert channel["name"] == "ml-alerts"
    assert shown["text"].startswith(":large_green_circle: Resolved")
    assert [edit["text"] for edit in shown["edits"]] == [message()["text"]]
    assert [answer["text"] for answer in shown["replies"]] == [reply(ts)["text"]]


METADATA = {"event_type": "endpointwatch", "event_payload": {"incident": "a/b", "seq": 3}}


def read_slack(inbox: Client, method: str, **arguments: object) -> Any:
    """Reads with GET and arguments in the query, as Slack's own examples do."""
    query = urlencode({"channel": CHANNEL, **arguments})
    return inbox.request("GET", f"/slack/api/{method}?{query}", None, {"Authorization": f"Bearer {TOKEN}"}).json


def test_metadata_comes_back_in_the_history_where_it_is_asked_for(inbox: Client) -> None:
    """What a program attached to a message finds the message again; an edit keeps it unless it brings its own."""
    ts = inbox.slack("chat.postMessage", message(metadata=METADATA))["ts"]
    assert "metadata" not in read_slack(inbox, "conversations.history")["messages"][0]
    read = read_slack(inbox, "conversations.history", include_all_metadata="true")
    assert read["ok"]
    assert [(found["ts"], found["metadata"]) for found in read["messages"]] == [(ts, METADATA)]
    inbox.slack("chat.update", message(ts=ts))
    assert inbox.get("/api/messages")[0]["messages"][0]["metadata"] == METADATA
    newer = {**METADATA, "event_payload": {"seq": 4}}
    inbox.slack("chat.update", message(ts=ts, metadata=newer))
    body = {"channel": CHANNEL, "include_all_metadata": True}
    assert inbox.slack("conversations.history", body)["messages"][0]["metadata"] == newer
    inbox.slack("chat.update", message(ts=ts, metadata={}))
    assert "metadata" not in inbox.slack("conversations.history", body)["messages"][0]


def test_the_history_is_newest_first_without_replies_and_in_pages(inbox: Client) -> None:
    """`oldest` leaves earlier messages out, itself too unless `inclusive`; `limit` and the cursor lead through the rest."""
    first, *others = [inbox.slack("chat.postMessage", message(text=f"n{number}"))["ts"] for number in range(4)]
    inbox.slack("chat.postMessage", reply(first))

    def found(**arguments: object) -> list[str]:
        return [message["ts"] for message in read_slack(inbox, "conversations.history", **arguments)["messages"]]

    assert found() == [*reversed(others), first]
    assert found(oldest=first) == list(reversed(others))
    assert found(oldest=first, inclusive="true") == [*reversed(others), first]
    assert found(latest=others[0], inclusive=1) == [others[0], first]
    page = read_slack(inbox, "conversations.history", limit=3)
    assert ([message["ts"] for message in page["messages"]], page["has_more"]) == (list(reversed(others)), True)
    last = read_slack(inbox, "conversations.history", limit=3, cursor=page["response_metadata"]["next_cursor"])
    assert [(message["ts"], message["reply_count"]) for message in last["messages"]] == [(first, 1)]
    assert last["has_more"] is False


def test_replies_come_oldest_first_behind_their_parent(inbox: Client) -> None:
    """A thread is its message, whatever the range, and the replies in the range; a reply alone is a thread of one."""
    parent = inbox.slack("chat.postMessage", message())["ts"]
    first, second = [inbox.slack("chat.postMessage", {**reply(parent), "metadata": METADATA})["ts"] for _ in range(2)]

    def found(ts: str, **arguments: object) -> list[tuple[str, bool]]:
        answer = read_slack(inbox, "conversations.replies", ts=ts, **arguments)
        return [(message["ts"], "metadata" in message) for message in answer["messages"]]

    assert found(parent) == [(parent, False), (first, False), (second, False)]
    assert found(parent, oldest=first, include_all_metadata="true") == [(parent, False), (second, True)]
    assert found(first) == [(first, False)]
    page = read_slack(inbox, "conversations.replies", ts=parent, limit=2)
    assert [message["ts"] for message in page["messages"]] == [parent, first]
    cursor = page["response_metadata"]["next_cursor"]
    assert found(parent, limit=2, cursor=cursor) == [(parent, False), (second, False)]


def test_reading_can_lack_its_scope_while_posting_works(inbox: Client) -> None:
    """A fault on the paths of conversations.* says missing_scope, and which."""
    inbox.post("/api/faults", {"sink": "slack", "path": "/slack/api/conversations.*", "ok_false": "missing_scope"})
    assert inbox.slack("chat.postMessage", message())["ok"]
    answer = read_slack(inbox, "conversations.history")
    assert (answer["error"], answer["needed"]) == ("missing_scope", "channels:history")


def signed(body: bytes, message_id: str = "msg_1", *, at: float | None = None) -> dict[str, str]:
    """Headers as a sender of Standard Webhooks writes them."""
    timestamp = str(int(time.time() if at is None else at))
    signature = hmac.new(key_of(SECRET), f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(signature).decode(),
    }


def test_a_signed_webhook_is_taken_once(inbox: Client) -> None:
    """Its repetition is answered alike, counted, and shown as one on the page."""
    body = b'{"type": "incident.opened", "data": {"id": "a"}}'
    for _ in range(3):
        assert inbox.request("POST", "/webhook/alerts", body, signed(body)).status == 200
    (webhook,) = inbox.get("/api/webhooks")
    assert (webhook["id"], webhook["times"], webhook["path"], webhook["body"]["data"]) == (
        "msg_1",
        3,
        "alerts",
        {"id": "a"},
    )
    assert [(event["accepted"], event["dropped"]) for event in inbox.get("/api/events?sink=webhook")] == [
        (True, False),
        (True, True),
        (True, True),
    ]
    page = inbox.request("GET", "/").content
    assert b"msg_1, came 3 times" in page
    assert b"incident.opened" in page


def test_a_webhook_without_a_valid_signature_is_refused(inbox: Client) -> None:
    """401 for what was changed, is too old or is not signed; nothing of it is kept."""
    body = b'{"a": 1}'
    assert inbox.request("POST", "/webhook/alerts", b'{"a": 2}', signed(body)).status == 401
    assert inbox.request("POST", "/webhook/alerts", body, signed(body, at=time.time() - 301)).status == 401
    assert inbox.request("POST", "/webhook/alerts", body).status == 401
    assert inbox.request("POST", "/webhook/alerts", b"{", signed(b"{")).status == 400
    assert inbox.get("/api/webhooks") == []


def test_a_sink_can_take_a_message_and_not_say_so(inbox: Client) -> None:
    """The sender sees a 500, or a broken connection, and the message is there."""
    inbox.post("/api/faults", {"sink": "pagerduty", "accept_then": 500})
    assert inbox.post(ENQUEUE, trigger()).status == 500
    inbox.post("/api/faults", {"sink": "slack", "accept_then": "drop"})
    with pytest.raises((HTTPException, OSError)):
        inbox.slack("chat.postMessage", message())
    assert [incident["status"] for incident in inbox.get("/api/incidents")] == ["triggered"]
    assert len(inbox.get("/api/messages")[0]["messages"]) == 1
    assert [(event["accepted"], event["status"]) for event in inbox.get("/api/events")] == [(True, 500), (True, 0)]


def test_a_hanging_sink_answers_nothing_until_the_client_gives_up(inbox: Client) -> None:
    """The request waits without a status, takes nothing, and is noted as given up when its connection closes."""
    inbox.post("/api/faults", {"sink": "pagerduty", "hang": True})
    body = json.dumps(trigger()).encode()
    with socket.create_connection(("127.0.0.1", inbox.port)) as connection:
        connection.sendall(f"POST {ENQUEUE} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert last_event(inbox)["status"] is None
    deadline = time.monotonic() + 5
    while last_event(inbox)["status"] is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (last_event(inbox)["status"], inbox.get("/api/incidents")) == (0, [])


def test_limits_are_counted_and_enforced_where_asked_for(inbox: Client) -> None:
    """Two messages at once are a violation; once limits are enforced the second is answered 429 with Retry-After."""
    for _ in range(2):
        assert inbox.slack("chat.postMessage", message())["ok"]
    assert inbox.get("/api/limits")["violations"] == 1
    inbox.request("DELETE", "/api/events")
    assert inbox.post("/api/limits", {"enforce": True}).json == {"enforce": True, "violations": 0, "by": []}
    try:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answers = [inbox.request("POST", "/slack/api/chat.postMessage", message(), headers) for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 429]
        assert (answers[1].headers["retry-after"], answers[1].json["error"]) == ("1", "ratelimited")
        assert [inbox.post(ENQUEUE, trigger()).status for _ in range(121)] == [202] * 120 + [429]
        assert {entry["sink"]: entry["violations"] for entry in inbox.get("/api/limits")["by"]} == {
            "slack": 1,
            "pagerduty": 1,
        }
    finally:
        inbox.post("/api/limits", {"enforce": False})
    assert inbox.post("/api/limits", {"enforce": 1}).status == 400


def test_events_can_be_read_from_where_one_left_off(inbox: Client) -> None:
    """`after`, `sink` and `limit` choose; a number that is none is refused."""
    for _ in range(2):
        inbox.post(ENQUEUE, trigger())
        inbox.post("/email", mail())
    first, second, *_ = [event["id"] for event in inbox.get("/api/events")]
    assert [event["id"] for event in inbox.get(f"/api/events?after={first}&limit=1")] == [second]
    assert [event["sink"] for event in inbox.get(f"/api/events?after={first}&sink=pagerduty")] == ["pagerduty"]
    assert inbox.request("GET", "/api/events?after=x").status == 400
    assert inbox.request("GET", "/api/events?sink=x").status == 400


def test_form_bodies_are_taken(inbox: Client) -> None:
    """Slack takes forms too, with the blocks as JSON inside."""
    body = b'channel=%23ml-alerts&text=hello&blocks=[{"type":"divider"}]'
    assert inbox.slack_form("chat.postMessage", body)["message"]["blocks"] == [{"type": "divider"}]


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [
        ("chat.postMessage", message(channel="no channel!"), "channel_not_found"),
        ("chat.postMessage", {"text": "a"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": CHANNEL}, "no_text"),
        ("chat.postMessage", message(thread_ts="1700000000.000100"), "thread_not_found"),
        ("chat.postMessage", message(blocks=[{"type": "chart"}]), "invalid_blocks"),
        ("chat.postMessage", message(blocks="[not json"), "invalid_blocks_format"),
        ("chat.postMessage", b"{", "invalid_json"),
        ("chat.postMessage", b"[]", "json_not_object"),
        (
            "chat.postMessage",
            message(blocks=[{"type": "image", "alt_text": "a", "slack_file": {"id": "F404"}}]),
            "invalid_blocks",
        ),
        ("chat.postMessage", message(metadata="[not json"), "invalid_metadata_format"),
        ("chat.postMessage", message(metadata=[]), "invalid_metadata_format"),
        ("chat.postMessage", message(metadata={"event_type": "a"}), "invalid_metadata_schema"),
        ("chat.postMessage", message(metadata={"event_type": "a b", "event_payload": {}}), "invalid_metadata_schema"),
        (
            "chat.postMessage",
            message(metadata={"event_type": "a", "event_payload": {"a": "x" * 9000}}),
            "metadata_too_large",
        ),
        ("conversations.history", {}, "invalid_arguments"),
        ("conversations.history", {"channel": "#ml-alerts"}, "channel_not_found"),
        ("conversations.history", {"channel": CHANNEL, "oldest": "yesterday"}, "invalid_ts_oldest"),
        ("conversations.history", {"channel": CHANNEL, "limit": 0}, "invalid_limit"),
        ("conversations.history", {"channel": CHANNEL, "cursor": "x"}, "invalid_cursor"),
        ("conversations.replies", {"channel": CHANNEL}, "invalid_arguments"),
        ("conversations.replies", {"channel": CHANNEL, "ts": "1700000000.000100"}, "thread_not_found"),
        ("chat.update", message(ts="1700000000.000100"), "message_not_found"),
        ("chat.update", message(), "invalid_arguments"),
        ("chat.update", message(ts="1", text="x" * 4001), "msg_too_long"),
        ("files.getUploadURLExternal", {"filename": "a.png"}, "invalid_arguments"),
        ("files.completeUploadExternal", {"files": [{"id": "F404"}]}, "file_not_found"),
        ("files.completeUploadExternal", {}, "invalid_arguments"),
        ("chat.delete", {}, "unknown_method"),
    ],
)
def test_slack_refuses_with_its_own_codes(inbox: Client, method: str, body: object, error: str) -> None:
    """HTTP 200, ok false, Slack's code; the recorded request names it."""
    answer = inbox.slack(method, body)
    assert (answer["ok"], answer["error"]) == (False, error)
    assert last_event(inbox)["problems"][0] == error
    assert inbox.get("/api/messages") == []


def test_a_reply_cannot_be_replied_to(inbox: Client) -> None:
    """Threads are one level deep."""
    ts = inbox.slack("chat.postMessage", message())["ts"]
    inner = inbox.slack("chat.postMessage", reply(ts))["ts"]
    assert inbox.slack("chat.postMessage", reply(inner))["error"] == "cannot_reply_to_message"


def test_only_the_author_may_update(inbox: Client) -> None:
    """Another app's token cannot change a message."""
    ts = inbox.slack("chat.postMessage", message())["ts"]
    other = TOKEN.replace("111111111111", "333333333333")
    assert inbox.slack("chat.update", message(ts=ts), token=other)["error"] == "cant_update_message"


@pytest.mark.parametrize("multipart", [False, True])
def test_a_file_is_uploaded_into_a_thread_in_three_steps(inbox: Client, *, multipart: bool) -> None:
    """The bytes come back as the picture of a reply, whether they were sent raw or as a form."""
    data = small_png()
    ts = inbox.slack("chat.postMessage", message())["ts"]
    opened = inbox.slack_form("files.getUploadURLExternal", f"filename=chart.png&length={len(data)}".encode())
    path = opened["upload_url"].removeprefix(inbox.url)
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="chart.png"\r\n\r\n' + data + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x" if multipart else "image/png"
    sent = inbox.request("POST", path, form if multipart else data, {"Content-Type": kind})
    assert (sent.status, sent.content) == (200, b"OK - %d" % len(data))
    share = {"files": [{"id": opened["file_id"], "title": "Errors"}], "channel_id": CHANNEL, "thread_ts": ts}
    done = inbox.slack("files.completeUploadExternal", {**share, "initial_comment": "before and since"})
    assert done["files"][0]["title"] == "Errors"
    answer = inbox.get("/api/messages")[0]["messages"][0]["replies"][0]
    assert (answer["text"], answer["files"][0]["mimetype"]) == ("before and since", "image/png")
    picture = inbox.request("GET", f"/slack/files/{opened['file_id']}")
    assert (picture.content, picture.headers["content-type"]) == (data, "image/png")
    assert f'src="/slack/files/{opened["file_id"]}"'.encode() in inbox.request("GET", "/").content


def test_an_image_block_can_show_an_upload_only_after_a_while(inbox: Client) -> None:
    """Right after its completion Slack still processes a file, and refuses blocks that show it."""
    file_id = inbox.upload(small_png())["files"][0]["id"]
    blocks = [{"type": "image", "slack_file": {"id": file_id}, "alt_text": "chart"}]
    assert inbox.slack("chat.postMessage", message(blocks=blocks))["error"] == "invalid_blocks"
    time.sleep(PROCESSING_SECONDS)
    assert inbox.slack("chat.postMessage", message(blocks=blocks))["ok"]


def test_an_upload_of_another_length_is_refused(inbox: Client) -> None:
    """The bytes must be as many as were announced; until then the file is not there."""
    opened = inbox.slack_form("files.getUploadURLExternal", b"filename=a.png&length=5")
    path = opened["upload_url"].removeprefix(inbox.url)
    assert inbox.request("POST", path, b"four").status == 400
    done = inbox.slack("files.completeUploadExternal", {"files": [{"id": opened["file_id"]}]})
    assert done["error"] == "file_not_found"
    assert inbox.request("POST", "/slack/upload/v1/unknown", b"four").status == 404


def test_a_file_that_is_no_picture_is_never_run(inbox: Client) -> None:
    """An uploaded HTML page is downloaded, not shown."""
    done = inbox.upload(INJECTION.encode(), name="page.html")
    headers = inbox.request("GET", f"/slack/files/{done['files'][0]['id']}").headers
    assert headers["content-disposition"] == "attachment"
    assert headers["content-type"] == "application/octet-stream"


def test_webhooks_answer_in_plain_text(inbox: Client) -> None:
    """A webhook says `ok` and gives no `ts`; its errors are bare words."""
    hook = f"/slack/services/{WEBHOOK}"
    answer = inbox.post(hook, {"text": "hello"})
    assert (answer.status, answer.content) == (200, b"ok")
    assert inbox.request("POST", hook, b"payload=%7B%22text%22%3A%22hello%22%7D").content == b"ok"
    refused = [
        inbox.post(hook, body) for body in (b"{", {}, {"blocks": [{"type": "chart"}]}, {"text": "a", "thread_ts": "1"})
    ]
    assert [(answer.status, answer.content) for answer in refused] == [
        (400, b"invalid_payload"),
        (400, b"no_text"),
        (400, b"invalid_blocks"),
        (404, b"thread_not_found"),
    ]
    assert inbox.post("/slack/services/T1/B1/x", {"text": "a"}).content == b"no_service"
    assert len(inbox.get("/api/messages")[0]["messages"]) == 2


def test_mail_is_checked_as_sns_would(inbox: Client) -> None:
    """A good e-mail is on the page, a subject that SNS does not take is refused."""
    assert inbox.post("/email", mail()).status == 200
    assert inbox.post("/email", mail(subject="s" * 101)).status == 400
    assert b"oncall@example.com" in inbox.request("GET", "/").content


def test_faults_count_down_and_then_stop(inbox: Client) -> None:
    """Slack is limited twice with Retry-After, then works again; PagerDuty is left alone."""
    fault = {"sink": "slack", "status": 429, "retry_after": 30, "count": 2}
    assert inbox.post("/api/faults", fault).status == 201
    assert inbox.get("/api/faults") == [fault]
    for _ in range(2):
        limited = inbox.request("POST", "/slack/api/chat.postMessage", message(), {"Authorization": f"Bearer {TOKEN}"})
        assert (limited.status, limited.headers["retry-after"]) == (429, "30")
        assert limited.json == {"ok": False, "error": "ratelimited"}
        assert inbox.post(ENQUEUE, trigger()).status == 202
    assert inbox.slack("chat.postMessage", message())["ok"]
    assert inbox.get("/api/faults") == []
    assert [event["accepted"] for event in inbox.get("/api/events") if event["sink"] == "slack"] == [False, False, True]


def test_faults_can_be_cleared(inbox: Client) -> None:
    """DELETE takes back what has not happened yet."""
    inbox.post("/api/faults", {"sink": "pagerduty", "status": 500, "count": 5})
    assert inbox.post(ENQUEUE, trigger()).status == 500
    assert inbox.request("DELETE", "/api/faults").status == 204
    assert inbox.post(ENQUEUE, trigger()).status == 202


def test_slack_can_be_told_to_say_ok_false(inbox: Client) -> None:
    """HTTP 200 with an error inside, which senders must not take for success."""
    inbox.post("/api/faults", {"sink": "slack", "ok_false": "account_inactive"})
    assert inbox.slack("chat.postMessage", message()) == {"ok": False, "error": "account_inactive"}


def test_a_delayed_request_is_recorded_at_once_and_delays_no_other_sink(inbox: Client) -> None:
    """While PagerDuty hangs, its request is listed without a status, and Slack answers."""
    inbox.post("/api/faults", {"sink": "pagerduty", "delay_seconds": 1.5})
    with ThreadPoolExecutor() as pool:
        started = time.monotonic()
        slow = pool.submit(inbox.post, ENQUEUE, trigger())
        while not inbox.get("/api/events"):
            time.sleep(0.02)
        assert last_event(inbox)["status"] is None
        assert inbox.slack("chat.postMessage", message())["ok"]
        assert time.monotonic() - started < 1.5
        assert slow.result().status == 202
    assert time.monotonic() - started >= 1.5


def test_a_dropped_connection_is_an_error_for_the_sender(inbox: Client) -> None:
    """The sender sees a broken connection, and the request is recorded as not answered."""
    inbox.post("/api/faults", {"sink": "pagerduty", "drop": True})
    with pytest.raises((HTTPException, OSError)):
        inbox.post(ENQUEUE, trigger())
    assert (last_event(inbox)["status"], inbox.get("/api/incidents")) == (0, [])


def test_a_bad_fault_is_refused_in_one_line(inbox: Client) -> None:
    """400, the field, its value and the fix."""
    answer = inbox.post("/api/faults", {"sink": "slak", "status": 429})
    assert (answer.status, answer.json) == (
        400,
        {"error": "sink: 'slak' is not one of pagerduty, slack, email, webhook"},
    )
    assert inbox.post("/api/faults", b"{").status == 400


def test_no_secret_is_stored_or_shown(inbox: Client) -> None:
    """Routing keys, tokens and webhook secrets are nowhere in what the inbox gives out, and stay distinguishable."""
    other_key, other_token = "9" * 28 + "a1b2", TOKEN[:-4] + "zzzz"
    inbox.post(ENQUEUE, trigger())
    inbox.post(ENQUEUE, trigger(routing_key=other_key))
    inbox.post(ENQUEUE, json.dumps(trigger()).encode()[:-1])
    inbox.slack("chat.postMessage", message())
    inbox.slack("chat.postMessage", message(), token=other_token)
    inbox.slack_form("chat.postMessage", f"token={TOKEN}&channel={CHANNEL}&text=a".encode())
    inbox.post(f"/slack/services/{WEBHOOK}", {"text": "a"})
    given_out = b"".join(
        inbox.request("GET", path).content for path in ("/", "/api/events", "/api/incidents", "/api/messages")
    ).decode()
    for secret in (ROUTING_KEY, other_key, TOKEN, other_token, WEBHOOK.rpartition("/")[2]):
        assert secret not in given_out
    credentials = [event["credential"] for event in inbox.get("/api/events")]
    key, second_key, unreadable, token, second_token, same_token, hook = credentials
    assert (unreadable, token) == (None, same_token)
    assert len({key, second_key, token, second_token, hook}) == 5
    assert all(credential[:5] in ("…a1b2", "…uvwx", "…zzzz") for credential in credentials if credential)


def test_the_page_shows_text_and_never_runs_it(inbox: Client) -> None:
    """Markup in a page, a message and an e-mail is shown as text; scripts of others are forbidden anyway."""
    event = trigger()
    event["payload"]["summary"] = INJECTION
    inbox.post(ENQUEUE, event)
    inbox.slack("chat.postMessage", {"channel": CHANNEL, "text": INJECTION, "username": INJECTION})
    inbox.post("/email", mail(subject=INJECTION, body=INJECTION))
    page = inbox.request("GET", "/")
    assert INJECTION.encode() not in page.content
    assert page.content.count(b"&lt;script&gt;alert(1)&lt;/script&gt;") >= 4
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_page_is_read_again_only_when_something_changed(inbox: Client) -> None:
    """An unchanged page answers 304; a new request changes it."""
    tag = inbox.request("GET", "/").headers["etag"]
    assert inbox.request("GET", "/", None, {"If-None-Match": tag}).status == 304
    inbox.post("/email", mail())
    assert inbox.request("GET", "/", None, {"If-None-Match": tag}).status == 200


@pytest.mark.parametrize("path", ["/static/inbox.css", "/static/inbox.js", "/static/icon.svg"])
def test_static_files_are_served(inbox: Client, path: str) -> None:
    """What the page refers to is there."""
    assert inbox.request("GET", path).status == 200


_PATHS = [
    ENQUEUE,
    "/pagerduty/v2/change/enqueue",
    "/slack/api/chat.postMessage",
    "/slack/api/chat.update",
    "/slack/api/conversations.history",
    "/slack/api/conversations.replies",
    "/webhook/alerts",
    "/api/limits",
    "/slack/api/files.getUploadURLExternal",
    "/slack/api/files.completeUploadExternal",
    f"/slack/services/{WEBHOOK}",
    "/email",
    "/api/faults",
]
_NAMES = [
    "routing_key",
    "event_action",
    "payload",
    "channel",
    "ts",
    "thread_ts",
    "text",
    "blocks",
    "metadata",
    "oldest",
    "files",
    "to",
    "sink",
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([CHANNEL, "\ud800", "trigger"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES) | st.text(), inner, max_size=5),
    max_leaves=8,
)
_TYPES = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(_PATHS),
    body=_JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60),
    content_type=st.sampled_from(_TYPES),
)
def test_no_body_breaks_the_server(server: Client, path: str, body: bytes, content_type: str) -> None:
    """Whatever is sent gets an answer of the service, and everything recorded can still be read."""
    server.request("DELETE", "/api/faults")
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {TOKEN}"}
    assert server.request("POST", path, body, headers).status < 500
    for reader in ("/", "/api/events", "/api/incidents", "/api/messages"):
        assert server.request("GET", reader).status == 200
    server.request("DELETE", "/api/events")


def test_a_taken_port_is_one_clear_line(inbox: Client) -> None:
    """The second server on a port ends with code 2 and says what to do."""
    command = [sys.executable, "-m", "sandbox.inbox", "--port", str(inbox.port)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (
        2,
        f"--port {inbox.port}: cannot listen on 127.0.0.1:{inbox.port} (Address already in use); choose a free port\n",
    )


def test_port_zero_is_refused() -> None:
    """The supervisor chooses the port, so that it knows it."""
    command = [sys.executable, "-m", "sandbox.inbox", "--port", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "'0' is not a port from 1 to 65535" in ended.stderr
