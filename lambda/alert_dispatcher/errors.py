"""The ways in which a sink does not take a message."""


class RetryLaterError(Exception):
    """The sink fails: a server error, a timeout, no connection. The delivery goes back to its queue."""

    def __init__(self, why: str, *, after_seconds: float | None = None) -> None:
        super().__init__(why)
        self.after_seconds = after_seconds
        """What the sink asked for; None where it did not say."""


class TooManyRequestsError(RetryLaterError):
    """The sink works, and wants to be left alone for a while."""


class NoTimeError(RetryLaterError):
    """The function has no time left for another request; nothing is wrong with the sink."""


class RejectedError(Exception):
    """The sink will never take this message; sending it again changes nothing."""


class UnauthorizedError(RejectedError):
    """The sink refused the credentials; a newer secret may help."""
