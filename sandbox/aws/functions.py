"""What Lambda adds to an invocation: its metrics however it came about, and an end in the middle of one."""

import os
import signal
import time
from contextlib import suppress
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from sandbox.aws.sagemaker.metrics import Record

_LOG_SECONDS = 0.005
"""How long to wait for log lines after an answer; ministack's 50 ms would be most of a short invocation."""
_LOOK_SECONDS = 0.001


def install(record: Record) -> None:
    """Publish AWS/Lambda metrics of every invocation, those by queues and events included."""
    dispatch, acquire = lambda_svc._execute_function_dispatch, lambda_svc._acquire_execution_slot
    drain = lambda_runtime.Worker._drain_stderr_bounded

    def dispatch_and_record(func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        result = dispatch(func, config, event, request_id, started)
        values = {"Invocations": 1, "Errors": 1 if result.get("error") else 0, "Throttles": 0}
        _publish(record, config, **values)
        duration = (time.time() - started) * 1000
        record("AWS/Lambda", "Duration", duration, unit="Milliseconds", dimensions=_dimensions(config))
        return result

    def acquire_and_record(func: Any, config: Any) -> Any:
        slot, limit = acquire(func, config)
        if slot is None:
            _publish(record, config, Throttles=1)
        return slot, limit

    lambda_svc._execute_function_dispatch = dispatch_and_record
    lambda_svc._acquire_execution_slot = acquire_and_record
    # ministack's own: only of direct invocations.
    lambda_svc._emit_lambda_metrics = lambda *_positional, **_named: None
    lambda_runtime.Worker._drain_stderr_bounded = lambda self: drain(
        self, first_line_wait=_LOG_SECONDS, idle_confirm=_LOG_SECONDS / 2
    )


def kill(name: str, *, after_ms: float, within_seconds: float) -> dict[str, Any] | None:
    """Kill the process that serves an invocation, as a crash would; the next invocation starts another.

    Args:
        name: a part of the function's name, whatever its case.
        after_ms: how long the invocation goes on before; one that is under way when this is called has begun just then.
        within_seconds: how long to wait for an invocation.

    Returns:
        `{"function", "pid"}` of what was killed; None when nothing was invoked in time.
    """
    deadline = time.monotonic() + within_seconds
    while True:
        serving = _serving(name)
        if serving is not None:
            worker, process = serving
            time.sleep(after_ms / 1000)
            if worker.in_use and process.poll() is None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                return {"function": worker.func_name, "pid": process.pid}
        if time.monotonic() > deadline:
            return None
        time.sleep(_LOOK_SECONDS)


def _serving(name: str) -> tuple[Any, Any] | None:
    for pool in list(lambda_runtime._workers.values()):
        for worker in list(pool):
            process = worker._proc
            if name.lower() in worker.func_name.lower() and worker.in_use and process and process.poll() is None:
                return worker, process
    return None


def _publish(record: Record, config: dict[str, Any], **counts: int) -> None:
    for metric, count in counts.items():
        record("AWS/Lambda", metric, count, unit="Count", dimensions=_dimensions(config))


def _dimensions(config: dict[str, Any]) -> dict[str, str]:
    return {"FunctionName": config["FunctionName"]}
