"""Bodies of requests as values: JSON, HTML forms, multipart uploads."""

import json
from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl


def json_value(text: bytes | str) -> Any:
    """The JSON value in `text`.

    Raises:
        ValueError: not JSON, or JSON that no service takes (NaN, nesting without end).
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def form_fields(body: bytes) -> dict[str, Any]:
    """The fields of an `application/x-www-form-urlencoded` body; of a repeated field the last.

    Raises:
        ValueError: more fields than any service takes.
    """
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=200))


def uploaded_bytes(body: bytes, content_type: str) -> bytes:
    """The file in the body of an upload: the first file of a multipart form, else the whole body."""
    if not content_type.lower().startswith("multipart/form-data"):
        return body
    header = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1", errors="replace")
    parts = message_from_bytes(header + body).get_payload()
    for part in parts if isinstance(parts, list) else ():
        content = part.get_payload(decode=True) if isinstance(part, Message) else None
        if isinstance(content, bytes):
            return content
    return b""
