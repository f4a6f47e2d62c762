"""Small stand-ins for the services at the edge."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import ClientError


def client_error(code: str, message: str = "") -> ClientError:
    """An error as boto3 raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class FakeDynamoDb:
    """One table of DynamoDB, as far as `alert_common.store` uses it; threads may share it."""

    class exceptions:  # noqa: N801 - boto3's own name
        """Where boto3 keeps a client's exceptions."""

        class ConditionalCheckFailedException(Exception):  # noqa: N818
            """The condition did not hold."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        """Operations in order."""
        self._lock = threading.RLock()

    def update_item(self, *, TableName: str, Key: Any, UpdateExpression: str, **more: Any) -> Any:  # noqa: N803
        """As boto3 has it: SET and REMOVE of attributes, ADD to a set of strings."""
        with self._lock:
            self.calls.append("update_item")
            id = Key["id"]["S"]
            values = more.get("ExpressionAttributeValues", {})
            self._check(id, more.get("ConditionExpression", ""), values)
            changed = dict(self.items.get(id, {"id": {"S": id}}))
            clauses = re.split(r"\b(SET|REMOVE|ADD)\b", UpdateExpression)[1:]
            for clause, text in zip(clauses[::2], clauses[1::2], strict=True):
                for part in text.split(","):
                    if clause == "SET":
                        name, _, value = part.strip().partition(" = ")
                        changed[name] = values[value]
                    elif clause == "REMOVE":
                        changed.pop(part.strip(), None)
                    else:
                        name, value = part.split()
                        changed[name] = {"SS": sorted({*changed.get(name, {"SS": []})["SS"], *values[value]["SS"]})}
            self.items[id] = changed
            return {"Attributes": dict(changed)} if more.get("ReturnValues") == "ALL_NEW" else {}

    def get_item(self, *, TableName: str, Key: Any, ConsistentRead: bool) -> Any:  # noqa: N803
        """As boto3 has it."""
        assert ConsistentRead
        self.calls.append("get_item")
        item = self.items.get(Key["id"]["S"])
        return {"Item": dict(item)} if item else {}

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803
        """As boto3 has it: a hundred keys at most, none twice."""
        with self._lock:
            self.calls.append("batch_get_item")
            ((table, wanted),) = RequestItems.items()
            assert wanted["ConsistentRead"]
            ids = [key["id"]["S"] for key in wanted["Keys"]]
            assert 0 < len(ids) == len(set(ids)) <= 100
            return {
                "Responses": {table: [dict(self.items[id]) for id in ids if id in self.items]},
                "UnprocessedKeys": {},
            }

    def put_item(self, *, TableName: str, Item: Any, **more: Any) -> Any:  # noqa: N803
        """As boto3 has it."""
        with self._lock:
            self.calls.append("put_item")
            id = Item["id"]["S"]
            self._check(id, more.get("ConditionExpression", ""), more.get("ExpressionAttributeValues", {}))
            self.items[id] = dict(Item)
            return {}

    def _check(self, id: str, condition: str, values: Any) -> None:
        """Raise where a condition does not hold: comparisons and `attribute_not_exists`, joined by OR."""
        item = self.items.get(id, {})

        def holds(term: str) -> bool:
            if absent := re.fullmatch(r"attribute_not_exists\((\w+)\)", term):
                return absent[1] not in item
            name, sign, value = term.split(" ")
            assert sign in {"=", "<"}
            have, want = item.get(name), values[value]
            if have is None or sign == "=":
                return bool(have == want)
            return float(have["N"]) < float(want["N"])

        if condition and not any(holds(term) for term in condition.split(" OR ")):
            raise self.exceptions.ConditionalCheckFailedException


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

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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
