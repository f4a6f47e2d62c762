"""The SageMaker container contract over HTTP/1.1: `GET /ping` and `POST /invocations`."""

import json
import sys
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Predict = Callable[[bytes], dict[str, str | float]]


class ModelServer(ThreadingHTTPServer):
    """Serves one predictor on the loopback interface, a thread a connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, predict: Predict) -> None:
        self.predict = predict
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one segment

    def do_GET(self) -> None:
        self._answer(HTTPStatus.OK if self.path == "/ping" else HTTPStatus.NOT_FOUND, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/invocations":
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"{self.path} is not served here"})
            return
        try:
            self._answer(HTTPStatus.OK, self.server.predict(body))
        except Exception as error:
            self._report(error, len(body))
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": f"{type(error).__name__}: {error}"})

    def _report(self, error: Exception, size: int) -> None:
        line = {"level": "ERROR", "message": str(error), "error": type(error).__name__, "input_bytes": size}
        sys.stdout.write(json.dumps(line) + "\n" + "".join(traceback.format_exception(error)))
        sys.stdout.flush()

    def _answer(self, status: HTTPStatus, content: dict[str, str | float]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Write nothing: requests are counted by the endpoint, and `/ping` lines only clutter."""
