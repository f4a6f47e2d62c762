"""How well labelled windows were told: of one alarm, or of the incidents that people hear of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from alarmlab.backtest import nab
from alarmlab.backtest.records import Case
from alarmlab.engine.run import Run
from alarmlab.engine.window import Moments


@dataclass(frozen=True, kw_only=True)
class Caught:
    """One labelled window.

    Args:
        start: Unix second.
        end: Unix second.
        at: when it was first told of inside of the window; None when never.
        was_on: whether an alarm was already in ALARM when the window began.
        reset_at: when all was well again, at or after `at`; None when never, or not told at all.
    """

    start: int
    end: int
    at: int | None
    was_on: bool
    reset_at: int | None

    @property
    def after_start(self) -> int | None:
        """Seconds from the window's start."""
        return None if self.at is None else self.at - self.start

    @property
    def after_label(self) -> int | None:
        """Seconds from the labelled moment, the middle of the window; negative before it."""
        return None if self.at is None else self.at - (self.start + self.end) // 2

    @property
    def reset(self) -> int | None:
        """Seconds from the window's end until all was well; negative before it."""
        return None if self.reset_at is None else self.reset_at - self.end


@dataclass(frozen=True, kw_only=True)
class Detection:
    """How well labelled windows were told.

    Args:
        windows: each of them.
        true: how often something was told inside of a window.
        false: how often outside of all.
        scores: of NAB, by profile.
    """

    windows: tuple[Caught, ...]
    true: int
    false: int
    scores: Mapping[str, nab.Score]

    @property
    def precision(self) -> float | None:
        """The share of what was told that was right; None when nothing was told."""
        told = self.true + self.false
        return self.true / told if told else None

    @property
    def recall(self) -> float | None:
        """The share of windows that were told; None without windows."""
        return sum(one.at is not None for one in self.windows) / len(self.windows) if self.windows else None

    def typical(self, figure: str) -> float | None:
        """The median of a figure of the windows that were told: `after_start`, `after_label`, `reset`."""
        known = [value for one in self.windows if (value := getattr(one, figure)) is not None]
        return median(known) if known else None


def detection_of(told: Sequence[int], on: Sequence[tuple[int, int | None]], case: Case, run: Run) -> Detection | None:
    """How well the windows of a case were told; None where nobody has labelled any.

    What is told at a moment is about the newest row that was complete then, and labels are about rows.

    Args:
        told: Unix seconds.
        on: from when to when something was told to be wrong; None for not over yet.
        case: with its rows and labels.
        run: the stretch that was run.
    """
    if case.windows is None:
        return None
    moments = np.sort(np.asarray(told, dtype=np.int64))
    rows = rows_about(case, moments)
    # What was told before any row was complete is about none.
    about = list(zip(moments[len(moments) - len(rows) :].tolist(), case.rows[rows].tolist(), strict=True))
    windows = [window for window in case.windows if run.start <= window[1] and window[0] <= run.end]
    inside = sum(any(start <= row <= end for start, end in windows) for _, row in about)
    return Detection(
        windows=tuple(_caught(window, about, on) for window in windows),
        true=inside,
        false=len(told) - inside,
        scores={
            name: nab.score(case.rows, tuple(windows), rows.tolist(), weights) for name, weights in nab.PROFILES.items()
        },
    )


def rows_about(case: Case, moments: Moments) -> Moments:
    """The newest row that was complete at each moment (Unix seconds); moments before the first one are left out.

    A row belongs to the minute that its time lies in, as what CloudWatch keeps does.
    """
    return nab.rows_seen(case.rows - case.rows % min(case.step, 60), case.step, moments)


def together(several: Iterable[Detection | None]) -> Detection | None:
    """Detections of several cases as one; None where no case has labels."""
    known = [each for each in several if each is not None]
    if not known:
        return None
    return Detection(
        windows=tuple(window for each in known for window in each.windows),
        true=sum(each.true for each in known),
        false=sum(each.false for each in known),
        scores={name: nab.total(each.scores[name] for each in known) for name in nab.PROFILES},
    )


def _caught(window: tuple[int, int], about: Sequence[tuple[int, int]], on: Sequence[tuple[int, int | None]]) -> Caught:
    start, end = window
    at = next((moment for moment, row in about if start <= row <= end), None)
    # What fires again inside of the window is the same trouble.
    ends = [off for begin, off in on if at is not None and begin <= end and (off is None or off > at)]
    return Caught(
        start=start,
        end=end,
        at=at,
        was_on=any(begin < start and (off is None or off > start) for begin, off in on),
        reset_at=None if None in ends else max((off for off in ends if off is not None), default=None),
    )
