"""What a receiver of signed webhooks checks. Source: standardwebhooks.com, the specification 1.0."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

SECRET = "whsec_c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGJveCE="  # noqa: S105 - made up, for the sandbox only
"""The secret that the inbox checks with unless it is told another."""
TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """The key in a secret such as `whsec_c2FuZGJveA==`.

    Raises:
        ValueError: it is no such secret.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not (key and secret.startswith(_PREFIX)):
        raise ValueError(f"webhook secret: it is not {_PREFIX} followed by base64")
    return key


def signature_problems(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> list[str]:
    """Why a receiver would refuse a webhook; empty when it is fine.

    Args:
        headers: by lower-case name.
        body: as it came.
        secret: `whsec_` and base64.
        now: Unix seconds.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    absent = [
        name
        for name, value in (
            ("webhook-id", message_id),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signatures),
        )
        if not value
    ]
    if absent:
        return [f"header {name} is missing" for name in absent]
    if not (timestamp.isascii() and timestamp.isdigit()):
        return ["webhook-timestamp is not a whole number of Unix seconds"]
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return [f"webhook-timestamp is more than {TOLERANCE_SECONDS} s off"]
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest())
    given = [entry.removeprefix("v1,") for entry in signatures.split(" ") if entry.startswith("v1,")]
    if any(hmac.compare_digest(expected, entry.encode()) for entry in given):
        return []
    return ["webhook-signature holds no v1 signature that fits secret, id, timestamp and body"]
