"""The functions' clock: whoever needs the time asks it, so that a test that moves it moves it for everybody."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return what time it is, UTC."""
    return _read()


def _read() -> datetime:
    return datetime.now(UTC)
