"""Small stand-ins for the services at the edge."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import ClientError

from tests.cloud.dynamodb import DynamoDb
from tests.cloud.errors import RefusedError


def client_error(code: str, message: str = "") -> ClientError:
    """An error as boto3 raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class FakeDynamoDb:
    """DynamoDB's client, before the one table that the tests have; threads may share it."""

    class exceptions:  # noqa: N801 - boto3's own name
        """Where boto3 keeps a client's exceptions."""

        class ConditionalCheckFailedException(Exception):  # noqa: N818
            """The condition did not hold."""

    def __init__(self) -> None:
        self._table = DynamoDb()
        self.calls: list[str] = []
        """Operations in order."""

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        """What lies in the table, by key."""
        return self._table.items

    def get_item(self, **request: Any) -> Any:
        """As boto3 has it."""
        return self._answer("get_item", request)

    def batch_get_item(self, **request: Any) -> Any:
        """As boto3 has it."""
        return self._answer("batch_get_item", request)

    def put_item(self, **request: Any) -> Any:
        """As boto3 has it."""
        return self._answer("put_item", request)

    def update_item(self, **request: Any) -> Any:
        """As boto3 has it."""
        return self._answer("update_item", request)

    def _answer(self, operation: str, request: Mapping[str, Any]) -> Any:
        self.calls.append(operation)
        try:
            return getattr(self._table, operation)(request)
        except RefusedError as error:
            if error.code == "ConditionalCheckFailedException":
                raise self.exceptions.ConditionalCheckFailedException from error
            raise client_error(error.code, error.message) from error


@dataclass
class FakeAws:
    """Any client: records its calls, and answers with what a test has set for the operation."""

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(*_: Any, **arguments: Any) -> Any:
            self.calls.append((operation, arguments))
            answer = self.answers.get(operation, {})
            if isinstance(answer, BaseException):
                raise answer
            return answer(**arguments) if callable(answer) else answer

        return call

    def called(self, operation: str) -> list[dict[str, Any]]:
        """List the arguments of every call of an operation."""
        return [arguments for name, arguments in self.calls if name == operation]


@dataclass(frozen=True)
class Answer:
    """What the service answers to one request."""

    status: int = 200
    body: Any = "ok"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Request:
    """What the service got."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """As many as a batch has deliveries may connect at once; of more than five the others would be late or refused."""


class Service:
    """An HTTP service on a free port of 127.0.0.1 that answers as a test says."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.path, dict(self.headers), body)
                service.requests.append(request)
                answer = service.answer(request)
                payload = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload.encode())))
                with suppress(ConnectionError):  # whoever asked may have given up
                    self.end_headers()
                    self.wfile.write(payload.encode())

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def paths(self) -> list[str]:
        """List the paths asked for, in order."""
        return [request.path for request in self.requests]

    @contextmanager
    def running(self) -> Iterator["Service"]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
