"""The sandbox's clock, which may run faster than the wall clock."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Maps wall-clock seconds to sandbox seconds (both Unix time).

    Args:
        speed: sandbox seconds that pass in one wall-clock second, at least 1.
        started: wall-clock time at which both clocks showed the same.
    """

    speed: float = 1.0
    started: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        if not 1 <= self.speed <= 3600:
            raise ValueError(f"speed: {self.speed} is not between 1 and 3600 sandbox seconds a second")

    @classmethod
    def from_reading(cls, *, now: float, wall: float, speed: float) -> "Clock":
        """The clock that showed `now` (sandbox Unix seconds) at wall-clock time `wall`."""
        return cls(speed=speed, started=wall if speed == 1 else (wall * speed - now) / (speed - 1))

    def now(self) -> float:
        """Sandbox time now, in Unix seconds."""
        return self.at(time.time())

    def at(self, wall: float) -> float:
        """Sandbox time at the wall-clock time `wall`."""
        return self.started + (wall - self.started) * self.speed

    def wall(self, at: float) -> float:
        """The wall-clock time at the sandbox time `at`."""
        return self.started + (at - self.started) / self.speed

    def wall_seconds(self, seconds: float) -> float:
        """How many wall-clock seconds `seconds` of sandbox time take."""
        return seconds / self.speed

    def now_utc(self) -> datetime:
        """Sandbox time now, as an aware datetime."""
        return datetime.fromtimestamp(self.now(), UTC)
