"""The model's container, as SageMaker would run it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import urllib3

from sandbox.ports import free_port
from tests.integration.embedded_aws import ROOT, eventually


@contextmanager
def model(**environment: str) -> Iterator[tuple[subprocess.Popen[str], urllib3.HTTPConnectionPool]]:
    """A running container and a connection to it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.model", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    pool = urllib3.HTTPConnectionPool("127.0.0.1", port, retries=False)
    try:
        eventually(lambda: ping(pool), within=30)
        yield process, pool
    finally:
        process.kill()
        process.communicate()
        pool.close()


def ping(pool: urllib3.HTTPConnectionPool) -> bool:
    """Whether the container is healthy."""
    try:
        return pool.request("GET", "/ping").status == 200
    except urllib3.exceptions.HTTPError:
        return False


def test_it_names_the_type_of_bytes() -> None:
    """JSON with label, group, mime_type and score, over one kept connection."""
    with model(MODEL_PASSES="2") as (_, pool):
        samples = {
            "python": b"import sys\n\n\ndef f(x: int) -> int:\n    return x + 1\n\n\nprint(f(1))\n" * 3,
            "empty": b"",
        }
        connections = pool.num_connections
        for label, content in samples.items():
            response = pool.request("POST", "/invocations", body=content)
            assert response.status == 200
            assert response.headers["Content-Type"] == "application/json"
            answer = response.json()
            assert set(answer) == {"label", "group", "mime_type", "score"}
            assert answer["label"] == label
        assert pool.num_connections == connections


def test_a_failing_handler_answers_500_and_writes_its_traceback() -> None:
    """One JSON line, then the traceback; pings and good requests write nothing."""
    with model(MAX_INPUT_BYTES="10") as (process, pool):
        assert pool.request("POST", "/invocations", body=b"small").status == 200
        response = pool.request("POST", "/invocations", body=b"x" * 11)
        assert response.status == 500
        assert "MAX_INPUT_BYTES=10" in response.json()["error"]
        assert ping(pool), "it goes on serving"
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=5)
    ready, error, *traceback = output.splitlines()
    assert "ready" in json.loads(ready)["message"]
    assert json.loads(error) == {
        "level": "ERROR",
        "message": "input of 11 bytes is larger than MAX_INPUT_BYTES=10",
        "error": "ValueError",
        "input_bytes": 11,
    }
    assert traceback[0] == "Traceback (most recent call last):"
    assert traceback[-1] == "ValueError: input of 11 bytes is larger than MAX_INPUT_BYTES=10"
    assert process.returncode == 0


def test_a_bad_setting_is_one_line_and_an_exit_code() -> None:
    """The container does not start, and its only line says why."""
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox.model", "--port", str(free_port())],
        cwd=ROOT,
        env={**os.environ, "MAX_INPUT_BYTES": "a lot"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout.count("\n") == 1
    assert ended.stdout.startswith("sandbox.model: MAX_INPUT_BYTES: 'a lot' is not a whole number")
    assert ended.stderr == ""
