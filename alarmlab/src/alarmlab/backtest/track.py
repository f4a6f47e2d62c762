"""One column of a recording: what one metric's samples, or one of its statistics, were over time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alarmlab.engine.window import Floats, Moments
from alarmlab.errors import InputError
from alarmlab.model.metrics import Dimensions, MetricId
from alarmlab.times import iso, moment_of

_SECONDS_OF_HIGH_RESOLUTION = (30, 10, 5, 1)
_JITTER = 0.05
"""Of a step: what the clock of whoever recorded may be off without a row being off the grid."""
_MOST_STEPS = 6_000_000
"""Eleven years by the minute; CloudWatch keeps 15 months. One slip in a time would otherwise fill the memory with nothing."""
_LONGEST_STEP = 7 * 86_400
IRREGULAR_STEP = 60
"""CloudWatch keeps what was published irregularly by the minute."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Track:
    """Values with their times, as they were recorded.

    Args:
        metric: what was measured.
        times: Unix seconds at which the periods begin, or of the samples; in any order.
        values: NaN where there was none.
        stat: the statistic; empty for samples.
        unit: that they were published in; empty for not known.
        step: seconds that one value stands for; None for what the times show.
        origin: the file, for messages.
    """

    metric: MetricId
    times: Moments
    values: Floats
    origin: str
    stat: str = ""
    unit: str = ""
    step: int | None = None


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Steps of one length.

    Args:
        start: where the first begins.
        step: seconds.
        is_regular: whether each row lies at the beginning of a step.
    """

    start: int
    step: int
    is_regular: bool

    def places(self, times: Moments) -> Moments:
        """The step that each time belongs to."""
        ahead = self.step // 2 if self.is_regular else 0
        found: Moments = (times - self.start + ahead) // self.step
        return found


def grid_of(times: Moments, step: int | None = None) -> Grid:
    """The steps that times lie on: by the distance that most rows have, or the minute where they lie on none.

    Raises:
        InputError: no period of a metric, or more steps than anybody recorded.
    """
    if step is not None and not 0 < step <= _LONGEST_STEP:
        raise InputError(f"period: {step} s: write one from 1 s to {_LONGEST_STEP} s, a week")
    first = int(times.min())
    length = step or _usual_distance(times)
    off = (times - first + length // 2) % length - length // 2
    is_regular = bool((np.abs(off) <= _JITTER * length).all())
    if not is_regular and step is None:
        length = IRREGULAR_STEP if length >= IRREGULAR_STEP else _high_resolution(length)
    whole = IRREGULAR_STEP if length % IRREGULAR_STEP == 0 else length
    start = first - first % (whole if is_regular else length)
    steps = (int(times.max()) - start) // length + 1
    if steps > _MOST_STEPS:
        raise InputError(
            f"{steps} steps of {length} s from {iso(first)} to {iso(int(times.max()))}: mend the time that is a "
            "slip, or give a longer --period"
        )
    return Grid(start=start, step=length, is_regular=is_regular)


def _usual_distance(times: Moments) -> int:
    apart = np.diff(np.unique(times))
    if not len(apart):
        return IRREGULAR_STEP
    lengths, counts = np.unique(apart, return_counts=True)
    usual = int(lengths[counts.argmax()])
    return max(usual // 60, 1) * 60 if usual >= IRREGULAR_STEP else _high_resolution(usual)


def _high_resolution(seconds: int) -> int:
    return next(length for length in _SECONDS_OF_HIGH_RESOLUTION if length <= seconds)


def read_metric(text: str, dimensions: Dimensions = ()) -> MetricId:
    """`AWS/SageMaker ModelLatency`, with its dimensions.

    Raises:
        InputError: it is not written so.
    """
    namespace, _, name = text.strip().rpartition(" ")
    if not namespace or not name:
        raise InputError(f"metric: {text!r}: write namespace and name, such as 'AWS/SageMaker ModelLatency'")
    return MetricId(namespace.strip(), name, dimensions)


def read_dimensions(parts: Sequence[str]) -> dict[str, str]:
    """`EndpointName=ranker` of each dimension; empty parts count for nothing.

    Raises:
        InputError: one has no name or no value.
    """
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in parts)):
        name, equals, value = part.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise InputError(f"dimension: {part!r}: write NAME=VALUE, such as EndpointName=ranker")
        found[name.strip()] = value.strip()
    return found


def timestamp_of(text: str) -> int:
    """Unix seconds of a row's time.

    Raises:
        InputError: with the text, and how to write it.
    """
    try:
        return moment_of(text)
    except InputError as error:
        raise InputError(f"timestamp: {text!r}: {error}") from None
