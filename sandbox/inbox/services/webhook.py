"""A receiver of signed webhooks that takes each id once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.inbox.contracts.webhook import signature_problems
from sandbox.inbox.faults import Fault
from sandbox.inbox.inbox import Inbox, Webhook, iso
from sandbox.inbox.payloads import json_value
from sandbox.inbox.services import Answer


def receive(inbox: Inbox, path: str, headers: Mapping[str, str], raw: bytes, at: datetime) -> Answer:
    """Answers a POST to `/webhook/PATH`: 401 without a valid signature, 400 for what is no JSON."""
    if problems := signature_problems(headers, raw, secret=inbox.webhook_secret, now=at.timestamp()):
        return Answer(status=401, body={"errors": problems}, problems=tuple(problems))
    try:
        body = json_value(raw)
    except ValueError as error:
        return Answer(status=400, body={"errors": [f"not JSON: {error}"]}, problems=(f"not JSON: {error}",))
    message_id = headers["webhook-id"]
    known = inbox.webhooks.get(message_id)
    if known is not None:
        inbox.webhooks[message_id] = known.again()
        problem = f"webhook-id {message_id} has come before: taken as a repetition"
        return Answer(status=200, body={"status": "duplicate"}, problems=(problem,), dropped=True)
    inbox.webhooks[message_id] = Webhook(id=message_id, at=iso(at), path=path, body=body)
    return Answer(status=200, body={"status": "received"})


def fault_body(fault: Fault) -> Any:
    """What the receiver writes with `fault`."""
    return {"errors": [str(fault)]}
