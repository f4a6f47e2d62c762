"""SNS's rules for e-mail."""

from typing import Any

import pytest

from sandbox.inbox.contracts.mail import mail_problems
from tests.unit.inbox.samples import mail


@pytest.mark.parametrize("body", [mail(), mail(subject="s" * 100), mail(subject=None), mail(body="é" * 131_072)])
def test_taken(body: dict[str, Any]) -> None:
    """E-mails at SNS's limits are taken; the subject may be left out."""
    assert mail_problems(body) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (mail(subject="s" * 101), "subject: 101 characters"),
        (mail(subject="Störung"), "subject: holds characters beyond ASCII"),
        (mail(subject="one\ntwo"), "subject: holds line breaks"),
        (mail(subject="bell\x07"), "subject: holds line breaks"),
        (mail(subject=" ranker"), "subject: must begin with"),
        (mail(subject=""), "subject: must be a text"),
        (mail(body="é" * 131_072 + "a"), "body: 262145 bytes"),
        (mail(body=""), "body: must be a text"),
        (mail(to="oncall"), "to: 'oncall' is not an e-mail address"),
        (mail(topic="alerts"), "topic: 'alerts' is not the ARN of a topic"),
    ],
)
def test_refused(body: dict[str, Any], problem: str) -> None:
    """One beyond a limit is refused with one line that names the field."""
    problems = mail_problems(body)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_not_an_object() -> None:
    """Anything but an object is refused."""
    assert mail_problems(["to"]) == ["the e-mail must be a JSON object with to, subject, body and topic"]
