"""HTTP to the sinks: short timeouts, no retries of its own, answers sorted into taken, later, never."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import urllib3

from alert_dispatcher.errors import (
    NoTimeError,
    RejectedError,
    RetryLaterError,
    TooManyRequestsError,
    UnauthorizedError,
)

CONNECT_SECONDS, READ_SECONDS = 2.0, 10.0
LONGEST_SECONDS = CONNECT_SECONDS + READ_SECONDS
"""One request takes no longer."""
CONNECTIONS = 50
"""Kept to one host: as many as there are deliveries in a batch."""
LONGEST_ASKED_SECONDS = 12 * 3600.0
"""For which a sink is left alone at most, whatever it asks: a proxy's slip must not silence it for years."""
OPTIONAL_SECONDS = 8.0
"""For one request that has to be done by some time, and that nothing depends on."""


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer that counts as taken (2xx)."""

    status: int
    body: bytes

    def json(self) -> Mapping[str, Any]:
        """Read the body as a JSON object.

        Raises:
            RetryLaterError: it is none; a proxy's page instead of the service's answer.
        """
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise RetryLaterError("the answer is not JSON") from error
        if not isinstance(value, dict):
            raise RetryLaterError("the answer is not a JSON object")
        return value


def post_json(url: str, body: object, *, headers: Mapping[str, str] | None = None) -> Response:
    """Post JSON; see `post` for errors."""
    return post(url, encode(body), headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def encode(body: object) -> bytes:
    """Write JSON as UTF-8; lone surrogates, which UTF-8 cannot carry, become question marks."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def post(url: str, body: bytes, *, headers: Mapping[str, str], until: float | None = None) -> Response:
    """Post bytes.

    Args:
        url: where to.
        body: what.
        headers: with its type.
        until: the `time.monotonic()` by which an optional request is given up; None for one that matters.

    Raises:
        TooManyRequestsError: 429.
        NoTimeError: `until` has passed.
        RetryLaterError: 408, 425, 5xx, a redirect, a timeout, no connection.
        UnauthorizedError: 401 or 403.
        RejectedError: any other status.
    """
    timeout = _timeout(until)
    try:
        answer = _pool().request(
            "POST", url, body=body, headers=dict(headers), retries=False, redirect=False, timeout=timeout
        )
    except urllib3.exceptions.HTTPError as error:
        # The error's text names the URL, and a webhook's URL is a secret.
        raise RetryLaterError(f"no answer: {type(error).__name__}") from None
    if 200 <= answer.status < 300:
        return Response(status=answer.status, body=answer.data)
    what = f"HTTP {answer.status}: {answer.data[:300].decode('utf-8', 'replace')}"
    if answer.status == 429:
        raise TooManyRequestsError(what, after_seconds=retry_after(answer.headers.get("Retry-After")))
    if answer.status in {408, 425} or answer.status >= 500 or 300 <= answer.status < 400:
        raise RetryLaterError(what, after_seconds=retry_after(answer.headers.get("Retry-After")))
    raise (UnauthorizedError if answer.status in {401, 403} else RejectedError)(what)


def retry_after(header: str | None) -> float | None:
    """Read a Retry-After header: seconds, or an HTTP date; None where it is neither. Half a day at most."""
    if header is None:
        return None
    try:
        return _bounded(float(header)) if float(header) < float("inf") else None
    except ValueError:
        pass
    try:
        return _bounded(parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), LONGEST_ASKED_SECONDS)


def _timeout(until: float | None) -> urllib3.Timeout:
    if until is None:
        return urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    left = until - time.monotonic()
    if left <= 0:
        raise NoTimeError("no time left")
    return urllib3.Timeout(connect=CONNECT_SECONDS, total=min(left, OPTIONAL_SECONDS))


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=CONNECTIONS)
