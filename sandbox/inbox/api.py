"""The inbox's own API: what arrived, what became of it, and which faults to show."""

from json import JSONDecodeError

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.inbox.faults import Fault, parse_fault
from sandbox.inbox.inbox import Inbox
from sandbox.inbox.payloads import json_value
from sandbox.inbox.receive import read
from sandbox.inbox.replies import AsciiJSONResponse


def api_routes(inbox: Inbox) -> list[Route]:
    """The routes under `/api`."""

    async def health(_request: Request) -> Response:
        return AsciiJSONResponse({"ready": True})

    async def events(_request: Request) -> Response:
        return AsciiJSONResponse([event.as_json() for event in inbox.events])

    async def clear_events(_request: Request) -> Response:
        inbox.clear()
        return Response(status_code=204)

    async def incidents(_request: Request) -> Response:
        return AsciiJSONResponse([incident.as_json() for incident in inbox.incidents.incidents])

    async def messages(_request: Request) -> Response:
        return AsciiJSONResponse(inbox.workspace.as_json(inbox.channel_names))

    async def faults(_request: Request) -> Response:
        return AsciiJSONResponse([fault.as_json() for fault in inbox.faults.pending()])

    async def add_fault(request: Request) -> Response:
        try:
            fault = _fault(await read(request))
        except ValueError as error:
            return AsciiJSONResponse({"error": str(error)}, 400)
        inbox.faults.add(fault)
        return AsciiJSONResponse(fault.as_json(), 201)

    async def clear_faults(_request: Request) -> Response:
        inbox.faults.clear()
        return Response(status_code=204)

    return [
        Route("/api/health", health, methods=["GET"]),
        Route("/api/events", events, methods=["GET"]),
        Route("/api/events", clear_events, methods=["DELETE"]),
        Route("/api/incidents", incidents, methods=["GET"]),
        Route("/api/messages", messages, methods=["GET"]),
        Route("/api/faults", faults, methods=["GET"]),
        Route("/api/faults", add_fault, methods=["POST"]),
        Route("/api/faults", clear_faults, methods=["DELETE"]),
    ]


def _fault(body: bytes) -> Fault:
    try:
        return parse_fault(json_value(body))
    except JSONDecodeError as error:
        example = '{"sink": "slack", "status": 429, "retry_after": 30, "count": 10}'
        raise ValueError(f"body: {error}; send JSON such as {example}") from error
