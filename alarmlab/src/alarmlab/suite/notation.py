"""promtool's notation for series: `1 2x3 10+5x4 _x2`.

https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series
"""

import re
from collections.abc import Sequence

import numpy as np

from alarmlab.engine.window import Floats
from alarmlab.errors import InputError

MOST_VALUES = 10_000_000
"""Of one series: three years of one value every 10 s. What is longer is a slip of the keyboard."""
MOST_PERIODS = 1_000_000
"""Of one series with several samples a period."""

_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_ITEM = re.compile(rf"(?P<first>[+-]?{_NUMBER})(?:(?P<step>[+-]{_NUMBER})?x(?P<more>[0-9]+))?")
_GAP = re.compile(r"_(?:x(?P<missing>[0-9]+))?")
_SPECIAL = re.compile(r"[+-]?(?P<word>stale|inf(?:inity)?|nan)", re.IGNORECASE)
_GROUP = re.compile(
    r"\[(?P<inside>[^\[\]]*)\](?:x(?P<more>[0-9]+))?(?=\s|$)|(?P<plain>[^\s\[\]]+)(?=\s|$)|(?P<space>\s+)"
)

_FIX = (
    "write numbers, a+bxn (n+1 values from a in steps of b), axn (n+1 times a), _ (missing) or _xn (n times missing), "
    "with spaces between them"
)


def expand(text: str) -> Floats:
    """The values of a series, NaN where one is missing.

    Value i of `a+bxn` is a + i x b, as promtool documents it (promtool itself adds b over and over, and so ends a few units
    in the last place beside it).

    Raises:
        InputError: with the part that is not understood, and how to write it.
    """
    items = text.split()
    if not items:
        raise InputError(f"no values: {_FIX}")
    parts = [_expand_item(item) for item in items]
    _limit(sum(len(part) for part in parts))
    return np.concatenate(parts)


def expand_groups(text: str) -> list[Floats]:
    """The samples of each period: `[120 130x9 900]x29 _x5 100` is 30 periods of twelve samples, five without, one of one.

    Raises:
        InputError: with the part that is not understood, and how to write it.
    """
    periods: list[Floats] = []
    at = 0
    while at < len(text):
        match = _GROUP.match(text, at)
        if match is None:
            raise InputError(
                f"{text[at : at + 20]!r}: write the samples of a period in brackets, [1 2 3], [1 2 3]xn for n+1 such periods, "
                "_xn for n periods without any, with spaces between them"
            )
        at = match.end()
        if match["inside"] is not None:
            times = 1 + int(match["more"] or 0)
            _limit(len(periods) + times, MOST_PERIODS)
            periods += [without_gaps(expand(match["inside"]))] * times
        elif match["plain"] is not None:
            values = expand(match["plain"])
            _limit(len(periods) + len(values), MOST_PERIODS)
            periods += [without_gaps(value) for value in values.reshape(-1, 1)]
    return periods


def without_gaps(samples: Floats) -> Floats:
    """The samples that are there."""
    there: Floats = samples[~np.isnan(samples)]
    return there


def padded(periods: Sequence[Floats]) -> Floats:
    """Periods as rows of a matrix as wide as the longest, NaN where a row is shorter."""
    width = max(1, *(len(period) for period in periods)) if periods else 1
    _limit(width * len(periods))
    matrix = np.full((len(periods), width), np.nan)
    for row, period in enumerate(periods):
        matrix[row, : len(period)] = period
    return matrix


def _expand_item(item: str) -> Floats:
    if gap := _GAP.fullmatch(item):
        missing = _limit(int(gap["missing"] or 1))
        return np.full(missing, np.nan)
    match = _ITEM.fullmatch(item)
    if match is None:
        special = _SPECIAL.match(item)
        if special is None:
            raise InputError(f"{item!r}: {_FIX}")
        what = "Prometheus's stale marker has no meaning for an alarm" if special["word"] == "stale" else "not a number"
        raise InputError(f"{item!r}: {what}: write _ where there is no value")
    if re.match(r"[+-]?0[0-9]", item):
        raise InputError(f"{item!r}: promtool reads a number with a leading zero as octal: write it without")
    first, more = float(match["first"]), _limit(int(match["more"] or 0) + 1)
    with np.errstate(over="ignore"):
        values: Floats = first + float(match["step"] or 0.0) * np.arange(more, dtype=np.float64)
    if not np.isfinite(values).all():
        raise InputError(f"{item!r}: exceeds the largest number there is (1.8e308)")
    return values


def _limit(values: int, most: int = MOST_VALUES) -> int:
    if values > most:
        raise InputError(f"{values} values: at most {most} are taken; a longer period needs fewer")
    return values
