"""Words and figures for people, and texts that fit where they go."""

from datetime import datetime, timedelta

ELLIPSIS = "…"


def shorten(text: str, limit: int) -> str:
    """Cut to a number of characters, marking the cut; a character is never split."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + ELLIPSIS[:limit]


def shorten_bytes(text: str, limit: int) -> str:
    """Cut to a number of UTF-8 bytes, marking the cut; a character is never split."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    room = max(limit - len(ELLIPSIS.encode()), 0)
    return encoded[:room].decode("utf-8", "ignore") + (ELLIPSIS if limit >= len(ELLIPSIS.encode()) else "")


def one_line(text: str) -> str:
    """Join lines and runs of blanks into single blanks."""
    return " ".join(text.split())


def figure(value: float, unit: str) -> str:
    """Write a figure with three significant digits at most: `31.2 %`, `1.87 s`, `240 ms`, `1,200 /min`."""
    if unit == "ms":
        size = abs(value)
        if 60_000 <= size < 1e12:
            return span(timedelta(milliseconds=value))
        return f"{_digits(value / 1000)} s" if size >= 1000 else f"{_digits(value)} ms"
    if unit == "/min":
        return f"{_digits(value)}/min"
    return f"{_digits(value)} {unit}".rstrip()


def _digits(value: float) -> str:
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    if size >= 1:
        return f"{value:.{1 if size >= 10 else 2}f}".rstrip("0").rstrip(".")
    return f"{value:.2g}"


def span(length: timedelta) -> str:
    """Write a length of time in its two largest units: `45 s`, `12 min`, `2 h 5 min`, `3 d 4 h`."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 90:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def clock(at: datetime) -> str:
    """Write a time of day, UTC."""
    return f"{at:%H:%M} UTC"


def day_and_clock(at: datetime) -> str:
    """Write a date and time of day, UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
