"""Numbers as people read them."""

MICROSECONDS, MILLISECONDS, SECONDS = "microseconds", "milliseconds", "seconds"
TIMES = {MICROSECONDS: 1e-6, MILLISECONDS: 1e-3, SECONDS: 1.0}
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def quantity(value: float, unit: str) -> str:
    """`200 ms` for 200000 microseconds, `1.44 %` for a share of 0.0144."""
    if unit in TIMES:
        return _time(value * TIMES[unit])
    if unit == "share":
        return f"{number(value * 100)} %"
    if unit == "percent":
        return f"{number(value)} %"
    if unit == "bytes":
        size, name = next(((size, name) for size, name in _SIZES if abs(value) >= size), (1.0, "bytes"))
        return f"{number(value / size)} {name}"
    return number(value)


def number(value: float) -> str:
    """At most four digits that matter, thousands apart."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.4g}" if 1e-3 <= abs(value) < 1e6 else f"{value:.4g}"


def _time(seconds: float) -> str:
    if abs(seconds) >= 120:
        return duration(seconds)
    if abs(seconds) >= 1 or seconds == 0:
        return f"{number(seconds)} s"
    return f"{number(round(seconds * 1e3, 9))} ms"


def duration(seconds: float) -> str:
    """`90 s`, `5 min`, `2 h 30 min`, `3 days`."""
    if seconds < 120 and seconds % 60:
        return f"{number(seconds)} s"
    minutes, rest = divmod(seconds, 60)
    if rest:
        return f"{number(minutes)} min {number(rest)} s"
    hours, minutes = divmod(int(minutes), 60)
    if not hours or (hours == 1 and not minutes):
        return f"{hours * 60 + minutes} min"
    if minutes:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    if days and not hours:
        return "24 h" if days == 1 else f"{days} days"
    return f"{days * 24 + hours} h"
