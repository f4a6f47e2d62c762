"""PagerDuty's Events API v2: each limit at its edge, and one beyond."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.inbox.contracts.pagerduty import alert_problems, change_problems
from tests.conftest import FIXTURES, needs_fixtures
from tests.unit.inbox.samples import ROUTING_KEY, change_event, resolve, trigger


def with_payload(**changes: Any) -> dict[str, Any]:
    """A trigger with `changes` in its payload."""
    body = trigger()
    body["payload"] = {**body["payload"], **changes}
    return body


def without(field: str) -> dict[str, Any]:
    """A trigger whose payload lacks `field`."""
    body = trigger()
    del body["payload"][field]
    return body


@pytest.mark.parametrize(
    "body",
    [
        trigger(),
        resolve(),
        resolve(event_action="acknowledge"),
        trigger(dedup_key=None),
        trigger(dedup_key="d" * 255),
        with_payload(summary="é" * 1024),
        with_payload(custom_details="a text is taken too"),
        trigger(images=[{"src": "https://example.com/chart.png", "alt": "chart"}]),
        *[with_payload(severity=severity) for severity in ("critical", "error", "warning", "info")],
    ],
)
def test_taken(body: dict[str, Any]) -> None:
    """Bodies at PagerDuty's limits are taken."""
    assert alert_problems(body) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (trigger(routing_key="a" * 31), "Length of 'routing_key' is incorrect (should be 32 characters)"),
        (trigger(routing_key="a" * 33), "Length of 'routing_key' is incorrect (should be 32 characters)"),
        (trigger(routing_key="a" * 31 + "-"), "'routing_key' cannot contain non-alphanumeric characters."),
        (trigger(routing_key=None), "'routing_key' is missing or blank"),
        (trigger(event_action="open"), "'event_action' is invalid"),
        (trigger(event_action=None), "'event_action' is missing or blank"),
        (trigger(dedup_key="d" * 256), "'dedup_key' is too long (maximum is 255 characters)"),
        (trigger(dedup_key=7), "'dedup_key' must be a string"),
        (trigger(payload=None), "'payload' is missing or blank"),
        (without("summary"), "'payload.summary' is missing or blank"),
        (without("source"), "'payload.source' is missing or blank"),
        (without("severity"), "'payload.severity' is missing or blank"),
        (with_payload(source="  "), "'payload.source' is missing or blank"),
        (with_payload(source=1), "'payload.source' must be a string"),
        (with_payload(summary="é" * 1025), "'payload.summary' is too long (maximum is 1024 characters)"),
        (with_payload(severity="Critical"), "'payload.severity' is invalid"),
        (trigger(images=[{"src": "http://example.com/a.png"}]), "'images[0].src' must be served via HTTPS"),
        (trigger(images=[{"alt": "chart"}]), "'images[0].src' is missing or blank"),
        (trigger(links=[{"text": "Runbook"}]), "'links[0].href' is missing or blank"),
        (resolve(dedup_key=None), "'dedup_key' is missing or blank"),
        (resolve(dedup_key="", event_action="acknowledge"), "'dedup_key' is missing or blank"),
    ],
)
def test_refused(body: dict[str, Any], problem: str) -> None:
    """One beyond a limit, or one field missing, is refused with exactly one error that names it."""
    problems = alert_problems(body)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_change_events_need_only_a_key_and_a_summary() -> None:
    """A change event has no action, severity or dedup key."""
    assert change_problems(change_event()) == []
    assert change_problems(change_event(payload={"source": "x"})) == ["'payload.summary' is missing or blank"]
    assert change_problems(change_event(payload={"summary": "é" * 1025})) == [
        "'payload.summary' is too long (maximum is 1024 characters)"
    ]


@needs_fixtures
def test_the_vendors_own_examples_are_taken() -> None:
    """Every example of PagerDuty's documentation is taken, once its placeholder for the key is filled in."""
    bodies = [json.loads(path.read_text()) for path in sorted(FIXTURES.glob("vendors/0*.json"))]
    assert bodies
    for body in bodies:
        problems = alert_problems if "event_action" in body else change_problems
        assert problems({**body, "routing_key": ROUTING_KEY}) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(
    body=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("routing_key", "event_action", "dedup_key", "payload", "images", "links"), _JSON),
    ),
    fields=st.dictionaries(st.sampled_from(["summary", "source", "severity"]), _JSON),
)
def test_never_raises(body: dict[str, Any], fields: dict[str, Any]) -> None:
    """Whatever the fields hold is refused in words, never with an exception."""
    assert alert_problems(body) != []
    assert alert_problems({**trigger(), **body, "routing_key": "short", "payload": fields}) != []
    assert isinstance(change_problems(body), list)
