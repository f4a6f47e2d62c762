"""Secrets of the sinks, from Secrets Manager, kept for a few minutes."""

import json
import time
from threading import Lock
from typing import Any

from alert_dispatcher.errors import RejectedError, RetryLaterError

MAX_AGE_SECONDS = 300.0
FRESH_SECONDS = 5.0
"""Within which many that were refused at the same time share one that was read again."""


class Secrets:
    """Reads secrets; values never appear in an error or a log."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._cache: dict[str, tuple[float, str]] = {}
        self._lock = Lock()

    def get(self, arn: str, field: str | None, *, fresh: bool = False) -> str:
        """Return a secret, or one field of a secret that is a JSON object.

        Args:
            arn: the secret.
            field: name of the field, None for the whole text.
            fresh: read it again; after the sink refused the one that was kept.

        Raises:
            RetryLaterError: Secrets Manager did not answer.
            RejectedError: the secret has no such field, or is empty.
        """
        with self._lock:
            text = self._text(arn, FRESH_SECONDS if fresh else MAX_AGE_SECONDS)
        value = text if field is None else _field(arn, text, field)
        if not value.strip():
            raise RejectedError(f"secret {arn} is empty; put the sink's key into it")
        return value.strip()

    def _text(self, arn: str, age: float) -> str:
        known = self._cache.get(arn)
        if known is None or time.monotonic() - known[0] > age:
            try:
                text = str(self._client.get_secret_value(SecretId=arn)["SecretString"])
            except Exception as error:  # botocore's errors, and a binary secret
                raise RetryLaterError(f"secret {arn} could not be read: {type(error).__name__}") from None
            known = (time.monotonic(), text)
            self._cache[arn] = known
        return known[1]


def _field(arn: str, text: str, field: str) -> str:
    try:
        return str(json.loads(text)[field])
    except (ValueError, KeyError, TypeError):
        raise RejectedError(f"secret {arn} has no field {field!r}; it must be a JSON object that has one") from None
