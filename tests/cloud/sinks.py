"""The sandbox's inbox without a network: PagerDuty, Slack and e-mail, called where urllib3 would open a connection."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from starlette.types import Message as AsgiMessage
from urllib3 import HTTPConnectionPool, HTTPResponse
from urllib3.exceptions import ProtocolError

from sandbox.inbox.app import create_app
from sandbox.inbox.inbox import Inbox
from tests.cloud.clock import WallClock

HOST = "inbox.test"
URL = f"http://{HOST}"

Step = Callable[[str], None]


class Sinks:
    """An inbox, and what it was asked, in order.

    Args:
        at: its clock.
        step: called with what happens, before and after each request takes effect.
    """

    def __init__(self, at: WallClock, step: Step = lambda _: None) -> None:
        self.inbox = Inbox(now=at.now)
        self.paths: list[str] = []
        self._app = create_app(self.inbox)
        self._step = step

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Answer every request to `URL` that urllib3 makes in the block; there is nothing else to reach."""
        sinks = self

        def urlopen(pool: HTTPConnectionPool, method: str, url: str, **more: Any) -> HTTPResponse:
            assert pool.host == HOST, f"a request to {pool.host}, which the cloud of the tests does not have"
            return sinks.request(method, url, more.get("body") or b"", more.get("headers") or {})

        with patch.object(HTTPConnectionPool, "urlopen", urlopen):
            yield

    def request(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> HTTPResponse:
        """Hand one request to the inbox.

        Raises:
            ProtocolError: the inbox closes the connection without an answer.
        """
        parts = urlsplit(target)
        what = f"{method} {parts.path}"
        self._step(f"before {what}")
        self.paths.append(parts.path)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "server": (HOST, 80),
            "client": ("127.0.0.1", 1),
            "root_path": "",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(b"host", HOST.encode()), *((k.lower().encode(), v.encode()) for k, v in headers.items())],
        }
        sent: list[AsgiMessage] = []

        async def receive() -> AsgiMessage:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: AsgiMessage) -> None:
            sent.append(message)

        asyncio.run(self._app(scope, receive, send))
        self._step(f"after {what}")
        content = b"".join(message.get("body", b"") for message in sent[1:])
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        if int(found.get("content-length", 0)) != len(content):
            raise ProtocolError("Connection broken: the inbox closed it")
        return HTTPResponse(body=content, headers=found, status=sent[0]["status"])
