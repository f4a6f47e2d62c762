"""HTTP responses that Starlette does not have."""

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send


class AsciiJSONResponse(JSONResponse):
    """JSON in ASCII: bodies may hold lone surrogates, which are valid JSON and cannot be written as UTF-8."""

    def render(self, content: Any) -> bytes:
        """The bytes of `content`."""
        return json.dumps(content, separators=(",", ":")).encode()


class Dropped(Response):
    """Closes the connection: promises a body and ends without it, which every client reports as a broken connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - Starlette's signature
        """Sends only the head of an answer, so that the server has to close the connection."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Hanging(Response):
    """Answers nothing, ever; calls `on_gone` when the client has closed its connection."""

    def __init__(self, on_gone: Callable[[], None]) -> None:
        super().__init__()
        self._on_gone = on_gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as above
        """Waits for the client to give up."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._on_gone()
