"""The ASGI application: SageMaker and the sandbox's own pages here, everything else in ministack."""

import asyncio
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox.aws import controls, scaling, stacks
from sandbox.aws.sagemaker.errors import ServiceError
from sandbox.aws.sagemaker.runtime import not_supported
from sandbox.aws.sagemaker.service import SageMaker
from sandbox.clock import Clock

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_SIGNED_FOR_SAGEMAKER = re.compile(r"Credential=[^/,]+/\d{8}/[^/,]+/sagemaker/")
_ACCESS_KEY = re.compile(r"Credential=([^/,]+)/")
_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")
_CONTROL_TYPE = "application/x-amz-json-1.1"
_JSON = "application/json"
# As many requests as may wait for a container at once; ministack's own work has another pool.
_THREADS = 128

Reply = tuple[int, Mapping[str, str], bytes]


class EmbeddedAws:
    """Routes by the service that a request is signed for; an unsigned invocation of an endpoint goes there too.

    Args:
        ministack: ministack's application.
        sagemaker: the service that ministack lacks.
        clock: the sandbox's clock.
    """

    def __init__(self, *, ministack: Application, sagemaker: SageMaker, clock: Clock) -> None:
        self._ministack = ministack
        self._sagemaker = sagemaker
        self._clock = clock
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sagemaker")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection event, as ASGI wants it."""
        if scope["type"] != "http":
            await self._ministack(scope, receive, send)
            return
        received = time.perf_counter()
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["path"] in controls.PATHS and scope["method"] == "POST":
            body = await _body(receive)
            answered = await asyncio.get_running_loop().run_in_executor(
                self._threads, controls.answer, scope["path"], body
            )
            await _send(send, _json(*answered))
        elif scope["path"].startswith("/_sandbox/"):
            await _send(send, self._own_page(scope["path"]))
        elif scaling.is_for_scaling(headers.get("x-amz-target", "")):
            await _send(send, _json(*scaling.answer(headers["x-amz-target"]), content_type=_CONTROL_TYPE))
        elif _is_for_sagemaker(headers) or _is_plain_invocation(scope, headers):
            body = await _body(receive)
            reply = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._answer, scope["path"], headers, body, received
            )
            await _send(send, reply)
        else:
            await self._ministack(scope, receive, send)

    def _own_page(self, path: str) -> Reply:
        if path == "/_sandbox/health":
            now = self._clock.now_utc().isoformat()
            return _json(200, {"ready": True, "now": now, "speed": self._clock.speed})
        if path == "/_sandbox/stacks":
            return _json(200, stacks.report())
        return _json(404, {"error": f"{path} is not here; /_sandbox/health and /_sandbox/stacks are"})

    def _answer(self, path: str, headers: Mapping[str, str], body: bytes, received: float) -> Reply:
        target = headers.get("x-amz-target")
        try:
            if target is not None:
                return _json(
                    200, self._sagemaker.answer(target, body, who=_caller(headers)), content_type=_CONTROL_TYPE
                )
            match = _INVOCATIONS.fullmatch(path)
            if match is None:
                raise not_supported(path)
            reply = self._sagemaker.runtime.invoke(match[1], body, headers, received=received)
        except ServiceError as error:
            content_type = _JSON if target is None else _CONTROL_TYPE
            return _json(error.status, error.body(), content_type=content_type, **{"x-amzn-ErrorType": error.code})
        return 200, reply.headers, reply.body


def _caller(headers: Mapping[str, str]) -> str:
    """Who signed a request: the access key, for nobody has a name here."""
    found = _ACCESS_KEY.search(headers.get("authorization", ""))
    return found[1] if found else "anonymous"


def _is_for_sagemaker(headers: Mapping[str, str]) -> bool:
    target = headers.get("x-amz-target", "")
    return target.startswith("SageMaker.") or bool(_SIGNED_FOR_SAGEMAKER.search(headers.get("authorization", "")))


def _is_plain_invocation(scope: Message, headers: Mapping[str, str]) -> bool:
    """Whether somebody invokes an endpoint by hand, say with curl, which does not sign.

    Without a query: S3's POST of a presigned URL has its signature there, and the path might be a bucket and key.
    """
    return (
        scope["method"] == "POST"
        and _INVOCATIONS.fullmatch(scope["path"]) is not None
        and "authorization" not in headers
        and not scope["query_string"]
    )


async def _body(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _json(status: int, content: object, *, content_type: str = _JSON, **headers: str) -> Reply:
    return status, {"Content-Type": content_type, **headers}, json.dumps(content).encode()


async def _send(send: Send, reply: Reply) -> None:
    status, headers, body = reply
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    encoded.append((b"x-amzn-RequestId", str(uuid.uuid4()).encode()))
    encoded.append((b"Content-Length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
