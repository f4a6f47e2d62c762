"""PagerDuty's Events API v2: alert events and change events."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sandbox.inbox.contracts.pagerduty import MAX_BYTES, alert_problems, change_problems
from sandbox.inbox.faults import Fault
from sandbox.inbox.inbox import Inbox, iso
from sandbox.inbox.payloads import json_value
from sandbox.inbox.services import Answer

_THROTTLED = {
    "status": "throttle exceeded",
    "message": "Requests for this service are arriving too quickly. Please retry later.",
}


def enqueue(inbox: Inbox, raw: bytes, at: datetime) -> Answer:
    """Answers `POST /v2/enqueue`."""
    body, refusal = _parsed(raw)
    if refusal:
        return refusal
    if problems := alert_problems(body):
        return _invalid(problems)
    key = inbox.masks.mask(body["routing_key"])
    if refusal := _too_fast(inbox, key, at):
        return refusal
    dedup_key = body.get("dedup_key") or uuid4().hex
    taken = inbox.incidents.take(routing_key=key, dedup_key=dedup_key, event=_without_key(body), at=iso(at))
    answer = {"status": "success", "message": "Event processed", "dedup_key": dedup_key}
    if taken:
        return Answer(status=202, body=answer)
    problem = f"{body['event_action']} without an open alert of this dedup_key and routing_key: PagerDuty drops it"
    return Answer(status=202, body=answer, problems=(problem,), dropped=True)


def change(inbox: Inbox, raw: bytes, at: datetime) -> Answer:
    """Answers `POST /v2/change/enqueue`."""
    body, refusal = _parsed(raw)
    if refusal:
        return refusal
    if problems := change_problems(body):
        return _invalid(problems)
    if refusal := _too_fast(inbox, inbox.masks.mask(body["routing_key"]), at):
        return refusal
    inbox.incidents.changes.append((iso(at), _without_key(body)))
    return Answer(status=202, body={"status": "success", "message": "Change event processed"})


def fault_body(fault: Fault) -> Any:
    """What PagerDuty writes with the status of `fault`."""
    if fault.status == 429:
        return _THROTTLED
    if fault.status == 400:
        return _invalid(["refused by a fault of the inbox"]).body
    return {"status": "error", "message": f"answered {fault.status} by a fault of the inbox"}


def _too_fast(inbox: Inbox, key: str, at: datetime) -> Answer | None:
    wait = inbox.limits.take("pagerduty", key, at.timestamp())
    if wait is None:
        return None
    problem = f"more than 120 events a minute with this routing key; {wait} s to wait"
    return Answer(status=429, body=_THROTTLED, headers={"Retry-After": str(wait)}, problems=(problem,))


def _parsed(raw: bytes) -> tuple[Any, Answer | None]:
    if len(raw) > MAX_BYTES:
        problem = f"{len(raw)} bytes; the Events API takes at most {MAX_BYTES}"
        return None, Answer(status=413, body="Request Entity Too Large", problems=(problem,))
    try:
        return json_value(raw), None
    except ValueError:
        return None, _invalid(["Invalid JSON"])


def _invalid(problems: list[str]) -> Answer:
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": problems}
    return Answer(status=400, body=body, problems=tuple(problems))


def _without_key(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "routing_key"}
