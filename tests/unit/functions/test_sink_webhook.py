"""The signed webhook: what a receiver can rely on."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alert_common.incident import Stage, Told
from alert_common.page import Action
from alert_dispatcher.errors import RejectedError
from alert_dispatcher.sinks import webhook
from alert_dispatcher.sinks.base import Update
from tests.unit.functions import samples
from tests.unit.functions.fakes import Answer
from tests.unit.functions.samples import page, resolved, update
from tests.unit.functions.world import SIGNING, World, running, to

OPEN = Told(seq=1, stage=Stage.OPEN)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a dispatcher with its sinks."""
    with running(monkeypatch) as made:
        yield made


def test_the_signature_is_that_of_the_published_example() -> None:
    """The vector that the specification's reference libraries test themselves with."""
    signature = webhook.sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_plain_secret_signs_as_it_is() -> None:
    """A secret without the prefix is the key itself; one with the prefix that is no base64 is refused in words."""
    mac = hmac.new(b"a plain secret", b"id.7.{}", hashlib.sha256).digest()
    assert webhook.sign("a plain secret", "id", 7, b"{}") == f"v1,{base64.b64encode(mac).decode()}"
    with pytest.raises(RejectedError, match="is not base64; mend it"):
        webhook.sign("whsec_!", "id", 7, b"{}")


def test_a_message_that_comes_again_has_the_same_id(world: World) -> None:
    """The answer was lost: the receiver can drop the repeat, and checks what came."""
    world.happens(page())
    world.answers["/hook"] = [Answer(status=502)]
    assert world.run(to("webhook")) == ["m0"]
    world.passes(seconds=6)
    assert world.run(to("webhook")) == []
    first, second = world.service.requests
    names = {name.lower(): value for name, value in second.headers.items()}
    assert names["webhook-id"] == first.json()["id"] == second.json()["id"]
    at = int(names["webhook-timestamp"])
    assert names["webhook-signature"] == webhook.sign(SIGNING, names["webhook-id"], at, second.body)


@pytest.mark.parametrize(
    ("made", "kind", "state"),
    [
        (update(page()), "incident.opened", "open"),
        (update(page(Action.INFORM)), "incident.notice", "notice"),
        (update(page(), page(Action.NOTE), told=OPEN), "incident.updated", "open"),
        (update(page(), resolved(), told=OPEN), "incident.closed", "over"),
        (update(page(), resolved()), "incident.closed", "over"),
        (
            update(page(), told=replace(OPEN, at=samples.NOW - timedelta(hours=1)), remind_seconds=60),
            "incident.reminder",
            "open",
        ),
    ],
)
def test_the_document_says_what_it_is_about(made: Update, kind: str, state: str) -> None:
    """Type and state; every message of an incident has an id of its own."""
    document = webhook.document(made)
    assert (document["type"], document["incident"]["state"]) == (kind, state)
    assert set(document) == {
        "type",
        "id",
        "at",
        "stands_in",
        "incident",
        "alerts",
        "news",
        "diagnosis",
        "what_changed",
        "how_bad",
        "do_first",
        "missing",
        "links",
    }
    assert document["id"] == webhook.document(replace(made, now=made.now + timedelta(seconds=1)))["id"]
    assert document["id"] != webhook.document(replace(made, incident=replace(made.incident, id="another")))["id"]
