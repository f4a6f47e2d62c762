"""Errors as the SageMaker APIs answer them."""


class ServiceError(Exception):
    """An error a caller receives.

    Args:
        code: the API's error code, such as `ValidationException`.
        message: the API's text.
        status: HTTP status.
        details: further members of the error's body, such as `OriginalStatusCode`.
    """

    def __init__(self, code: str, message: str, *, status: int = 400, **details: str | int) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.details = details

    def body(self) -> dict[str, str | int]:
        """The JSON body. Both spellings of the message: the two protocols of SageMaker differ in it."""
        return {"__type": self.code, "message": str(self), "Message": str(self), **self.details}


def invalid(message: str) -> ServiceError:
    """A `ValidationException` of the control plane."""
    return ServiceError("ValidationException", message)
