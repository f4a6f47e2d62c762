"""The two ways in which a sink does not take a message."""


class RetryLaterError(Exception):
    """The sink cannot now: too many requests, a server error, a timeout. The delivery goes back to its queue."""

    def __init__(self, why: str, *, after_seconds: float | None = None) -> None:
        super().__init__(why)
        self.after_seconds = after_seconds
        """What the sink asked for; None where it did not say."""


class RejectedError(Exception):
    """The sink will never take this message; sending it again changes nothing."""


class UnauthorizedError(RejectedError):
    """The sink refused the credentials; a newer secret may help."""
