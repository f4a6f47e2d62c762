"""The functions' clock. Ask it as `clock.now()`, so that a test that moves it moves it for everybody."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return what time it is, UTC."""
    return datetime.now(UTC)
