"""How the cloud refuses."""


class RefusedError(Exception):
    """What a service answers instead; botocore makes the client's own exception of it.

    Args:
        code: the service's word for it, such as `ConditionalCheckFailedException`.
        message: what people read.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status
