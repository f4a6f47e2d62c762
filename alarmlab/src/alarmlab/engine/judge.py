"""M of N datapoints and missing data: what rows of datapoints make of an alarm.

Truths are kept column by column (`order="F"`): there are many rows and few columns, and sums run along the rows.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from collections.abc import Callable, Mapping

import numpy as np

from alarmlab.engine.window import Codes, Floats, Moments, Truths
from alarmlab.model.alarms import AlarmSettings
from alarmlab.model.states import Missing, State

STATES = (State.OK, State.ALARM, State.INSUFFICIENT_DATA)
"""States by their code."""
OK, ALARM, INSUFFICIENT_DATA = range(3)
KEEP = -1
"""The code of an evaluation that leaves the state as it is."""


_COMPARE: Mapping[str, Callable[..., Truths]] = {
    "GreaterThanThreshold": np.greater,
    "GreaterThanOrEqualToThreshold": np.greater_equal,
    "LessThanThreshold": np.less,
    "LessThanOrEqualToThreshold": np.less_equal,
}


def breaches(settings: AlarmSettings, values: Floats, band: tuple[Floats, Floats] | None = None) -> Truths:
    """Which datapoints are on the wrong side of the threshold, or of the band (lower and upper); a missing one is not."""
    if band is None:
        return _COMPARE[settings.comparison](values, np.float64(settings.threshold or 0.0), order="F")
    lower, upper = band
    below: Truths = values < lower
    above: Truths = values > upper
    match settings.comparison:
        case "LessThanLowerThreshold":
            return below
        case "GreaterThanUpperThreshold":
            return above
        case _:
            return below | above


def judge(settings: AlarmSettings, real: Truths, breaching: Truths) -> Codes:
    """The code of the state that each row puts the alarm into, or `KEEP`.

    Args:
        settings: the alarm's.
        real: whether there is a datapoint: rows of moments, columns from the oldest period looked at to the newest.
        breaching: whether it is breaching; never where there is none.
    """
    newest = slice(-settings.evaluation_periods, None)
    found = breaching[:, newest].sum(axis=1, dtype=np.int16)
    codes = np.where(found >= settings.datapoints_to_alarm, ALARM, OK).astype(np.int8)
    gaps = np.flatnonzero(~real[:, newest].all(axis=1))
    if len(gaps):
        codes[gaps] = _judge_gaps(settings, real.T[:, gaps].T, breaching.T[:, gaps].T)
    return codes


def _judge_gaps(settings: AlarmSettings, real: Truths, breaching: Truths) -> Codes:
    """As `judge`, whatever is missing."""
    periods, needed = settings.evaluation_periods, settings.datapoints_to_alarm
    deciding = deciding_points(real, periods)
    found = deciding.sum(axis=1, dtype=np.int16)
    filled = periods - found
    breached = (deciding & breaching).sum(axis=1, dtype=np.int16)
    only_breaching = (filled > 0) & (breached == found)
    if settings.missing is Missing.BREACHING:
        return np.where(breached + filled >= needed, ALARM, OK).astype(np.int8)
    codes = np.where(breached >= needed, ALARM, OK).astype(np.int8)
    if settings.missing is Missing.IGNORE:
        codes[only_breaching & (breached < needed)] = KEEP
    if settings.missing is Missing.MISSING:
        # The premature-alarm rule: nothing but breaches, the oldest of them M periods old, is an alarm.
        oldest = deciding.shape[1] - deciding.argmax(axis=1)
        codes[only_breaching & (found > 0) & (oldest >= needed)] = ALARM
        codes[found == 0] = INSUFFICIENT_DATA
    return codes


def deciding_points(real: Truths, periods: int) -> Truths:
    """Which datapoints of each row decide: the newest `periods` that are there."""
    newest_first = real[:, ::-1]
    rank = np.cumsum(newest_first, axis=1, dtype=np.int16)
    return (newest_first & (rank <= periods))[:, ::-1]


def states_after(codes: Codes, initial: State) -> Codes:
    """The state after each evaluation: the newest code that is not `KEEP`, or the initial state."""
    marks: Moments = np.where(codes == KEEP, -1, np.arange(len(codes)))
    newest = np.maximum.accumulate(marks) if len(codes) else marks
    return np.where(newest < 0, STATES.index(initial), codes[newest]).astype(np.int8)
