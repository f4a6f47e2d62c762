"""The functions are killed at every step in turn, before it takes effect and after it: nothing is lost, nothing is doubled."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

from alert_enricher.enrich import cloudtrail
from sandbox.inbox.workspace import Message
from tests.cloud import Account, HandClock, Mortal, Sinks
from tests.cloud.sinks import URL
from tests.unit.functions import samples
from tests.unit.functions.samples import ACCOUNT, NOW, REGION

MINUTES_BETWEEN = 10
"""Longer than a lease, a hidden message, and the time that an end takes to settle."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What people see in the end, and what is left."""

    pages: Mapping[str, tuple[str, ...]]
    """PagerDuty's alerts: what happened to each, without repeats of the same."""
    statuses: Mapping[str, str]
    changes: tuple[str, ...]
    """PagerDuty's change events, without repeats of the same: these have no key to tell them by."""
    messages: tuple[tuple[str, tuple[str, ...]], ...]
    """Slack's messages as they read now, each with its replies, but without charts: a page does without its picture."""
    left: int
    """Messages on their way."""
    dead: tuple[str, ...]


def transition(name: str, state: str, minutes: float) -> dict[str, Any]:
    """An alarm on the endpoint, so long after the beginning."""
    at = NOW + timedelta(minutes=minutes)
    return samples.sns_alarm(
        AlarmName=f"ranker/AllTraffic/{name}",
        AlarmArn=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:ranker/AllTraffic/{name}",
        NewStateValue=state,
        OldStateValue="OK" if state == "ALARM" else "ALARM",
        StateChangeTime=at.isoformat(timespec="milliseconds").replace("+00:00", "+0000"),
    )


SCENARIO: tuple[tuple[object, str], ...] = (
    (transition("errors", "ALARM", 0), "critical"),
    (transition("latency", "ALARM", MINUTES_BETWEEN), "critical"),
    (transition("errors", "OK", 2 * MINUTES_BETWEEN), "critical"),
    (transition("latency", "OK", 3 * MINUTES_BETWEEN), "critical"),
    (
        samples.event(
            "SageMaker Training Job State Change",
            {"TrainingJobName": "nightly", "TrainingJobStatus": "Completed"},
            time=(NOW + timedelta(minutes=4 * MINUTES_BETWEEN)).isoformat(),
        ),
        "info",
    ),
)
"""An alert opens an incident, another joins, the first is over, then all is; last comes news that waits for a digest."""


def play(mortal: Mortal) -> Outcome:
    """Let it all happen, and look."""
    clock = HandClock(NOW)
    sinks = Sinks(clock, mortal.step)
    account = Account(inbox=URL, clock=clock, step=mortal.step, revive=mortal.revive)
    with account.deployed(), sinks.connected(), patch.object(cloudtrail, "APART_SECONDS", 0):
        for message, severity in SCENARIO:
            account.publish(message, severity)
            account.run(60 * MINUTES_BETWEEN)
        account.run(3600)
    book = sinks.inbox.incidents
    (channel,) = sinks.inbox.workspace.channels or [""]
    threads = sinks.inbox.workspace.threads(channel) if channel else []
    return Outcome(
        pages={
            f"{n} {incident.dedup_key}": _without_repeats(
                f"{event.action} {event.summary or ''}" for event in incident.events
            )
            for n, incident in enumerate(book.incidents)
        },
        statuses={incident.dedup_key: incident.status for incident in book.incidents},
        changes=_without_repeats(change["payload"]["summary"] for _, change in book.changes),
        messages=tuple(
            (_shown(head), tuple(_shown(r) for r in replies if not r.file_ids)) for head, replies in threads
        ),
        left=account.pending,
        dead=tuple(account.dead_letters),
    )


def _shown(message: Message) -> str:
    return f"{message.content.text}\n{json.dumps(message.content.blocks, ensure_ascii=False)}"


def _without_repeats(happened: Any) -> tuple[str, ...]:
    kept: list[str] = []
    for one in happened:
        if kept[-1:] != [one]:
            kept.append(one)
    return tuple(kept)


@cache
def undisturbed() -> tuple[Outcome, tuple[str, ...]]:
    """What happens when nothing dies, and the steps that it takes."""
    mortal = Mortal()
    return play(mortal), tuple(mortal.steps)


def test_undisturbed_all_is_told_once() -> None:
    """One page that opens, is joined and resolves; one thread with everything in it; one digest; nothing left over."""
    outcome, steps = undisturbed()
    assert (outcome.left, outcome.dead) == (0, ())
    assert len(outcome.pages) == 1
    assert list(outcome.statuses.values()) == ["resolved"]
    incident, digest = outcome.messages
    assert "nightly" in digest[0]
    assert len(incident[1]) >= 2, "the alarm that joined and the one that ended are told in the thread"
    assert any("POST /slack/api/chat.postMessage" in step for step in steps)


def test_killed_at_any_step_nothing_is_lost_or_doubled() -> None:
    """Whatever step is the last one of a function: in the end people see exactly what they would have seen."""
    expected, steps = undisturbed()
    wrong = {}
    for number, step in enumerate(steps):
        outcome = play(Mortal(number))
        if outcome != expected:
            wrong[f"step {number}, {step}"] = _difference(outcome, expected)
    assert not wrong, f"{len(wrong)} of {len(steps)} steps:\n" + "\n".join(f"{k}: {v}" for k, v in wrong.items())


def _difference(outcome: Outcome, expected: Outcome) -> str:
    names = [name for name in vars(outcome) if getattr(outcome, name) != getattr(expected, name)]
    return "; ".join(f"{name} is {getattr(outcome, name)}, not {getattr(expected, name)}" for name in names)
