"""Times as the page shows them."""

from datetime import datetime


def clock(at: str) -> str:
    """The time of day in an ISO timestamp: `15:04:05`."""
    return f"{datetime.fromisoformat(at):%H:%M:%S}"


def lasted(start: str, end: str) -> str:
    """How long it took from `start` to `end` (ISO), as people say it: `42 s`, `3 min 20 s`, `1 h 5 min`."""
    seconds = round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
