"""Statistics over stretches of steps, without a loop over the stretches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from alarmlab.engine.statistics import statistic
from alarmlab.engine.window import AnyArray, Floats, Moments, Truths

_CELLS = 1 << 19
"""How many numbers are worked on at once."""


@dataclass(frozen=True, eq=False)
class Steps:
    """Stretches of steps.

    Args:
        first: the index of the first step of each; may lie outside of what was recorded.
        beyond: the index after the last one of each.
        stride: by how much `first` grows from each to the next, all being of one length; 0 for neither.
    """

    first: Moments
    beyond: Moments
    stride: int = 0

    def __len__(self) -> int:
        """How many stretches there are."""
        return len(self.first)

    @property
    def width(self) -> int:
        """The length of the longest one."""
        return int((self.beyond - self.first).max(initial=0))


def combined(at_steps: Callable[[str], Floats], steps: Steps, stat: str) -> Floats:
    """One of the simple statistics, made of those of the steps."""
    match stat:
        case "Average":
            return _sum(at_steps("Sum"), steps) / _sum(at_steps("SampleCount"), steps)
        case "Minimum":
            return _extreme(at_steps(stat), steps, np.fmin, np.inf)
        case "Maximum":
            return _extreme(at_steps(stat), steps, np.fmax, -np.inf)
        case _:
            return _sum(at_steps(stat), steps)


def each_step(samples: Floats, stat: str) -> Floats:
    """Any statistic of the samples of each step."""
    result = np.empty(len(samples))
    rows = max(1, _CELLS // max(samples.shape[1], 1))
    for at in range(0, len(samples), rows):
        result[at : at + rows] = statistic(samples[at : at + rows], None, stat)
    return result


def over_samples(samples: Floats, steps: Steps, stat: str) -> Floats:
    """Any statistic of all samples of each stretch."""
    result = np.full(len(steps), np.nan)
    for rows, inside, index in _blocks(len(samples), steps, samples.shape[1]):
        taken = np.where(inside[:, :, np.newaxis], samples[index], np.nan)
        result[rows] = statistic(taken.reshape(len(taken), -1), None, stat)
    return result


def _sum(values: Floats, steps: Steps) -> Floats:
    missing = np.isnan(values)
    total = _reduced(np.where(missing, 0.0, values), steps, np.add, 0.0)
    if not missing.any() and _all_inside(len(values), steps):
        return total
    found = _reduced((~missing).astype(np.float64), steps, np.maximum, 0.0)
    return np.where(found > 0, total, np.nan)


def _extreme(values: Floats, steps: Steps, combine: Callable[[Floats, Floats], Floats], nothing: float) -> Floats:
    found = _reduced(np.where(np.isnan(values), nothing, values), steps, combine, nothing)
    return np.where(found == nothing, np.nan, found)


def _all_inside(recorded: int, steps: Steps) -> bool:
    return bool((steps.first >= 0).all() and (steps.beyond <= recorded).all() and (steps.beyond > steps.first).all())


def _reduced(values: Floats, steps: Steps, combine: Callable[[Floats, Floats], Floats], nothing: float) -> Floats:
    width = steps.width
    if width == 0 or len(steps) == 0:
        return np.full(len(steps), nothing)
    if steps.stride:
        stretch = padded(values, int(steps.first[0]), int(steps.beyond[-1]), nothing)
        return rolled(stretch, width, combine)[:: steps.stride]
    result = np.empty(len(steps))
    for rows, inside, index in _blocks(len(values), steps, 1):
        result[rows] = rolled(np.where(inside, values[index], nothing), width, combine)[:, 0]
    return result


def padded(values: Floats, first: int, beyond: int, nothing: float) -> Floats:
    """`values[first:beyond]`, with `nothing` where that reaches out of what there is."""
    before = min(max(-first, 0), beyond - first)
    after = min(max(beyond - len(values), 0), beyond - first)
    inside = values[max(first, 0) : max(beyond, 0)]
    if not before and not after:
        return inside
    return np.concatenate([np.full(before, nothing), inside, np.full(after, nothing)])


def rolled(values: AnyArray, width: int, combine: Callable[[Floats, Floats], Floats]) -> Floats:
    """`combine` over each `width` neighbours of the last axis.

    Pairs are combined, then pairs of pairs: few steps for long windows, and a sum is one of the window's own values
    (a difference of running sums would carry the rounding of everything before it). Equal windows have equal sums.
    """
    found = values.shape[-1] - width + 1
    block, size, offset = values, 1, 0
    total: AnyArray | None = None
    while True:
        if width & size:
            part = block[..., offset : offset + found]
            total = part if total is None else combine(total, part)
            offset += size
        if 2 * size > width:
            return total if total is not None else block
        block = combine(block[..., :-size], block[..., size:])
        size *= 2


def _blocks(recorded: int, steps: Steps, columns: int) -> Iterator[tuple[slice, Truths, Moments]]:
    """Stretches, a block at a time: which they are, which of their cells hold a step, and its index."""
    width = max(steps.width, 1)
    rows = max(1, _CELLS // (width * max(columns, 1)))
    for at in range(0, len(steps), rows):
        block = slice(at, at + rows)
        index = steps.first[block, np.newaxis] + np.arange(width)
        inside = (index >= 0) & (index < np.minimum(steps.beyond[block], recorded)[:, np.newaxis])
        yield block, inside, np.clip(index, 0, recorded - 1)
