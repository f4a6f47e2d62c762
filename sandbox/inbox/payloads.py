"""Bodies of requests as values: JSON, HTML forms, multipart uploads."""

import json
from email import policy
from email.parser import BytesParser
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
    message = BytesParser(policy=policy.HTTP).parsebytes(header + body)
    for part in message.iter_parts() if message.is_multipart() else ():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            return content
    return b""
