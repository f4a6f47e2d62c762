"""Broken messages, by the ten thousand: none raises, none is dropped."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_enricher.parse import parse
from tests.unit.functions import samples
from tests.unit.functions.fuzz import check, keys, known, variants
from tests.unit.functions.samples import NOW

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["", "ALARM", "OK", "2026-11-23T14:11:04Z", "9" * 400, "\ud800", -1, 10**400, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
FEWEST = 10_000
"""Mutated payloads of one run."""


def exhaust(examples: int, strategy: st.SearchStrategy[Any], payloads: Callable[[Any], int]) -> int:
    """Run a property over examples, each of which tries so many payloads as it returns; returns how many in all."""
    tried = 0

    @settings(max_examples=examples, deadline=None)
    @given(drawn=strategy)
    def run(drawn: Any) -> None:
        nonlocal tried
        tried += payloads(drawn)

    run()
    return tried


@given(payload=JSON | st.text() | st.binary())
def test_no_payload_raises(payload: object) -> None:
    """Whatever arrives, at least one alert comes out, and it travels as JSON unchanged."""
    check(parse(payload, received=NOW))


def test_no_broken_field_raises_or_drops() -> None:
    """Ten thousand times: any field of any message, replaced by anything or absent, is still at least one alert with one key."""
    messages = known()

    def payloads(drawn: tuple[Any, ...]) -> int:
        index, value = drawn
        count = 0
        for changed in variants(messages[index], value):
            check(parse(changed, received=NOW, message_id="m-1"))
            count += 1
        return count

    tried = exhaust(400, st.tuples(st.sampled_from(range(len(messages))), JSON), payloads)
    assert tried >= FEWEST


def test_no_broken_text_raises_or_drops() -> None:
    """Messages cut off anywhere, or with anything in the middle of them, are at least one alert, whose key is always the same."""
    texts = [json.dumps(message) for message in known()] + [samples.envelope(samples.sns_alarm())]

    def payloads(drawn: tuple[Any, ...]) -> int:
        text, at, put, gone = drawn
        place = int(at * len(text))
        for broken in (text[:place], text[:place] + put + text[place + gone :]):
            check(parse(broken, received=NOW, message_id="m-1"))
            assert keys(broken) == keys(broken)
        return 2

    places = st.floats(min_value=0, max_value=1)
    drawn = st.tuples(st.sampled_from(texts), places, st.text(max_size=5), st.integers(min_value=0, max_value=20))
    exhaust(400, drawn, payloads)


@pytest.mark.parametrize("message", [samples.sns_alarm(), samples.event_alarm(), samples.direct_alarm()])
def test_a_key_is_that_of_the_alarm_however_broken_the_rest_is(message: dict[str, object]) -> None:
    """What is neither name, account, region nor ARN does not change the key: a page always finds the one that ends it."""
    identity = {"AlarmName", "AlarmArn", "AWSAccountId", "Region", "NewStateValue", "alarmArn", "alarmData", "detail"}
    identity |= {"account", "accountId", "region", "resources", "detail-type"}
    expected = keys(message)

    @given(name=st.sampled_from(sorted(message.keys() - identity)), value=JSON)
    def holds(name: str, value: object) -> None:
        assert keys({**message, name: value}) == expected

    holds()


@given(count=st.integers(min_value=1, max_value=5), value=JSON)
def test_no_message_of_many_is_dropped(count: int, value: object) -> None:
    """Where SNS hands a function several messages, each of them is at least one alert, whatever one of them is."""
    bodies = [samples.sns_alarm(AlarmName=f"a-{n}", AlarmArn=f"arn:{n}") for n in range(count)]
    event = {"Records": [{"Sns": {"Message": m}} for m in (*map(json.dumps, bodies), value)]}
    alerts = parse(event, received=NOW, message_id="m-1")
    check(alerts)
    assert len(alerts) >= count + 1
    assert len({alert.dedup_key for alert in alerts}) >= count + 1
