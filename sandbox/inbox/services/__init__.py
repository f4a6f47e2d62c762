"""The services behind the inbox: each takes a request's body, changes the inbox's state, and says what to answer."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer to a request.

    Args:
        status: HTTP status.
        body: JSON value, or text to be sent as it is.
        headers: further HTTP headers.
        problems: why the request was refused or dropped; empty when it was taken.
        dropped: whether it was taken and had no effect.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    dropped: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the service took the request."""
        return self.dropped or not self.problems
