"""What one enricher found, and in which words it says why something is not there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from alert_common.context import Context, Missing

_REASONS = {
    "AccessDenied": "access denied",
    "AccessDeniedException": "access denied",
    "UnauthorizedOperation": "access denied",
    "Throttling": "throttled",
    "ThrottlingException": "throttled",
    "TooManyRequestsException": "throttled",
    "ResourceNotFoundException": "not found",
    "ResourceNotFound": "not found",
    "ConnectTimeoutError": "timed out",
    "ReadTimeoutError": "timed out",
    "TimeoutError": "timed out",
    "EndpointConnectionError": "unreachable",
    "NoCredentialsError": "no credentials",
}
_NOT_FOUND = ("Could not find", "Requested resource not found")
"""How SageMaker begins what other services have a code for."""


class AnswerError(Exception):
    """A server did not answer with what was asked for; `why` says it in a word or two."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Fields of the `Context`, by name; and what could not be found out although the rest could."""

    values: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()


def put_in(context: Context, finding: Finding) -> Context:
    """Add what was found; what several enrichers find of the same kind is put together, changes the newest first."""
    values = dict(finding.values)
    if "changes" in values:
        values["changes"] = tuple(sorted({*context.changes, *values["changes"]}, key=lambda c: c.at, reverse=True))
    if "logs" in values:
        values["logs"] = (*context.logs, *values["logs"])
    return replace(context, **values, missing=(*context.missing, *finding.missing))


def reason(error: BaseException) -> str:
    """Say in a word or two why something could not be fetched; AWS's own message may hold names of roles."""
    if isinstance(error, AnswerError):
        return error.why
    response = getattr(error, "response", None)
    details = response.get("Error", {}) if isinstance(response, dict) else {}
    code = str(details.get("Code", "")) or type(error).__name__
    if code == "ValidationException" and str(details.get("Message", "")).startswith(_NOT_FOUND):
        return "not found"
    return _REASONS.get(code, code)
