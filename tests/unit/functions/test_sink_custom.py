"""A sink of one's own: a module with a class, named by its type."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alert_common.incident import Stage
from alert_dispatcher.sinks import registry
from alert_dispatcher.sinks.base import DigestSink, Sink
from tests.unit.functions.fakes import Answer
from tests.unit.functions.samples import page
from tests.unit.functions.world import KEY, World, running, to

MODULE = """
from alert_dispatcher import http
from alert_dispatcher.brief import brief


class Opsgenie:
    def __init__(self, settings, tools):
        self._url, self._key = settings["url"], tools.secret(settings)

    def messages(self, update):
        return int(update.opens or update.closes)

    def send(self, update, remember):
        body = {"message": brief(update.page).headline, "alias": update.incident.id}
        http.post_json(self._url, body, headers={"Authorization": f"GenieKey {self._key(False)}"})

    def probe(self):
        http.post_json(self._url, {})


class Lame:
    def __init__(self, settings, tools):
        pass
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    """Return a dispatcher whose package of custom sinks has a module `opsgenie`."""
    folder = tmp_path / registry.CUSTOM
    folder.mkdir()
    (folder / "opsgenie.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    with running(monkeypatch) as made:
        yield made
    for name in [name for name in sys.modules if name.startswith(registry.CUSTOM)]:
        del sys.modules[name]


def custom(world: World, of: str) -> None:
    """Make the sink `hook` a custom one."""
    world.settings["sinks"]["hook"]["settings"] = {
        "type": f"opsgenie:{of}",
        "url": f"{world.service.url}/v2/alerts",
        "secret": "key",
        "secret_field": "routing",
    }


def test_a_few_lines_are_a_sink(world: World) -> None:
    """It is retried, rate-limited and remembered like any other, without a line about that."""
    custom(world, "Opsgenie")
    world.happens(page())
    world.answers["/v2/alerts"] = [Answer(status=503)]
    assert world.run(to("hook")) == ["m0"]
    assert world.run(to("hook")) == []
    assert world.run(to("hook")) == []
    assert len(world.service.requests) == 2
    request = world.service.requests[-1]
    assert request.headers["Authorization"] == f"GenieKey {KEY}"
    assert request.json()["message"].startswith("ranker is failing")
    assert world.told("hook").stage is Stage.OPEN


@pytest.mark.parametrize(
    ("of", "why"),
    [("Nobody", "cannot be made: AttributeError"), ("Lame", "is no sink; it must have messages, send and probe")],
)
def test_a_class_that_is_no_sink_is_said_to_be_none(world: World, of: str, why: str) -> None:
    """Its deliveries become dead letters that say what to mend."""
    custom(world, of)
    world.happens(page())
    assert world.run(to("hook")) == []
    (buried,) = world.buried()
    assert why in buried["MessageAttributes"]["reason"]["StringValue"]


def test_the_sinks_that_are_there_hold_the_protocol(world: World) -> None:
    """Each is a Sink, and those without a document or an event for each incident take digests."""
    from alert_dispatcher import handler

    gatherers = {name for name in world.settings["sinks"] if isinstance(handler._sink(name), DigestSink)}
    assert all(isinstance(handler._sink(name), Sink) for name in world.settings["sinks"])
    assert gatherers == {"slack", "hook", "email"}
