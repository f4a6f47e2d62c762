"""The rate limits of the services: who exceeds them, and 429 for that where it is asked for.

Sources: docs.slack.dev, "Rate limits" (1 message a second a channel); developer.pagerduty.com, "Events API v2 Overview" (about
120 events a minute an integration key).
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

Windows = tuple[tuple[int, float], ...]

_JITTER = 0.25
"""Seconds by which a window is shorter than the service says: senders keep their pace, networks do not."""
WINDOWS: Mapping[str, Windows] = {
    "slack": ((1, 1.0 - _JITTER), (10, 10.0 - _JITTER)),
    "pagerduty": ((120, 60.0 - _JITTER),),
}
"""Most messages in so many seconds; Slack's second window catches who always sends a little early."""


class Limits:
    """Counts what exceeds the limits, per sink and whoever the limit is for (a channel, a routing key)."""

    def __init__(self, *, enforced: bool = False) -> None:
        self.enforced = enforced
        """Whether what exceeds a limit is refused with 429."""
        self._taken: dict[tuple[str, str], deque[float]] = {}
        self._violations: dict[tuple[str, str], int] = {}

    def take(self, sink: str, whom: str, now: float) -> int | None:
        """Notes a message; returns the seconds to wait where it has to be refused.

        Args:
            sink: `slack` or `pagerduty`.
            whom: the channel, or the masked routing key.
            now: Unix seconds.
        """
        taken = self._taken.setdefault((sink, whom), deque(maxlen=max(most for most, _ in WINDOWS[sink])))
        waits = [
            taken[-most] + seconds - now
            for most, seconds in WINDOWS[sink]
            if len(taken) >= most and taken[-most] + seconds > now
        ]
        if waits:
            self._violations[sink, whom] = self._violations.get((sink, whom), 0) + 1
            if self.enforced:
                return max(1, round(max(waits) + 0.5))
        taken.append(now)
        return None

    def clear(self) -> None:
        """Forgets what came and what was counted; whether limits are enforced stays."""
        self._taken.clear()
        self._violations.clear()

    def as_json(self) -> dict[str, Any]:
        """What `GET /api/limits` shows."""
        return {
            "enforce": self.enforced,
            "violations": sum(self._violations.values()),
            "by": [{"sink": sink, "whom": whom, "violations": n} for (sink, whom), n in self._violations.items()],
        }
