"""The labels and the score of the Numenta Anomaly Benchmark (NAB).

A window of rows is labelled around each anomaly. The first detection inside a window earns up to the weight of a true
positive, the more the earlier it comes; a window without one costs the weight of a false negative; every detection
outside of windows costs up to the weight of a false positive, less just behind a window. The first 15 % of a series, at
most 750 rows, are for learning and count for nothing. 0 is a detector that never speaks, 100 one that speaks at the first
row of every window and nowhere else.

Sources: Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark", 2015
(https://arxiv.org/abs/1510.03336), and, where the two differ, what https://github.com/numenta/NAB does (nab/sweeper.py).
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from alarmlab.engine.window import Moments
from alarmlab.errors import InputError
from alarmlab.times import minute

PROBATION = 0.15
PROBATION_ROWS = 5000
"""Probation is a share of at most so many rows."""

Windows = tuple[tuple[int, int], ...]
"""First and last Unix second of each labelled window."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What a profile makes of each kind of outcome."""

    true_positive: float
    false_positive: float
    false_negative: float


PROFILES: Mapping[str, Weights] = {
    "standard": Weights(true_positive=1.0, false_positive=0.11, false_negative=1.0),
    "reward_low_FP_rate": Weights(true_positive=1.0, false_positive=0.22, false_negative=1.0),
    "reward_low_FN_rate": Weights(true_positive=1.0, false_positive=0.11, false_negative=2.0),
}


@dataclass(frozen=True, kw_only=True)
class Score:
    """What detections came to.

    Args:
        raw: what they earned and cost.
        null: what a detector that never speaks gets.
        perfect: what a perfect one gets.
        caught: windows with a detection.
        windows: all labelled windows.
        false: detections outside of windows, behind the probation.
    """

    raw: float
    null: float
    perfect: float
    caught: int
    windows: int
    false: int

    @property
    def normalised(self) -> float:
        """From 0 (never speaks) to 100 (perfect), below 0 where false detections cost more; NaN without a window."""
        return 100 * (self.raw - self.null) / (self.perfect - self.null) if self.perfect > self.null else math.nan


def read_windows(path: Path) -> Mapping[str, Windows]:
    """The windows of each series, by the path of its file, of a NAB-style JSON file (`combined_windows.json`).

    Raises:
        InputError: it cannot be read, or is not such a file.
    """
    try:
        labels = json.loads(path.read_text())
        return {
            name: tuple((_moment(start), _moment(end)) for start, end in windows) for name, windows in labels.items()
        }
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (ValueError, TypeError, AttributeError) as problem:
        raise InputError(f'{path}: not {{"file": [["start", "end"], ...]}} with ISO 8601 times: {problem}') from None


def _moment(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def probation(rows: int) -> int:
    """How many rows of a series are for learning."""
    return math.floor(PROBATION * min(rows, PROBATION_ROWS))


def rows_seen(timestamps: Moments, step: int, moments: Sequence[int] | Moments) -> Moments:
    """The newest row that was complete at each moment; moments before the first one are left out.

    Args:
        timestamps: where each row's period begins, Unix seconds; out of order and repeated as recorded.
        step: seconds of a row's period.
        moments: Unix seconds, of pages for example.
    """
    order = np.argsort(timestamps, kind="stable")
    places = np.searchsorted(timestamps[order] + step, np.asarray(moments, dtype=np.int64), side="right") - 1
    rows: Moments = order[places[places >= 0]]
    return rows


def score(timestamps: Moments, windows: Windows, detections: Iterable[int], weights: Weights) -> Score:
    """The score of one series.

    Args:
        timestamps: of its rows, Unix seconds, as recorded.
        windows: its labels.
        detections: rows in which the detector spoke; a row counts once.
        weights: the profile.
    """
    learning = probation(len(timestamps))
    spans = sorted(_rows_of(timestamps, window) for window in windows)
    # A window that ends before the learning does cannot be caught, and NAB does not ask for it.
    asked = [(first, last) for first, last in spans if last >= learning]
    spoken = sorted({int(row) for row in detections if row >= learning})
    raw, caught, false = 0.0, 0, 0
    for first, last in asked:
        row = next((row for row in spoken if first <= row <= last), None)
        if row is None:
            raw -= weights.false_negative
        else:
            raw += weights.true_positive * _worth(-(last - row + 1) / (last - first + 1)) / _worth(-1.0)
            caught += 1
    for row in spoken:
        if any(first <= row <= last for first, last in spans):
            continue
        false += 1
        behind = [(row - last) / max(last - first, 1) for first, last in spans if last < row]
        raw += weights.false_positive * (_worth(behind[-1]) if behind else -1.0)
    return Score(
        raw=raw,
        null=-weights.false_negative * len(asked),
        perfect=weights.true_positive * len(spans),
        caught=caught,
        windows=len(spans),
        false=false,
    )


def total(scores: Iterable[Score]) -> Score:
    """The score of a corpus: NAB normalises the sums, so each window weighs the same whichever series it is in."""
    found = list(scores)
    return Score(
        raw=sum(each.raw for each in found),
        null=sum(each.null for each in found),
        perfect=sum(each.perfect for each in found),
        caught=sum(each.caught for each in found),
        windows=sum(each.windows for each in found),
        false=sum(each.false for each in found),
    )


def _rows_of(timestamps: Moments, window: tuple[int, int]) -> tuple[int, int]:
    """The first and the last row of a window."""
    start, end = window
    inside = np.flatnonzero((timestamps >= start) & (timestamps <= end))
    if not len(inside):
        raise InputError(
            f"the window from {minute(start)} to {minute(end)} holds no row: check the labels against the series"
        )
    # NAB finds both ends by their first equal timestamp, which matters where clocks were set back.
    exact = np.flatnonzero(timestamps == end)
    return int(inside[0]), int(exact[0] if len(exact) else inside[-1])


def _worth(position: float) -> float:
    """NAB's scaled sigmoid: 0.99 at the beginning of a window (-1), 0 at its end, -1 from three widths behind it on."""
    return -1.0 if position >= 3.0 else 2 / (1 + math.exp(5 * position)) - 1
