"""E-mail as SNS would send it."""

from datetime import datetime

from sandbox.inbox.contracts.mail import DEFAULT_SUBJECT, mail_problems
from sandbox.inbox.inbox import Inbox, Mail, iso
from sandbox.inbox.payloads import json_value
from sandbox.inbox.services import Answer


def receive(inbox: Inbox, raw: bytes, at: datetime) -> Answer:
    """Answers `POST /email`."""
    try:
        body = json_value(raw)
    except ValueError as error:
        return Answer(status=400, body={"errors": [f"not JSON: {error}"]}, problems=(f"not JSON: {error}",))
    if problems := mail_problems(body):
        return Answer(status=400, body={"errors": problems}, problems=tuple(problems))
    subject = body.get("subject") or DEFAULT_SUBJECT
    inbox.mails.append(Mail(at=iso(at), to=body["to"], subject=subject, body=body["body"], topic=body["topic"]))
    return Answer(status=200, body={"status": "received"})
