"""What tests may do to the embedded AWS, at `POST /_sandbox/...`: kill a function, and let hidden messages be seen."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.aws import functions, queues

PATHS = ("/_sandbox/kill", "/_sandbox/visibility")
_MOST_SECONDS = 60.0


def answer(path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer; 400 with one line for what makes no sense."""
    try:
        asked = json.loads(body or b"{}")
        if not isinstance(asked, Mapping):
            return 400, {"error": "body: send a JSON object"}
        return _kill(asked) if path == PATHS[0] else _show(asked)
    except ValueError as error:
        return 400, {"error": str(error)}


def _kill(asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    _known(asked, "function", "after_ms", "within_seconds")
    name, within = _name(asked, "function"), _seconds(asked, "within_seconds", 10.0)
    after_ms = _seconds(asked, "after_ms", 0.0, most=_MOST_SECONDS * 1000)
    killed = functions.kill(name, after_ms=after_ms, within_seconds=within)
    if killed is None:
        return 409, {"error": f"function: nothing named {name!r} was invoked within {within:g} s"}
    return 200, killed


def _show(asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    _known(asked, "queue", "seconds")
    name = _name(asked, "queue")
    shown = queues.show_soon(name, _seconds(asked, "seconds", 0.0))
    if shown is None:
        return 404, {"error": f"queue: there is none named {name!r}"}
    return 200, {"messages": shown}


def _known(asked: Mapping[str, Any], *names: str) -> None:
    if unknown := sorted(asked.keys() - set(names)):
        raise ValueError(f"{unknown[0]}: unknown; send {', '.join(names)}")


def _name(asked: Mapping[str, Any], field: str) -> str:
    name = asked.get(field)
    if not isinstance(name, str) or not name:
        raise ValueError(f"{field}: {name!r} is not a name")
    return name


def _seconds(asked: Mapping[str, Any], field: str, default: float, *, most: float = _MOST_SECONDS) -> float:
    value = asked.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"{field}: {value!r} is not a number from 0 to {most:g}")
    return float(value)
