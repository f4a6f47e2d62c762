"""10,000 alarm transitions over 200 endpoints within a minute, through the deployed functions, to sinks that fail at random.

Published to the topics of the sandbox as CloudWatch does, some twice and many out of order. PagerDuty and Slack answer 429, 500,
hang, close connections, and take messages without saying so, at random; the inbox enforces their rate limits besides. Looked at
when every queue is empty: what was lost, what was told twice, whether critical incidents came first, and how long it all took
against the time that the rate limits alone ask for.
"""

import json
import random
import statistics
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.ports import free_port
from sandbox.running import Running, running
from tests.unit.functions import samples

RESOURCES, ALARMS, TRANSITIONS = 200, 5, 10
"""Endpoints, alarms of each, transitions of each alarm: 10,000 in all."""
SECONDS = 60.0
TWICE = 0.05
"""Share that is published twice."""
LATE_SECONDS = 5.0
"""By which a message is late at most, so that many come out of order."""
FAULTS = {"429": 0.05, "500": 0.05, "hang": 0.01, "accept_then_drop": 0.02, "close": 0.02}
SETTLE_SECONDS = 90
"""Less than by default (five minutes), which the run would only wait for."""
PATIENCE_SECONDS = 1_500
RATES = {"pagerduty": 110 / 60, "slack": 1.0}
"""Messages a second that the deployed rates allow."""

Message = tuple[float, str, str]
"""Seconds after the beginning, severity, the message."""


def run(rounds: int) -> list[dict[str, object]]:  # noqa: ARG001 - a storm is long enough for one
    """One storm; a row for each thing that is looked at."""
    with tempfile.TemporaryDirectory() as folder:
        ports = {"aws_port": free_port(), "inbox_port": free_port()}
        with running(folder=Path(folder), **ports, speed=1, say=lambda _: None) as sandbox:
            _settle_for(sandbox, SETTLE_SECONDS)
            _tell(sandbox, "limits", {"enforce": True})
            for number, sink in enumerate(RATES):
                _tell(sandbox, "faults", _fault(sink, number))
            began = datetime.now(UTC)
            published = _publish(sandbox, began)
            quiet = _until_quiet(sandbox)
            return _rows(sandbox, began=began, published=published, quiet=quiet)


def _fault(sink: str, seed: int) -> Mapping[str, object]:
    return {"sink": sink, "random": FAULTS, "retry_after": 1, "count": 100_000, "seed": seed}


def _settle_for(sandbox: Running, seconds: float) -> None:
    """Change the settings document before a function has read it."""
    ssm = sandbox.client("ssm")
    names = [p["Name"] for p in ssm.describe_parameters()["Parameters"]]
    for parameter in ssm.get_parameters(Names=names)["Parameters"]:
        if "settle_seconds" in parameter["Value"]:
            document = json.loads(parameter["Value"]) | {"settle_seconds": seconds}
            ssm.put_parameter(Name=parameter["Name"], Value=json.dumps(document), Type="String", Overwrite=True)


def _name(number: int) -> str:
    return f"storm-{number:03}"


def _is_critical(number: int) -> bool:
    return number % 2 == 0


def _stays_open(number: int) -> bool:
    return number % 4 < 2


def _messages(began: datetime) -> list[Message]:
    chance = random.Random(1)
    messages = []
    for number in range(RESOURCES):
        for alarm in range(ALARMS):
            is_critical = _is_critical(number) and alarm == 0
            # Who begins with OK ends with ALARM.
            first = 1 if alarm == 0 and _stays_open(number) else 0
            for step in range(TRANSITIONS):
                state = ("ALARM", "OK")[(first + step) % 2]
                after = (step + alarm / ALARMS) * (SECONDS - LATE_SECONDS) / TRANSITIONS
                text = json.dumps(_alarm(number, alarm, state, began + timedelta(seconds=after)))
                severity = "critical" if is_critical else "warning"
                copies = 2 if chance.random() < TWICE else 1
                messages += [(after + chance.uniform(0, LATE_SECONDS), severity, text) for _ in range(copies)]
    return sorted(messages)


def _alarm(number: int, alarm: int, state: str, at: datetime) -> Mapping[str, Any]:
    name = f"{_name(number)}/AllTraffic/alarm-{alarm}"
    trigger = samples.metric_trigger("ModelLatency", threshold=4e5)
    trigger["Dimensions"] = [
        {"name": "EndpointName", "value": _name(number)},
        {"name": "VariantName", "value": "AllTraffic"},
    ]
    return samples.sns_alarm(
        AlarmName=name,
        AlarmArn=f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}",
        AWSAccountId="000000000000",
        NewStateValue=state,
        OldStateValue="OK" if state == "ALARM" else "ALARM",
        StateChangeTime=at.isoformat(timespec="milliseconds").replace("+00:00", "+0000"),
        Trigger=trigger,
    )


def _publish(sandbox: Running, began: datetime) -> tuple[int, float]:
    """Publish everything at its time, ten at once; return how many, and the seconds that it took."""
    messages = _messages(began)
    topics, sns = sandbox.topics(), sandbox.client("sns")
    start = time.monotonic()

    def send(batch: Sequence[Message]) -> None:
        time.sleep(max(0.0, start + batch[-1][0] - time.monotonic()))
        entries = [{"Id": str(i), "Message": text} for i, (_, _, text) in enumerate(batch)]
        answer = sns.publish_batch(TopicArn=topics[batch[0][1]], PublishBatchRequestEntries=entries)
        assert not answer.get("Failed"), answer["Failed"]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, sorted(_batches(messages), key=lambda batch: batch[-1][0])))
    return len(messages), time.monotonic() - start


def _batches(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    for severity in ("critical", "warning"):
        mine = [message for message in messages if message[1] == severity]
        for start in range(0, len(mine), 10):
            yield mine[start : start + 10]


def _until_quiet(sandbox: Running) -> float:
    """Wait until every queue is empty; return the wall clock's time when the last message was taken."""
    sqs = sandbox.client("sqs")
    urls = [url for url in sqs.list_queues()["QueueUrls"] if "Dead" not in url and "Undelivered" not in url]
    until, empty_since = time.monotonic() + PATIENCE_SECONDS, 0.0
    while time.monotonic() < until:
        if any(_count(sqs, url) for url in urls):
            empty_since = 0.0
        elif not empty_since:
            empty_since = time.time()
        elif time.time() - empty_since > 10:
            return empty_since
        time.sleep(1)
    raise SystemExit(f"storm: queues are not empty after {PATIENCE_SECONDS} s")


def _count(sqs: Any, url: str) -> int:
    wanted = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
    return sum(int(attributes.get(name, 0)) for name in wanted)


def _rows(sandbox: Running, *, began: datetime, published: tuple[int, float], quiet: float) -> list[dict[str, object]]:
    events = [e for e in sandbox.inbox("events") if e["sink"] in RATES]
    pages = _pages(sandbox)
    heads = _heads(sandbox)
    critical = [_name(n) for n in range(RESOURCES) if _is_critical(n)]
    shown = {name: {page["status"] for page in of} for name, of in pages.items()}
    wrong = [n for n in range(RESOURCES) if _is_critical(n) and shown.get(_name(n)) != _expected(n)]
    unseen = [name for name in map(_name, range(RESOURCES)) if name not in heads]
    opened = {sink: _opened(events, sink, critical, began) for sink in RATES}
    taken = {sink: sum(1 for e in events if e["sink"] == sink and _counts(e)) for sink in RATES}
    bound = max(_bound(events, sink, rate, began) for sink, rate in RATES.items())
    seconds = quiet - began.timestamp()
    limits = sandbox.inbox("limits")

    def row(what: str, value: object, against: object = "") -> dict[str, object]:
        return {"benchmark": "storm", "what": what, "value": value, "against": against}

    first, rest = (
        _spread([t for name, t in opened["slack"].items() if (name in critical) is which]) for which in (True, False)
    )
    return [
        row("transitions published", published[0], f"in {published[1]:.0f} s"),
        row("requests that failed by chance", sum(1 for e in events if e["fault"])),
        row("lost: dead letters", _dead(sandbox), "0"),
        row("lost: critical endpoints that PagerDuty shows wrongly", len(wrong), "0"),
        row("lost: endpoints that Slack does not show", len(unseen), "0"),
        row(
            "endpoints with more than one page in PagerDuty", sum(1 for n in critical if len(pages.get(n, [])) > 1), "0"
        ),
        row("messages in Slack that are there twice", sum(1 for count in heads.values() if count > 1), "0"),
        row(
            "seconds until a critical endpoint is in PagerDuty, p50 / max", _spread(list(opened["pagerduty"].values()))
        ),
        row("seconds until a critical endpoint is in Slack, p50 / max", first, f"others {rest}"),
        row(
            "messages that PagerDuty and Slack took",
            f"{taken['pagerduty']} and {taken['slack']}",
            f"{published[0]} transitions",
        ),
        row("seconds until the last was delivered", round(seconds), f"{bound:.0f} by the rate limits"),
        row("sent faster than allowed", limits["violations"], f"{sum(taken.values())} messages"),
    ]


def _expected(number: int) -> set[str]:
    return {"triggered"} if _stays_open(number) else {"resolved"}


def _pages(sandbox: Running) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for page in sandbox.inbox("incidents"):
        found.setdefault(page["dedup_key"].split("/")[1], []).append(page)
    return found


def _heads(sandbox: Running) -> Counter[str]:
    """Count messages of the channel, or lines of digests, that are about each endpoint."""
    heads: Counter[str] = Counter()
    for channel in sandbox.inbox("messages"):
        for message in channel["messages"]:
            text = json.dumps([message["text"], message["blocks"]])
            heads.update({_name(n) for n in range(RESOURCES) if _name(n) in text})
    return heads


def _counts(event: Mapping[str, Any]) -> bool:
    """Whether it is a message that the sink took; our rates count updates of Slack's messages too."""
    return bool(event["accepted"]) and event["path"].endswith(("/enqueue", "chat.postMessage", "chat.update"))


def _bound(events: Sequence[Any], sink: str, rate: float, began: datetime) -> float:
    """Seconds that the rate limit asks for at least: for all messages, and for those about ends from when these count."""
    settled = SECONDS + SETTLE_SECONDS
    times = [
        datetime.fromisoformat(e["at"]).timestamp() - began.timestamp()
        for e in events
        if e["sink"] == sink and _counts(e)
    ]
    return max(len(times) / rate, settled + sum(at > settled for at in times) / rate)


def _opened(events: Sequence[Any], sink: str, critical: Sequence[str], began: datetime) -> Mapping[str, float]:
    """Seconds until each endpoint was told of first; PagerDuty is told of critical ones only."""
    wanted = critical if sink == "pagerduty" else [_name(n) for n in range(RESOURCES)]
    first: dict[str, float] = {}
    for event in events:
        if event["sink"] == sink and _counts(event):
            text = json.dumps(event["body"])
            after = datetime.fromisoformat(event["at"]).timestamp() - began.timestamp()
            for name in wanted:
                if name not in first and name in text:
                    first[name] = after
    return first


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f} / {max(values):.0f}" if values else "none"


def _dead(sandbox: Running) -> int:
    sqs = sandbox.client("sqs")
    urls = sqs.list_queues()["QueueUrls"]
    return sum(_count(sqs, url) for url in urls if "Dead" in url or "Undelivered" in url)


def _tell(sandbox: Running, what: str, body: object) -> None:
    request = urllib.request.Request(f"{sandbox.inbox_url}/api/{what}", data=json.dumps(body).encode())
    urllib.request.urlopen(request, timeout=10).close()
