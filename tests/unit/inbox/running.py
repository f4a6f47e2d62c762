"""The real server in a process of its own, and a client for it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from sandbox.ports import free_port
from tests.unit.inbox.samples import CHANNEL, TOKEN

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer of the server."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """Its body as JSON."""
        return json.loads(self.content)


@dataclass(frozen=True, kw_only=True)
class Client:
    """Talks to the inbox on `port` of this machine."""

    port: int

    @property
    def url(self) -> str:
        """The inbox's URL."""
        return f"http://127.0.0.1:{self.port}"

    def request(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Sends bytes as they are and everything else as JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
            response = connection.getresponse()
            content = response.read()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Reply(status=response.status, headers=names, content=content)
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """The JSON at `path`."""
        return self.request("GET", path).json

    def post(self, path: str, body: object) -> Reply:
        """Posts JSON, or bytes as they are."""
        return self.request("POST", path, body)

    def slack(self, method: str, body: object, *, token: str = TOKEN) -> Any:
        """Calls a Slack method and returns its answer, which always comes with HTTP 200."""
        reply = self.request("POST", f"/slack/api/{method}", body, {"Authorization": f"Bearer {token}"})
        assert reply.status == 200
        return reply.json

    def slack_form(self, method: str, body: bytes) -> Any:
        """Calls a Slack method with a form body."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-www-form-urlencoded"}
        return self.request("POST", f"/slack/api/{method}", body, headers).json

    def upload(self, data: bytes, *, name: str = "chart.png", title: str = "Model errors", **share: str) -> Any:
        """Uploads a file in Slack's three steps and returns the answer to the last."""
        opened = self.slack_form("files.getUploadURLExternal", f"filename={name}&length={len(data)}".encode())
        path = opened["upload_url"].removeprefix(self.url)
        sent = self.request("POST", path, data, {"Content-Type": "application/octet-stream"})
        assert sent.status == 200
        return self.slack(
            "files.completeUploadExternal",
            {"files": [{"id": opened["file_id"], "title": title}], "channel_id": CHANNEL, **share},
        )


@contextmanager
def running_inbox(*options: str) -> Iterator[Client]:
    """Starts `python -m sandbox.inbox` on a free port, and stops it with SIGTERM."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.inbox", "--port", str(port), *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        client = Client(port=port)
        deadline = time.monotonic() + 30
        while True:
            try:
                assert client.get("/api/health") == {"ready": True}
                break
            except OSError:
                assert process.poll() is None, "the inbox ended before it served"
                assert time.monotonic() < deadline, "the inbox did not serve within 30 s"
                time.sleep(0.05)
        yield client
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0, "the inbox did not end cleanly on SIGTERM"
