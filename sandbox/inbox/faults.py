"""Faults that the inbox can be told to show, for a number of requests: as asked for, or at random for storms."""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

SINKS = ("pagerduty", "slack", "email", "webhook")
_KINDS = ("status", "ok_false", "drop", "hang", "accept_then")
_LEAST_STATUS, _MOST_STATUS = 400, 599


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to the next `count` requests of one sink.

    Args:
        sink: `pagerduty`, `slack`, `email` or `webhook`.
        path: which of its requests, as a pattern with `*` over the request's path: `/slack/api/conversations.*`.
        count: how many requests are left to hit.
        status: HTTP status to answer with instead of handling the request, 400 to 599.
        retry_after: value of the `Retry-After` header, in seconds; goes with a status.
        delay_seconds: wait this long first; alone, the request is then handled as usual.
        ok_false: Slack's error code, answered with HTTP 200 and `ok` false.
        drop: close the connection without an answer.
        hang: never answer; ends when the client gives up.
        accept_then: take the request as usual, then answer this status, or `drop` the connection: the caller cannot know.
        random: share of requests by what hits them: a status (`429`), `hang`, `drop` or `close` (the same), and these after
            the request was taken (`accept_then_500`, `accept_then_drop`); the rest is handled as usual.
        seed: of the random choice.
    """

    sink: str
    path: str = "*"
    count: int = 1
    status: int | None = None
    retry_after: int | None = None
    delay_seconds: float | None = None
    ok_false: str | None = None
    drop: bool = False
    hang: bool = False
    accept_then: int | str | None = None
    random: Mapping[str, float] | None = None
    seed: int | None = None

    @property
    def kinds(self) -> list[str]:
        """The fields that say how the request ends."""
        return [name for name in _KINDS if getattr(self, name) not in (None, False)]

    @property
    def answers(self) -> bool:
        """Whether the service itself writes what this fault says, instead of handling the request."""
        return self.status is not None or self.ok_false is not None

    def __str__(self) -> str:
        parts = [f"waits {self.delay_seconds:g} s"] if self.delay_seconds is not None else []
        if self.drop:
            parts.append("closes the connection")
        elif self.hang:
            parts.append("never answers")
        elif self.ok_false is not None:
            parts.append(f"answers ok false, {self.ok_false}")
        elif self.status is not None:
            parts.append(f"answers {self.status}")
        elif self.accept_then is not None:
            parts.append(
                "takes it, then "
                + ("closes the connection" if self.accept_then == "drop" else f"answers {self.accept_then}")
            )
        return ", ".join(parts)

    def afterwards(self) -> "Fault":
        """What is done once an `accept_then` has been taken."""
        if self.accept_then == "drop":
            return replace(self, accept_then=None, drop=True)
        return replace(self, accept_then=None, status=int(self.accept_then or 500))

    def as_json(self) -> dict[str, Any]:
        """The fault as `POST /api/faults` takes it."""
        return {name: value for name, value in asdict(self).items() if value not in (None, False, "*")}


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
    _check_fields(body)
    fault = Fault(**{name: value for name, value in body.items() if value is not None})
    _check_together(fault)
    return fault


def _check_fields(body: Mapping[str, Any]) -> None:
    _whole_number(body, "count", 1, 1_000_000)
    _whole_number(body, "status", _LEAST_STATUS, _MOST_STATUS)
    _whole_number(body, "retry_after", 0, 86_400)
    _whole_number(body, "seed", 0, 2**63 - 1)
    delay = body.get("delay_seconds")
    if delay is not None and (isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 < delay <= 600):
        raise ValueError(f"delay_seconds: {delay!r} is not a number of seconds above 0 and up to 600")
    ok_false = body.get("ok_false")
    if ok_false is not None and (body["sink"] != "slack" or not isinstance(ok_false, str) or not ok_false):
        raise ValueError(f"ok_false: {ok_false!r} must be one of Slack's error codes, with sink slack")
    for name in ("drop", "hang"):
        if not isinstance(body.get(name, False), bool):
            raise ValueError(f"{name}: {body[name]!r} is not true or false")  # noqa: TRY004 - as above
    if not isinstance(body.get("path", "*"), str):
        raise ValueError(f"path: {body['path']!r} is not a pattern such as /slack/api/conversations.*")  # noqa: TRY004
    if body.get("accept_then") not in (None, "drop"):
        _whole_number(body, "accept_then", _LEAST_STATUS, _MOST_STATUS)
    shares = body.get("random")
    if shares is not None:
        _check_shares(body["sink"], shares)


def _check_together(fault: Fault) -> None:
    if len(fault.kinds) + (fault.random is not None) > 1:
        raise ValueError(f"a fault has at most one of {', '.join(_KINDS)} and random")
    if fault.retry_after is not None and fault.random is None and fault.status is None:
        raise ValueError("retry_after: goes with a status, such as 429, or with random")
    if fault.seed is not None and fault.random is None:
        raise ValueError("seed: goes with random")
    if not fault.kinds and fault.random is None and fault.delay_seconds is None:
        raise ValueError(f"a fault needs one of {', '.join(_KINDS)}, random and delay_seconds")


def _check_shares(sink: str, shares: object) -> None:
    if not isinstance(shares, Mapping) or not shares:
        raise ValueError(f'random: {shares!r} is not an object of shares, such as {{"429": 0.1, "hang": 0.02}}')
    for name, share in shares.items():
        try:
            _drawn(Fault(sink=sink), name)
        except ValueError:
            raise ValueError(
                f"random: {name!r} is not a status from 400 to 599, hang, drop, close, accept_then_STATUS or accept_then_drop"
            ) from None
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ValueError(f"random: {share!r} for {name} is not a share from 0 to 1")
    if sum(shares.values()) > 1 + 1e-9:
        raise ValueError(f"random: the shares add up to {sum(shares.values()):g}; at most 1 is possible")


def _drawn(fault: Fault, name: str) -> Fault:
    """The fault that `name` in `random` stands for; `fault` says what else holds for it."""
    single = replace(fault, random=None, seed=None, count=1)
    if name in ("drop", "close"):
        return replace(single, drop=True, retry_after=None)
    if name == "hang":
        return replace(single, hang=True, retry_after=None)
    if name == "accept_then_drop":
        return replace(single, accept_then="drop", retry_after=None)
    status = int(name.removeprefix("accept_then_"))
    if not _LEAST_STATUS <= status <= _MOST_STATUS:
        raise ValueError(name)
    if name.startswith("accept_then_"):
        return replace(single, accept_then=status, retry_after=None)
    return replace(single, status=status, retry_after=fault.retry_after if status in (429, 503) else None)


def _whole_number(body: Mapping[str, Any], name: str, least: int, most: int) -> None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most):
        raise ValueError(f"{name}: {value!r} is not a whole number from {least} to {most}")


@dataclass(kw_only=True)
class _Pending:
    fault: Fault
    left: int
    choice: random.Random = field(default_factory=random.Random)

    def next(self) -> Fault | None:
        self.left -= 1
        if self.fault.random is None:
            return self.fault
        point = self.choice.random()
        for name, share in self.fault.random.items():
            point -= share
            if point < 0:
                return _drawn(self.fault, name)
        return None


class Faults:
    """The faults still to come, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._pending: list[_Pending] = []

    def add(self, fault: Fault) -> None:
        """Adds a fault behind those of the same sink."""
        self._pending.append(_Pending(fault=fault, left=fault.count, choice=random.Random(fault.seed)))  # noqa: S311

    def clear(self) -> None:
        """Forgets all faults."""
        self._pending.clear()

    def pending(self) -> list[Fault]:
        """The faults that still have requests to hit, with the number left."""
        return [replace(pending.fault, count=pending.left) for pending in self._pending]

    def take(self, sink: str, path: str = "") -> Fault | None:
        """The fault that hits the request of `sink` that came in just now; None for none."""
        for index, pending in enumerate(self._pending):
            if pending.fault.sink == sink and fnmatchcase(path, pending.fault.path):
                fault = pending.next()
                if pending.left == 0:
                    del self._pending[index]
                return fault
        return None
