"""Faults that the inbox can be told to show: errors, delays, closed connections, each for a number of requests."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

SINKS = ("pagerduty", "slack", "email")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to the next `count` requests of one sink.

    Args:
        sink: `pagerduty`, `slack` or `email`.
        count: how many requests are left to hit.
        status: HTTP status to answer with instead of handling the request, 400 to 599.
        retry_after: value of the `Retry-After` header, in seconds; goes with `status`.
        delay_seconds: wait this long first; without `status`, `ok_false` and `drop` the request is then handled as usual.
        ok_false: Slack's error code, answered with HTTP 200 and `ok` false.
        drop: close the connection without an answer.
    """

    sink: str
    count: int = 1
    status: int | None = None
    retry_after: int | None = None
    delay_seconds: float | None = None
    ok_false: str | None = None
    drop: bool = False

    @property
    def answers(self) -> bool:
        """Whether the request ends here, unhandled."""
        return self.drop or self.status is not None or self.ok_false is not None

    def __str__(self) -> str:
        parts = [f"waits {self.delay_seconds:g} s"] if self.delay_seconds is not None else []
        if self.drop:
            parts.append("closes the connection")
        elif self.ok_false is not None:
            parts.append(f"answers ok false, {self.ok_false}")
        elif self.status is not None:
            parts.append(f"answers {self.status}")
        return ", ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The fault as `POST /api/faults` takes it."""
        return {name: value for name, value in asdict(self).items() if value not in (None, False)}


def parse_fault(body: object) -> Fault:
    """The fault that `body` asks for.

    Raises:
        ValueError: one line that names the field, its value and the fix.
    """
    if not isinstance(body, Mapping):
        raise ValueError(  # noqa: TRY004 - one kind of error for whatever arrives
            'a fault is a JSON object, such as {"sink": "slack", "status": 429, "retry_after": 30, "count": 10}'
        )
    unknown = sorted(body.keys() - Fault.__dataclass_fields__.keys())
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown; a fault has {', '.join(Fault.__dataclass_fields__)}")
    if body.get("sink") not in SINKS:
        raise ValueError(f"sink: {body.get('sink')!r} is not one of {', '.join(SINKS)}")
    _whole_number(body, "count", 1, 1_000_000)
    _whole_number(body, "status", 400, 599)
    _whole_number(body, "retry_after", 0, 86_400)
    delay = body.get("delay_seconds")
    if delay is not None and (isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 < delay <= 600):
        raise ValueError(f"delay_seconds: {delay!r} is not a number of seconds above 0 and up to 600")
    ok_false = body.get("ok_false")
    if ok_false is not None and (body["sink"] != "slack" or not isinstance(ok_false, str) or not ok_false):
        raise ValueError(f"ok_false: {ok_false!r} must be one of Slack's error codes, with sink slack")
    if not isinstance(body.get("drop", False), bool):
        raise ValueError(f"drop: {body['drop']!r} is not true or false")  # noqa: TRY004 - as above
    if body.get("retry_after") is not None and body.get("status") is None:
        raise ValueError("retry_after: goes with a status, such as 429")
    if sum((body.get("status") is not None, ok_false is not None, bool(body.get("drop")))) > 1:
        raise ValueError("a fault has at most one of status, ok_false and drop")
    fault = Fault(**{name: value for name, value in body.items() if value is not None})
    if not fault.answers and delay is None:
        raise ValueError("a fault needs one of status, delay_seconds, ok_false and drop")
    return fault


def _whole_number(body: Mapping[str, Any], name: str, least: int, most: int) -> None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most):
        raise ValueError(f"{name}: {value!r} is not a whole number from {least} to {most}")


class Faults:
    """The faults still to come, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Adds a fault behind those of the same sink."""
        self._pending.append(fault)

    def clear(self) -> None:
        """Forgets all faults."""
        self._pending.clear()

    def pending(self) -> list[Fault]:
        """The faults that still have requests to hit, with the number left."""
        return list(self._pending)

    def take(self, sink: str) -> Fault | None:
        """The fault that hits the request of `sink` that came in just now."""
        for index, fault in enumerate(self._pending):
            if fault.sink == sink:
                if fault.count == 1:
                    del self._pending[index]
                else:
                    self._pending[index] = replace(fault, count=fault.count - 1)
                return fault
        return None
