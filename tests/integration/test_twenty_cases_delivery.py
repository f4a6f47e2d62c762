"""The deployed router when sinks refuse, hang and lie, and when alarms come twice, late and in any order.

Each test carries the number of its case. The inbox plays the sinks and shows their faults.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.running import SECRETS
from tests.integration.embedded_aws import eventually
from tests.integration.router_sandbox import SETTLE, Router, deployed_router, stays
from tests.integration.sandbox_process import NEEDS_CLI
from tests.unit.functions import samples

pytestmark = NEEDS_CLI
REST, CRITICAL = 150, 10
POST = "/slack/api/chat.postMessage"


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Router]:
    """One sandbox for all cases, each of which is about endpoints of its own."""
    with deployed_router(tmp_path_factory.mktemp("router")) as found:
        yield found


@pytest.fixture(autouse=True)
def _no_faults(router: Router) -> Iterator[None]:
    yield
    router.no_faults()


@pytest.fixture(scope="module")
def ended(router: Router) -> Router:
    """Alarms that begin and end in every order, all at once, and the time that it takes for ends to count."""
    alarm = router.alarm
    stories: dict[str, list[dict[str, Any]]] = {
        "own-end-a": [alarm("own-end-a"), alarm("own-end-a", "OK", after=60)],
        "own-end-b": [alarm("own-end-b")],
        "ok-first": [alarm("ok-first", "OK", after=60), alarm("ok-first", after=0)],
        "on-off-on": [alarm("on-off-on"), alarm("on-off-on", "OK", after=60), alarm("on-off-on", after=120)],
        "stale-ok": [alarm("stale-ok", after=60), alarm("stale-ok", "OK", after=0)],
        "first-data": [
            alarm("first-data", "INSUFFICIENT_DATA"),
            alarm("first-data", "OK", after=60, OldStateValue="INSUFFICIENT_DATA"),
        ],
        "no-data": [alarm("no-data"), alarm("no-data", "INSUFFICIENT_DATA", after=60, OldStateValue="ALARM")],
        "repeated": [alarm("repeated"), alarm("repeated"), alarm("repeated"), alarm("repeated", "OK", after=30)],
    }
    fire = [name for name, story in stories.items() if story[0]["NewStateValue"] == "ALARM"]
    for number in range(max(map(len, stories.values()))):
        now = [story[number] for story in stories.values() if number < len(story)]
        for message in now:
            router.publish(message)
        # The queue promises no order, and these tests are about what comes in this one; an end that comes before anybody
        # was told of the beginning is told as something past, and Slack is told all that happened before its turn at once.
        eventually(lambda now=now: all(map(router.handled, now)), within=60)  # type: ignore[misc]
        eventually(lambda: all(map(router.pages, fire)) and all(map(router.threads, fire)), within=60)
    for name in ("repeated", "own-end-a"):
        eventually(lambda name=name: router.statuses(name) == ["resolved"], within=SETTLE + 45)  # type: ignore[misc]
    return router


# 9, 10, 11, 14: ends


def test_09_an_end_resolves_its_own_alert_under_the_same_key(ended: Router) -> None:
    """OK resolves the alert that began, under its dedup key and routing key, and no other."""
    (page,) = ended.pages("own-end-a")
    assert [event["action"] for event in page["events"]] == ["trigger", "resolve"]
    keys = {event["credential"] for event in ended.events("pagerduty", "own-end-")}
    assert len(keys) == 1
    assert ended.statuses("own-end-b") == ["triggered"]


def test_10_transitions_are_ordered_by_their_own_time(ended: Router) -> None:
    """An ALARM older than an OK that came before pages no one; ALARM, OK, ALARM is one open page; a stale OK ends nothing."""
    assert ended.pages("ok-first") == []
    assert ended.statuses("on-off-on") == ["triggered"]
    assert ended.statuses("stale-ok") == ["triggered"]


def test_11_missing_data_neither_pages_nor_resolves(ended: Router) -> None:
    """The first INSUFFICIENT_DATA and the OK after it page no one; ALARM to INSUFFICIENT_DATA says so, and stays open."""
    assert ended.pages("first-data") == []
    assert ended.threads("first-data") == []
    assert ended.statuses("no-data") == ["triggered"]
    told = eventually(lambda: ended.threads("no-data")[0]["replies"], within=20)
    assert "data" in json.dumps(told).lower()


def test_14_no_window_of_repeats_drops_an_end(ended: Router) -> None:
    """Three times the same ALARM make one trigger, and the OK half a minute later still resolves it."""
    (page,) = ended.pages("repeated")
    assert [event["action"] for event in page["events"]] == ["trigger", "resolve"]


# 1 to 5, 7: sinks that fail


@pytest.mark.parametrize("seconds", [1, 30, 3600])
def test_01_slack_may_ask_for_any_time(router: Router, seconds: int) -> None:
    """After a 429 the delivery is hidden on its queue for as long as Slack asked, no function waits, and it gets through."""
    name = router.meets("slack", f"asks-{seconds}", path=POST, status=429, retry_after=seconds)
    refused = time.time()
    gate = eventually(lambda: router.item("gate#slack"))
    assert router.page(name)["status"] == "triggered", "PagerDuty does not wait for Slack"
    assert router.threads(name) == []
    if seconds > 1:
        closed_until = eventually(lambda: router.item("gate#slack")["closed_until"])
        assert closed_until == pytest.approx(refused + seconds, abs=3), gate
        assert router.counts(router.queue("SinkSlack"))[0] == 0, "the delivery is hidden"
        stays(lambda: not router.threads(name), seconds=2)
        assert router.dead_letters("slack") == []
        router.open_gate("slack")
    router.thread(name)


@pytest.mark.parametrize(
    "fault",
    [{"status": 429, "retry_after": 1}, {"status": 503}, {"hang": True}, {"drop": True}],
    ids=["429", "503", "timeout", "dropped"],
)
def test_02_pagerduty_is_tried_again(router: Router, fault: dict[str, Any]) -> None:
    """After 429, 5xx, a timeout or a broken connection the same event comes again, and there is one page."""
    name = router.meets("pagerduty", f"again-{'-'.join(map(str, fault.values()))}".lower(), **fault)
    router.page(name, within=60)
    assert [event["accepted"] for event in router.events("pagerduty", name)] == [False, True]


def test_02_what_pagerduty_refuses_is_a_dead_letter_with_its_reason(router: Router) -> None:
    """A 400 is not tried again: it is a dead letter with its reason; the fallback tells of it, and the own alarm does."""
    name = router.meets("pagerduty", "refused", status=400)
    (letter,) = eventually(lambda: router.dead_letters("pagerduty"), within=30)
    assert "400" in letter["MessageAttributes"]["reason"]["StringValue"]
    assert [event["status"] for event in router.events("pagerduty", name)] == [400]
    eventually(lambda: router.mails(name), within=20)
    mail = eventually(lambda: [m for m in router.mails("operators@") if "dead" in json.dumps(m).lower()], within=60)
    assert "Fallback" in mail[0]["topic"]


def test_03_slacks_ok_false_fails_that_message_alone(router: Router) -> None:
    """HTTP 200 with `ok` false is a failure of one delivery: it comes again, what went with it does not."""
    router.fault("slack", path=POST, ok_false="internal_error")
    names = ["of-three-a", "of-three-b", "of-three-c"]
    for name in names:
        router.publish(router.alarm(name))
    for name in names:
        router.thread(name, within=40)
    posts = [event for name in names for event in router.requests("slack", name)]
    assert sorted(event["accepted"] for event in posts) == [False, True, True, True]


def test_04_a_sink_that_is_down_bothers_no_other(router: Router) -> None:
    """While Slack is down PagerDuty pages at once, once; while PagerDuty is down Slack does; each catches up afterwards."""
    router.fault("slack", drop=True, count=2)
    router.publish(router.alarm("slack-down"))
    router.page("slack-down", within=10)
    router.fault("pagerduty", status=500, count=2)
    router.thread("slack-down", within=60)
    router.publish(router.alarm("pagerduty-down"))
    router.thread("pagerduty-down", within=20)
    router.page("pagerduty-down", within=60)
    for sink, name in (("pagerduty", "slack-down"), ("slack", "pagerduty-down")):
        assert [event["accepted"] for event in router.requests(sink, name)] == [True]


def test_05_what_succeeded_of_a_batch_is_not_sent_again(router: Router) -> None:
    """Of eight deliveries at once two fail (or one, where a heartbeat meets the other fault): only those are sent again."""
    router.fault("pagerduty", status=500, count=2)
    names = [f"of-eight-{number}" for number in range(8)]
    for name in names:
        router.publish(router.alarm(name))
    for name in names:
        router.page(name, within=60)
    sent = [[event["accepted"] for event in router.events("pagerduty", name)] for name in names]
    assert all(accepted.count(True) == 1 and accepted[-1] for accepted in sent)
    assert 1 <= sum(accepted.count(False) for accepted in sent) <= 2
    assert all(len(router.pages(name)[0]["events"]) == 1 for name in names)


@pytest.mark.parametrize("lie", [500, "drop"])
def test_07_taken_but_not_known_to_be(router: Router, lie: int | str) -> None:
    """Sinks take a message and then seem to fail: PagerDuty hears the same dedup key again, Slack shows one message."""
    page = router.meets("pagerduty", f"lie-page-{lie}", accept_then=lie)
    eventually(lambda: len(router.events("pagerduty", page)) == 2, within=40)
    assert [event["action"] for event in router.page(page)["events"]] == ["trigger", "trigger"]
    message = router.meets("slack", f"lie-message-{lie}", path=POST, accept_then=lie)
    eventually(lambda: router.knows("slack", message), within=60)
    assert len(router.threads(message)) == 1


def test_07_killed_between_sending_and_recording(router: Router) -> None:
    """The dispatcher is killed while Slack and PagerDuty take its messages: in the end each shows one."""
    for sink in ("pagerduty", "slack"):
        router.fault(sink, delay_seconds=1.5, count=3)
    router.publish(router.alarm("killed"))
    eventually(lambda: router.requests("slack", "killed"), within=20)
    router.control("kill", function=router.function("dispatcher"))
    time.sleep(2)  # until the sinks have taken what they were sent
    router.lapse("killed")
    eventually(lambda: router.knows("slack", "killed") and router.knows("pagerduty", "killed"), within=60)
    assert len(router.threads("killed")) == 1
    assert len(router.pages("killed")) == 1


# 6, 13: one thing told many times


def test_06_one_transition_is_one_page_whichever_way_it_comes(router: Router) -> None:
    """The same message twice, its event from EventBridge and a direct action make one page and one message."""
    message = router.alarm("many-ways")
    name, arn, at = message["AlarmName"], message["AlarmArn"], message["StateChangeTime"]
    dimensions = {d["name"]: d["value"] for d in message["Trigger"]["Dimensions"]}
    metric = {"namespace": "AWS/SageMaker", "name": "Invocation5XXErrors", "dimensions": dimensions}
    states = {
        "alarmName": name,
        "state": {"value": "ALARM", "reason": "", "timestamp": at},
        "previousState": {"value": "OK", "timestamp": at},
        "configuration": {"metrics": [{"id": "m", "metricStat": {"metric": metric, "period": 60, "stat": "Sum"}}]},
    }
    account, region = message["AWSAccountId"], arn.split(":")[3]
    envelope = samples.envelope(message, TopicArn=router.topics["critical"])
    router.put_on_alerts(envelope)
    router.put_on_alerts(envelope)
    event = samples.event("CloudWatch Alarm State Change", states, source="aws.cloudwatch")
    event |= {"resources": [arn], "account": account, "region": region}
    router.put_on_alerts(json.dumps(event))
    direct = {"source": "aws.cloudwatch", "alarmArn": arn, "accountId": account, "region": region, "time": at}
    router.sandbox.client("lambda").invoke(
        FunctionName=router.function("enricher"),
        Payload=json.dumps({**direct, "alarmData": states}).encode(),
        InvocationType="Event",
    )
    router.page("many-ways")
    router.thread("many-ways")
    eventually(lambda: router.is_empty("RoutingAlerts"), within=90)
    assert len(router.page("many-ways")["events"]) == 1
    assert [reply for reply in router.thread("many-ways")["replies"] if not reply["files"]] == []


def test_13_a_composite_and_its_children_are_one_page(router: Router) -> None:
    """The children's alarms and the composite's are one incident: one page, one message, the others in its thread."""
    children = [router.alarm("family", AlarmName=f"family/AllTraffic/{signal}") for signal in ("errors", "latency")]
    for child in children:
        router.create_alarm(child)
    composite = router.alarm(
        "family",
        AlarmName="family/AllTraffic/unhealthy",
        AlarmRule=" OR ".join(f'ALARM("{child["AlarmName"]}")' for child in children),
        TriggeringChildren=[{"Arn": child["AlarmArn"], "State": {"Value": "ALARM"}} for child in children],
    )
    del composite["Trigger"]
    for message in (composite, *children):
        router.publish(message)
    eventually(lambda: 3 in map(len, router.members("family")), within=40)
    eventually(lambda: router.threads("family") and router.pages("family"), within=40)
    eventually(lambda: all(map(router.is_empty, ("RoutingAlerts", "SinkSlack", "SinkPagerduty"))), within=40)
    assert len(router.pages("family")) == 1
    assert len(router.threads("family")) == 1


# 19: credentials that are no longer good


def test_19_a_rotated_token_is_read_afresh(router: Router) -> None:
    """When Slack no longer knows the token, the secret is read again at once, and the message is posted with the new one."""
    name = "endpointwatch/local/slack-bot-token"
    secrets = router.sandbox.client("secretsmanager")
    secrets.put_secret_value(SecretId=name, SecretString=f"{SECRETS[name][:-4]}next")
    try:
        router.fault("slack", path=POST, ok_false="token_revoked")
        router.publish(router.alarm("rotated"))
        router.thread("rotated")
        posts = router.requests("slack", "rotated")
        assert [event["accepted"] for event in posts] == [False, True]
        assert posts[1]["credential"].endswith("next")
    finally:
        secrets.put_secret_value(SecretId=name, SecretString=SECRETS[name])


def test_19_the_fallback_takes_over_for_a_revoked_credential(router: Router) -> None:
    """When Slack refuses every token, the fallback route tells of the incident, and says for whom it stands in."""
    router.fault("slack", ok_false="account_inactive", count=1000)
    router.publish(router.alarm("revoked"))
    (mail, *_) = eventually(lambda: router.mails("revoked"), within=60)
    assert "slack" in json.dumps(mail).lower()
    assert router.page("revoked")["status"] == "triggered"


def test_13_a_storm_stays_inside_the_limits(router: Router) -> None:
    """Hundreds of alarms at once, some critical, exceed no limit, and none is lost; what is not critical comes in digests."""
    before = router.sandbox.inbox("limits")["violations"]
    rest, critical = [f"storm-rest-{n:03}" for n in range(REST)], [f"storm-critical-{n:02}" for n in range(CRITICAL)]
    router.storm({**dict.fromkeys(rest, "warning"), **dict.fromkeys(critical, "critical")})
    eventually(lambda: len(router.pages("storm-critical-")) == CRITICAL, within=90)
    eventually(lambda: router.knows("slack", "storm-critical-"), within=90)
    eventually(lambda: len(router.told("slack", "storm-rest-")) == REST, within=90)
    eventually(lambda: router.knows("slack", "storm-rest-"), within=90)
    assert len(router.told("slack", "storm-critical-")) == CRITICAL
    # Turns are a second apart where they are given; on a busy machine two may leave a little closer.
    assert router.sandbox.inbox("limits")["violations"] <= before + 2
    assert len(router.requests("slack", "storm-rest-")) < REST / 4
