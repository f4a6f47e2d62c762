"""How every request of a service is received: noted, hit by a fault if one is due, handled, answered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.inbox.faults import Fault
from sandbox.inbox.inbox import Inbox
from sandbox.inbox.replies import AsciiJSONResponse, Dropped, Hanging
from sandbox.inbox.services import Answer

MOST_BYTES = 32 * 1024 * 1024


class TooLargeError(Exception):
    """A request body beyond what the inbox keeps in memory."""


@dataclass(frozen=True, kw_only=True)
class Reception:
    """One request to be handled.

    Args:
        sink: the sink it belongs to.
        path: its path as it may be shown.
        body: its body as it may be shown.
        credential: its masked credential.
        handle: handles it, given when it came.
        fault_answer: what the service writes with a fault.
    """

    sink: str
    path: str
    body: Any
    credential: str | None
    handle: Callable[[datetime], Answer]
    fault_answer: Callable[[Fault], Answer]


async def read(request: Request) -> bytes:
    """The request's body.

    Raises:
        TooLargeError: it is larger than `MOST_BYTES`.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLargeError
    return bytes(body)


async def receive(inbox: Inbox, reception: Reception) -> Response:
    """Receives one request and returns the answer to it."""
    at = inbox.now()
    event_id = inbox.record(
        sink=reception.sink, at=at, path=reception.path, body=reception.body, credential=reception.credential
    )
    fault = inbox.faults.take(reception.sink, reception.path)
    if fault:
        inbox.update(event_id, fault=str(fault))
    if fault and fault.delay_seconds is not None:
        await asyncio.sleep(fault.delay_seconds)
    taken = False
    if fault and fault.accept_then is not None:
        handled = reception.handle(at)
        taken, fault = handled.accepted, fault.afterwards()
        inbox.update(event_id, accepted=taken, dropped=handled.dropped, problems=handled.problems)
    if fault and fault.drop:
        inbox.update(event_id, status=0, problems=("fault: the connection was closed",))
        return Dropped()
    if fault and fault.hang:
        problem = "fault: never answered, the client gave up"
        return Hanging(lambda: inbox.update(event_id, status=0, problems=(problem,)))
    answer = reception.fault_answer(fault) if fault and fault.answers else reception.handle(at)
    inbox.update(
        event_id,
        status=answer.status,
        accepted=taken or answer.accepted,
        dropped=answer.dropped,
        problems=answer.problems,
    )
    if isinstance(answer.body, str):
        return Response(answer.body, answer.status, answer.headers, media_type="text/plain; charset=utf-8")
    return AsciiJSONResponse(answer.body, answer.status, answer.headers)
