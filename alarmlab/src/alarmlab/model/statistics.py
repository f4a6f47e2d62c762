"""The names of CloudWatch's statistics: `Average`, `p99.9`, `tm99`, `TM(10%:90%)`, `PR(:300)`, `IQM`...

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

import math
import re
from dataclasses import dataclass

from alarmlab.errors import InputError

SIMPLE_STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
_NUMBER = r"\d+(?:\.\d{1,10})?"
_SHORT = re.compile(rf"(p|tm|wm|tc|ts)({_NUMBER})")
_RANGE = re.compile(rf"(TM|WM|TC|TS|PR)\(({_NUMBER})?(%?):({_NUMBER})?(%?)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """A statistic that needs the samples themselves.

    Args:
        kind: `p`, `tm`, `wm`, `tc`, `ts` or `pr`.
        low: the lower bound; of a percentile, 0.
        high: the upper bound; the percentile.
        percent: whether the bounds are shares of the samples (0 to 100), not values.
    """

    kind: str
    low: float
    high: float
    percent: bool


def is_statistic(name: str) -> bool:
    """Whether CloudWatch has a statistic of this name."""
    return name in SIMPLE_STATISTICS or _extended(name) is not None


def percentile_of(name: str) -> float | None:
    """The percentile (0 to 100) that a statistic such as `p99.9` asks for; None for every other statistic."""
    wanted = _extended(name)
    return wanted.high if wanted is not None and wanted.kind == "p" else None


def extended(name: str) -> Extended | None:
    """What a statistic asks for beyond the simple ones; None for one of `SIMPLE_STATISTICS`.

    Raises:
        InputError: there is no such statistic.
    """
    found = _extended(name)
    if found is None and name not in SIMPLE_STATISTICS:
        known = ", ".join(SIMPLE_STATISTICS)
        raise InputError(f"statistic {name!r} is not known: use {known}, p99, tm99, TM(10%:90%), PR(:300), IQM")
    return found


def _extended(name: str) -> Extended | None:
    if name in ("IQM", "iqm"):
        return Extended(kind="tm", low=25.0, high=75.0, percent=True)
    if match := _SHORT.fullmatch(name):
        high = float(match[2])
        return Extended(kind=match[1], low=0.0, high=high, percent=True) if high <= 100 else None
    match = _RANGE.fullmatch(name)
    if match is None or match[2] is match[4] is None:
        return None
    marks = {mark for bound, mark in ((match[2], match[3]), (match[4], match[5])) if bound is not None}
    percent = marks == {"%"}
    bare_marks = (match[2] is None and match[3]) or (match[4] is None and match[5])
    if len(marks) > 1 or bare_marks or (percent and match[1] == "PR"):
        return None
    low = float(match[2]) if match[2] is not None else (0.0 if percent else -math.inf)
    high = float(match[4]) if match[4] is not None else (100.0 if percent else math.inf)
    if low >= high or (percent and high > 100):
        return None
    return Extended(kind=match[1].lower(), low=low, high=high, percent=percent)
