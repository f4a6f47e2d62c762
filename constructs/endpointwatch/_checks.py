"""Checks of settings: one clear line that names the field, the value and the fix."""

import re
from collections.abc import Collection
from datetime import timedelta
from urllib.parse import urlsplit

from aws_cdk import Duration, Token

_URL = re.compile(r"https?://[^\s/]+\S*")
_S3_URL = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S+")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/\S*)?")
# What CloudFormation accepts as a tag value.
_TAG_VALUE = re.compile(r"[\w\s.:/=+\-@]{1,256}")
_ENVIRONMENT = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


def number(field: str, value: object, *, low: float, high: float, fix: str) -> float:
    """`value`, when it is a number between `low` and `high` (both included)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{field}: {value!r} is not a number; {fix}")
    if not low <= value <= high:
        raise ValueError(f"{field}: {value!r} is not between {low:g} and {high:g}; {fix}")
    return value


def whole(field: str, value: object, *, low: int, high: int, fix: str) -> int:
    """`value`, when it is a whole number between `low` and `high` (both included)."""
    number(field, value, low=low, high=high, fix=fix)
    if not isinstance(value, int):
        raise TypeError(f"{field}: {value!r} is not a whole number; {fix}")
    return value


def one_of(field: str, value: object, allowed: Collection[object]) -> None:
    """Refuses a `value` that is not among `allowed`."""
    if value not in tuple(allowed):
        names = ", ".join(str(choice) for choice in allowed)
        raise ValueError(f"{field}: {value!r} is not known; choose one of {names}")


def instance(field: str, value: object, *types: type, fix: str) -> None:
    """Refuses a `value` that is of none of `types`."""
    if not isinstance(value, types):
        raise TypeError(f"{field}: {value!r} is of type {type(value).__name__}; {fix}")


def text(field: str, value: object, *, fix: str) -> str:
    """`value`, when it is a string that is not blank; a CDK token passes."""
    if not isinstance(value, str):
        raise TypeError(f"{field}: {value!r} is not a string; {fix}")
    if not value.strip():
        raise ValueError(f"{field}: is empty; {fix}")
    return value


def resource_name(field: str, value: object) -> str:
    """`value`, when SageMaker accepts it as a name (a CDK token passes)."""
    name = text(field, value, fix="give a name of letters, digits and hyphens")
    if not _NAME.fullmatch(name) and not Token.is_unresolved(name):
        raise ValueError(f"{field}: {name!r} is no SageMaker name; use 1 to 63 letters, digits and single hyphens")
    return name


def environment(value: object) -> str:
    """`value`, when it can be part of every name that it becomes part of, a dashboard's among them (a CDK token passes)."""
    name = text("environment", value, fix="give a name such as prod")
    if not _ENVIRONMENT.fullmatch(name) and not Token.is_unresolved(name):
        raise ValueError(f"environment: {name!r} is no name; use 1 to 64 letters, digits, hyphens and underscores")
    return name


def s3_url(field: str, value: object) -> str:
    """`value`, when it is an `s3://bucket/key` URL (a CDK token passes)."""
    url = text(field, value, fix="give an s3://bucket/key URL")
    if not _S3_URL.fullmatch(url) and not Token.is_unresolved(url):
        raise ValueError(f"{field}: {url!r} is no S3 URL; write s3://bucket/path/model.tar.gz")
    return url


def https_url(field: str, value: object) -> str:
    """`value`, when it is an https URL; http is accepted on the loopback interface only."""
    url = text(field, value, fix="give an https:// URL")
    if Token.is_unresolved(url):
        return url
    try:
        parts = urlsplit(url)
        accepted = (parts.scheme == "https" and _URL.fullmatch(url) and parts.port != 0) or _LOOPBACK.fullmatch(url)
    except ValueError:  # brackets that do not close, a port that is none
        accepted = None
    if accepted and "@" in parts.netloc:
        raise ValueError(f"{field}: holds a user or a password, which templates and logs would show; leave them out")
    if not accepted:
        raise ValueError(f"{field}: {url!r} is no https:// URL; alerts leave over TLS only")
    return url.rstrip("/")


def addresses(field: str, value: object) -> None:
    """Refuses what is no list of e-mail addresses, each named once (a CDK token passes)."""
    if isinstance(value, str) or not isinstance(value, Collection):
        raise TypeError(f"{field}: {value!r} is no list of addresses; give ('oncall@example.com',)")
    for address in value:
        instance(field, address, str, fix="write name@example.com")
        if not Token.is_unresolved(address) and not _ADDRESS.fullmatch(address):
            raise ValueError(f"{field}: {address!r} is no e-mail address; write name@example.com")
    if len(set(value)) < len(value):
        raise ValueError(f"{field}: {value!r} names one twice; remove it")


def tag_value(field: str, value: object) -> str:
    """`value`, when AWS accepts it as the value of a tag (a CDK token passes)."""
    tag = text(field, value, fix="leave it out or give a value")
    if not _TAG_VALUE.fullmatch(tag) and not Token.is_unresolved(tag):
        raise ValueError(
            f"{field}: {tag!r} cannot be the value of a tag; use at most 256 letters, digits, spaces and _ . : / = + - @"
        )
    return tag


def seconds(field: str, value: object, *, low: float, high: float, fix: str) -> float:
    """A CDK `Duration` or a `timedelta`, in seconds, between `low` and `high` (both included; zero only where `low` is)."""
    if low == 0 and ((isinstance(value, timedelta) and not value) or _is_zero(value)):
        return 0
    return number(field, milliseconds(field, value, fix=fix) / 1000, low=low, high=high, fix=fix)


def _is_zero(value: object) -> bool:
    return isinstance(value, Duration) and not value.is_unresolved() and value.to_milliseconds() == 0


def milliseconds(field: str, value: object, *, fix: str) -> float:
    """A CDK `Duration` or a `timedelta`, in milliseconds, above zero."""
    if isinstance(value, Duration):
        if value.is_unresolved():
            raise ValueError(f"{field}: is a token, which has no value at synth; {fix}")
        result = float(value.to_milliseconds())
    elif isinstance(value, timedelta):
        result = value / timedelta(milliseconds=1)
    else:
        raise TypeError(f"{field}: {value!r} is not a Duration; {fix}")
    if result <= 0:
        raise ValueError(f"{field}: {result:g} ms is not above zero; {fix}")
    return result
