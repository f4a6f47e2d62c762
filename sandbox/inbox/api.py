"""The inbox's own API: what arrived, what became of it, and which faults to show."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import islice
from json import JSONDecodeError

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sandbox.inbox.faults import SINKS, Fault, parse_fault
from sandbox.inbox.inbox import Event, Inbox
from sandbox.inbox.payloads import json_value
from sandbox.inbox.receive import read
from sandbox.inbox.replies import AsciiJSONResponse

_EVENTS_AT_ONCE = 200


def api_routes(inbox: Inbox) -> list[Route]:
    """The routes under `/api`."""
    api = _Api(inbox)
    return [
        Route("/api/health", api.health, methods=["GET"]),
        Route("/api/events", api.events, methods=["GET"]),
        Route("/api/events", api.clear_events, methods=["DELETE"]),
        Route("/api/incidents", api.incidents, methods=["GET"]),
        Route("/api/messages", api.messages, methods=["GET"]),
        Route("/api/webhooks", api.webhooks, methods=["GET"]),
        Route("/api/limits", api.limits, methods=["GET"]),
        Route("/api/limits", api.set_limits, methods=["POST"]),
        Route("/api/faults", api.faults, methods=["GET"]),
        Route("/api/faults", api.add_fault, methods=["POST"]),
        Route("/api/faults", api.clear_faults, methods=["DELETE"]),
    ]


class _Api:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def health(self, _request: Request) -> Response:
        return AsciiJSONResponse({"ready": True})

    async def events(self, request: Request) -> Response:
        try:
            chosen = _chosen(self._inbox, request.query_params)
        except ValueError as error:
            return AsciiJSONResponse({"error": str(error)}, 400)
        return StreamingResponse(_array(chosen), media_type="application/json")

    async def clear_events(self, _request: Request) -> Response:
        self._inbox.clear()
        return Response(status_code=204)

    async def incidents(self, _request: Request) -> Response:
        return AsciiJSONResponse([incident.as_json() for incident in self._inbox.incidents.incidents])

    async def messages(self, _request: Request) -> Response:
        return AsciiJSONResponse(self._inbox.workspace.as_json(self._inbox.channel_names))

    async def webhooks(self, _request: Request) -> Response:
        return AsciiJSONResponse([dict(vars(webhook)) for webhook in self._inbox.webhooks.values()])

    async def limits(self, _request: Request) -> Response:
        return AsciiJSONResponse(self._inbox.limits.as_json())

    async def set_limits(self, request: Request) -> Response:
        try:
            self._inbox.limits.enforced = _enforce(await read(request))
        except ValueError as error:
            return AsciiJSONResponse({"error": str(error)}, 400)
        return AsciiJSONResponse(self._inbox.limits.as_json())

    async def faults(self, _request: Request) -> Response:
        return AsciiJSONResponse([fault.as_json() for fault in self._inbox.faults.pending()])

    async def add_fault(self, request: Request) -> Response:
        try:
            fault = _fault(await read(request))
        except ValueError as error:
            return AsciiJSONResponse({"error": str(error)}, 400)
        self._inbox.faults.add(fault)
        return AsciiJSONResponse(fault.as_json(), 201)

    async def clear_faults(self, _request: Request) -> Response:
        self._inbox.faults.clear()
        return Response(status_code=204)


def _fault(body: bytes) -> Fault:
    try:
        return parse_fault(json_value(body))
    except JSONDecodeError as error:
        example = '{"sink": "slack", "status": 429, "retry_after": 30, "count": 10}'
        raise ValueError(f"body: {error}; send JSON such as {example}") from error


def _enforce(body: bytes) -> bool:
    try:
        asked = json_value(body)
    except JSONDecodeError:
        asked = None
    if not isinstance(asked, dict) or asked.keys() != {"enforce"} or not isinstance(asked["enforce"], bool):
        raise ValueError('body: send {"enforce": true} or {"enforce": false}')
    return asked["enforce"]


def _chosen(inbox: Inbox, query: Mapping[str, str]) -> list[Event]:
    """Events after the id `after`, of the sink `sink`, `limit` at most (the oldest)."""
    numbers = {}
    for name, default in (("after", "0"), ("limit", "1000000")):
        value = query.get(name, default)
        if not (value.isascii() and value.isdigit()):
            raise ValueError(f"{name}: {value!r} is not a whole number")
        numbers[name] = int(value)
    if (sink := query.get("sink")) not in (None, *SINKS):
        raise ValueError(f"sink: {sink!r} is not one of {', '.join(SINKS)}")
    events = (event for event in inbox.events_after(numbers["after"]) if sink in (None, event.sink))
    return list(islice(events, numbers["limit"]))


async def _array(events: Sequence[Event]) -> AsyncIterator[bytes]:
    """A JSON array in pieces, so that nobody waits while tens of thousands are written."""
    yield b"["
    for start in range(0, len(events), _EVENTS_AT_ONCE):
        piece = ",".join(json.dumps(event.as_json()) for event in events[start : start + _EVENTS_AT_ONCE])
        yield (b"," if start else b"") + piece.encode()
        await asyncio.sleep(0)
    yield b"]"
