"""The inbox as a web application: the services' endpoints, the inbox API, and the page."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.inbox.api import api_routes
from sandbox.inbox.endpoints import service_routes
from sandbox.inbox.inbox import Inbox
from sandbox.inbox.page import STATIC, render_page
from sandbox.inbox.receive import MOST_BYTES, TooLargeError

_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(inbox: Inbox) -> Starlette:
    """The application that serves `inbox`."""

    async def page(request: Request) -> Response:
        tag = f'"{id(inbox):x}-{inbox.revision}"'
        headers = {**_PAGE_HEADERS, "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(render_page(inbox), headers=headers, media_type="text/html; charset=utf-8")

    async def picture(request: Request) -> Response:
        file = inbox.workspace.files.get(request.path_params["file_id"])
        if file is None or file.data is None:
            return Response("no such file", 404, media_type="text/plain")
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
        if not file.is_picture:
            headers["Content-Disposition"] = "attachment"
        return Response(file.data, headers=headers, media_type=file.media_type)

    async def too_large(_request: Request, _error: Exception) -> Response:
        return Response(f"the inbox takes bodies of at most {MOST_BYTES} bytes", 413, media_type="text/plain")

    routes: list[BaseRoute] = [
        Route("/", page),
        Route("/slack/files/{file_id}", picture),
        *service_routes(inbox),
        *api_routes(inbox),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(routes=routes, exception_handlers={TooLargeError: too_large})
