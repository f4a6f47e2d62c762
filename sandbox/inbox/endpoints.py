"""The endpoints of the services, each turning an HTTP request into a `Reception`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.inbox.contracts.slack import SlackError
from sandbox.inbox.faults import Fault
from sandbox.inbox.inbox import Inbox
from sandbox.inbox.payloads import json_value
from sandbox.inbox.receive import Reception, read, receive
from sandbox.inbox.services import Answer, mail, pagerduty, slack, slack_files, slack_history, slack_webhook, webhook

_METHODS: dict[str, Callable[[Inbox, slack.Call], Answer]] = {
    "auth.test": slack.auth_test,
    "chat.postMessage": slack.post_message,
    "chat.update": slack.update,
    "conversations.history": slack_history.history,
    "conversations.replies": slack_history.replies,
    "files.getUploadURLExternal": slack_files.get_upload_url,
    "files.completeUploadExternal": slack_files.complete_upload,
}


def service_routes(inbox: Inbox) -> list[Route]:
    """The routes under `/pagerduty`, `/slack`, `/email` and `/webhook`."""

    async def email(request: Request) -> Response:
        return await _json_service(
            inbox, request, sink="email", handle=mail.receive, fault_body=lambda fault: {"errors": [str(fault)]}
        )

    async def enqueue(request: Request) -> Response:
        return await _json_service(
            inbox, request, sink="pagerduty", handle=pagerduty.enqueue, fault_body=pagerduty.fault_body
        )

    async def change(request: Request) -> Response:
        return await _json_service(
            inbox, request, sink="pagerduty", handle=pagerduty.change, fault_body=pagerduty.fault_body
        )

    async def method(request: Request) -> Response:
        return await _slack_method(inbox, request)

    async def incoming_webhook(request: Request) -> Response:
        return await _slack_webhook(inbox, request)

    async def signed_webhook(request: Request) -> Response:
        return await _signed_webhook(inbox, request)

    async def upload(request: Request) -> Response:
        return await _slack_upload(inbox, request)

    return [
        Route("/email", email, methods=["POST"]),
        Route("/pagerduty/v2/enqueue", enqueue, methods=["POST"]),
        Route("/pagerduty/v2/change/enqueue", change, methods=["POST"]),
        Route("/slack/api/{method}", method, methods=["GET", "POST"]),
        Route("/slack/services/{path:path}", incoming_webhook, methods=["POST"]),
        Route("/slack/upload/v1/{ticket}", upload, methods=["POST"]),
        Route("/webhook/{path:path}", signed_webhook, methods=["POST"]),
    ]


async def _json_service(
    inbox: Inbox,
    request: Request,
    *,
    sink: str,
    handle: Callable[[Inbox, bytes, datetime], Answer],
    fault_body: Callable[[Fault], Any],
) -> Response:
    raw = await read(request)
    body, credential = _masked(inbox, _shown(inbox, raw), "routing_key")
    reception = Reception(
        sink=sink,
        path=request.url.path,
        body=body,
        credential=credential,
        handle=lambda at: handle(inbox, raw, at),
        fault_answer=lambda fault: _fault_answer(fault, fault.status or 500, fault_body(fault)),
    )
    return await receive(inbox, reception)


async def _slack_method(inbox: Inbox, request: Request) -> Response:
    raw = await read(request)
    name = request.path_params["method"]
    arguments = slack.arguments_of(raw, request.headers.get("content-type", ""), request.query_params)
    known = {} if isinstance(arguments, SlackError) else arguments
    authorization = request.headers.get("authorization", "")
    token = slack.token_of(known, authorization)
    author = inbox.masks.mask(token) if token else None
    shown = inbox.masks.scrub(raw.decode(errors="replace")) if isinstance(arguments, SlackError) else arguments
    body, _ = _masked(inbox, shown, "token")

    def handle(at: datetime) -> Answer:
        if name not in _METHODS:
            return slack.refused(SlackError(code="unknown_method"))
        if isinstance(arguments, SlackError):
            return slack.refused(arguments)
        if error := slack.authorized(arguments, authorization):
            return slack.refused(error)
        base_url = str(request.base_url).rstrip("/") + "/slack"
        return _METHODS[name](inbox, slack.Call(arguments=arguments, author=author or "", at=at, base_url=base_url))

    reception = Reception(
        sink="slack",
        path=request.url.path,
        body=body,
        credential=author,
        handle=handle,
        fault_answer=lambda fault: _fault_answer(fault, fault.status or 200, slack.fault_body(fault)),
    )
    return await receive(inbox, reception)


async def _slack_webhook(inbox: Inbox, request: Request) -> Response:
    raw = await read(request)
    path = request.path_params["path"]
    start, slash, secret = path.rpartition("/")
    mask = inbox.masks.mask(secret)
    reception = Reception(
        sink="slack",
        path=f"/slack/services/{start}{slash}{mask}",
        body=_shown(inbox, raw),
        credential=mask,
        handle=lambda at: slack_webhook.send(inbox, path, raw, at),
        fault_answer=lambda fault: _fault_answer(fault, *slack_webhook.fault_answer(fault)),
    )
    return await receive(inbox, reception)


async def _signed_webhook(inbox: Inbox, request: Request) -> Response:
    raw = await read(request)
    reception = Reception(
        sink="webhook",
        path=request.url.path,
        body=_shown(inbox, raw),
        credential=None,
        handle=lambda at: webhook.receive(inbox, request.path_params["path"], request.headers, raw, at),
        fault_answer=lambda fault: _fault_answer(fault, fault.status or 500, webhook.fault_body(fault)),
    )
    return await receive(inbox, reception)


async def _slack_upload(inbox: Inbox, request: Request) -> Response:
    raw = await read(request)
    ticket = request.path_params["ticket"]
    file = inbox.workspace.uploading(ticket)
    reception = Reception(
        sink="slack",
        path=request.url.path,
        body={"file_id": file.id if file else None, "filename": file.name if file else None, "bytes": len(raw)},
        credential=None,
        handle=lambda _: slack_files.upload(inbox, ticket, raw, request.headers.get("content-type", "")),
        fault_answer=lambda fault: _fault_answer(fault, *slack_webhook.fault_answer(fault)),
    )
    return await receive(inbox, reception)


def _shown(inbox: Inbox, raw: bytes) -> Any:
    """The JSON value of a body, or its text when it is none, without what looks like a credential."""
    try:
        return json_value(raw)
    except ValueError:
        return inbox.masks.scrub(raw.decode(errors="replace"))


def _masked(inbox: Inbox, body: Any, name: str) -> tuple[Any, str | None]:
    """`body` with its field `name` masked, and the mask."""
    secret = body.get(name) if isinstance(body, dict) else None
    if secret is None:
        return body, None
    mask = inbox.masks.mask(str(secret))
    return {**body, name: mask}, mask


def _fault_answer(fault: Fault, status: int, body: Any) -> Answer:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return Answer(status=status, body=body, headers=headers, problems=(f"fault: {fault}",))
