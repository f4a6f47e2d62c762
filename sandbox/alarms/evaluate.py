"""One metric alarm at one moment: M of N datapoints, missing data, low-sample percentiles."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sandbox.alarms.statistics import percentile_of


class State(StrEnum):
    """The states of an alarm, spelled as CloudWatch spells them."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """What a period without a datapoint counts as (TreatMissingData)."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


EXTRA_PERIODS = 2
"""How many periods beyond N are fetched; CloudWatch does not document its figure, its examples show two."""

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True, kw_only=True)
class AlarmSettings:
    """What decides an alarm's state.

    Args:
        comparison: a key of `COMPARISONS`.
        evaluation_periods: N.
        datapoints_to_alarm: M.
        period: seconds.
        stat: the statistic, for reasons and low-sample percentiles; empty for an expression.
        namespace: of the metric; `AWS/DynamoDB` always ignores missing data. Empty for an expression.
        low_sample_ignore: keep the state while a percentile has too few samples to mean anything.
        extra_periods: how many periods beyond N are looked at.
    """

    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    period: int
    missing: Missing = Missing.MISSING
    stat: str = ""
    namespace: str = ""
    low_sample_ignore: bool = False
    extra_periods: int = EXTRA_PERIODS

    def __post_init__(self) -> None:
        if self.comparison not in COMPARISONS:
            raise ValueError(f"ComparisonOperator: {self.comparison!r} is not supported: use {', '.join(COMPARISONS)}")
        if not 1 <= self.datapoints_to_alarm <= self.evaluation_periods:
            raise ValueError(
                f"DatapointsToAlarm: {self.datapoints_to_alarm} is not between 1 and EvaluationPeriods "
                f"({self.evaluation_periods})"
            )
        if self.period <= 0:
            raise ValueError(f"Period: {self.period} is not a positive number of seconds")

    def starts(self, at: int) -> range:
        """The starts of the periods that an evaluation at the Unix second `at` looks at, oldest first."""
        return range(at - self.period * (self.evaluation_periods + self.extra_periods), at, self.period)

    def breaches(self, value: float) -> bool:
        """Whether `value` is on the wrong side of the threshold."""
        return COMPARISONS[self.comparison](value, self.threshold)


@dataclass(frozen=True, slots=True)
class Datapoint:
    """One period's value; `start` in Unix seconds; `samples` when known."""

    start: int
    value: float
    samples: float | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What an evaluation came to.

    Args:
        state: None means that the alarm keeps its state.
        evaluated: the real datapoints that decided, newest first.
        filled: how many missing periods were filled up to N.
    """

    state: State | None
    evaluated: tuple[Datapoint, ...]
    filled: int


def judge(settings: AlarmSettings, points: Sequence[Datapoint | None]) -> Verdict:
    """The state that `points`, one a period from oldest to newest, put the alarm into.

    `points` are those of `settings.starts(at)`: the evaluation range, longer than N periods.
    """
    periods, needed = settings.evaluation_periods, settings.datapoints_to_alarm
    newest_first = [(age, point) for age, point in enumerate(reversed(points), start=1) if point is not None]
    deciding = newest_first[:periods]
    evaluated = tuple(point for _, point in deciding)
    filled = periods - len(deciding)

    def verdict(state: State | None) -> Verdict:
        return Verdict(state=state, evaluated=evaluated, filled=filled)

    if _too_few_samples(settings, evaluated):
        return verdict(None)
    breaching = sum(settings.breaches(point.value) for point in evaluated)
    missing = Missing.IGNORE if settings.namespace == "AWS/DynamoDB" else settings.missing
    if missing is Missing.BREACHING:
        breaching += filled
    if breaching >= needed:
        return verdict(State.ALARM)
    only_breaching = filled > 0 and breaching == len(deciding)
    if missing is Missing.IGNORE and only_breaching:
        return verdict(None)
    if missing is Missing.MISSING and not deciding:
        return verdict(State.INSUFFICIENT_DATA)
    # The premature-alarm rule: nothing but breaches, the oldest of them M periods old, is an alarm.
    if missing is Missing.MISSING and only_breaching and deciding[-1][0] >= needed:
        return verdict(State.ALARM)
    return verdict(State.OK)


def _too_few_samples(settings: AlarmSettings, evaluated: Sequence[Datapoint]) -> bool:
    percentile = percentile_of(settings.stat)
    if not settings.low_sample_ignore or percentile is None or percentile in (0, 100):
        return False
    share = percentile / 100
    least = 10 / (1 - share) if share >= 0.5 else 10 / share
    return any(point.samples is not None and point.samples < least for point in evaluated)
