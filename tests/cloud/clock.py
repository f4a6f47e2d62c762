"""Clocks that the functions and the cloud share."""

from datetime import UTC, datetime, timedelta


class WallClock:
    """What time it is."""

    def now(self) -> datetime:
        """Return it, UTC."""
        return datetime.now(UTC)


class HandClock(WallClock):
    """A clock that stands until somebody moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return what it shows."""
        return self._now

    def forward(self, seconds: float) -> None:
        """Move it."""
        assert seconds >= 0, "time does not run backwards"
        self._now += timedelta(seconds=seconds)
