"""Alarms as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alarmlab.errors import InputError
from alarmlab.model.metrics import MetricQuery
from alarmlab.model.rules import Rule
from alarmlab.model.states import Missing

EXTRA_PERIODS = 2
"""How many periods beyond N are fetched, where an alarm's test does not say.

CloudWatch says that the number depends on the period and the resolution, and not how. The examples on its page (N = 3,
periods of five minutes) show two more:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html. That there are few at high
resolution fits what PutMetricAlarm says of a period of 10 s on a metric of 60 s: it lapses into INSUFFICIENT_DATA. With
periods of a minute, users report that the last value of a sparse metric counts for about five minutes more, not two
(https://cloudaffaire.com/aws/delay-in-aws-cloudwatch-alarm-state-change/): `evaluation_range` expresses that.
"""

THRESHOLD_COMPARISONS = (
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
BAND_COMPARISONS = (
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)


@dataclass(frozen=True, kw_only=True)
class About:
    """What all kinds of alarms have.

    Args:
        id: the logical id, or the name where there is no template.
        name: AlarmName; the logical id where CloudFormation would make one up.
        stack: the stack that declares it; empty for an alarm of no template.
        tags: of the alarm.
        alarm_actions: ARNs, or what stands for them; so the others.
    """

    id: str
    name: str
    stack: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    actions_enabled: bool = True
    alarm_actions: tuple[str, ...] = ()
    ok_actions: tuple[str, ...] = ()
    insufficient_data_actions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AlarmSettings:
    """What decides a metric alarm's state.

    Args:
        comparison: one of `THRESHOLD_COMPARISONS`, or of `BAND_COMPARISONS` for a band.
        threshold: None when compared with a band.
        evaluation_periods: N.
        datapoints_to_alarm: M.
        period: seconds.
        stat: the statistic, for reasons and low-sample percentiles; empty for an expression.
        low_sample_ignore: keep the state while a percentile has too few samples to mean anything.
        wall_clock: whole periods of the clock instead of a rolling window.
        evaluation_range: how many periods are looked at, at least N; None for N and `EXTRA_PERIODS`.
    """

    comparison: str
    threshold: float | None
    evaluation_periods: int
    datapoints_to_alarm: int
    period: int
    missing: Missing = Missing.MISSING
    stat: str = ""
    low_sample_ignore: bool = False
    wall_clock: bool = False
    evaluation_range: int | None = None

    def __post_init__(self) -> None:
        allowed = BAND_COMPARISONS if self.threshold is None else THRESHOLD_COMPARISONS
        if self.comparison not in allowed:
            raise InputError(f"ComparisonOperator: {self.comparison!r} is not supported: use {', '.join(allowed)}")
        if not 1 <= self.datapoints_to_alarm <= self.evaluation_periods:
            raise InputError(
                f"DatapointsToAlarm: {self.datapoints_to_alarm} is not between 1 and EvaluationPeriods "
                f"({self.evaluation_periods})"
            )
        if self.period <= 0:
            raise InputError(f"Period: {self.period} is not a positive number of seconds")

    @property
    def periods_looked_at(self) -> int:
        """How many periods an evaluation fetches."""
        if self.evaluation_range is None:
            return self.evaluation_periods + EXTRA_PERIODS
        return max(self.evaluation_periods, self.evaluation_range)

    @property
    def interval(self) -> int:
        """Seconds between two evaluations: 10 for periods of 10, 20 and 30 s, 60 otherwise, 3600 beyond one day in all."""
        if self.period * self.evaluation_periods > 86_400:
            return 3600
        return 10 if self.period < 60 else 60


MAX_WARM_UP_MINUTES = 2880


@dataclass(frozen=True, kw_only=True)
class WarmUp:
    """A WarmUpConfiguration.

    Args:
        minutes: how long after its creation the alarm waits at most.
        whole: wait for all of that, however early data comes.
    """

    minutes: int
    whole: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.minutes <= MAX_WARM_UP_MINUTES:
            raise InputError(
                f"WarmUpConfiguration.WarmUpPeriodDurationInMinutes: {self.minutes} is not between 1 and "
                f"{MAX_WARM_UP_MINUTES} minutes"
            )


@dataclass(frozen=True, kw_only=True)
class MetricAlarm:
    """An alarm on a metric, on metric math, on a band or on a Metrics Insights query.

    Args:
        returned: the id of the query that is compared.
        band: the id of the query that gives the band; empty for a threshold.
        warm_up: what a new alarm waits for; None for nothing.
    """

    about: About
    settings: AlarmSettings
    queries: tuple[MetricQuery, ...]
    returned: str
    band: str = ""
    warm_up: WarmUp | None = None

    @property
    def query(self) -> MetricQuery:
        """The query that is compared."""
        return next(query for query in self.queries if query.id == self.returned)


@dataclass(frozen=True, kw_only=True)
class PromQLAlarm:
    """An alarm on a PromQL query: each series that the query returns is a contributor, and breaches by being there.

    Args:
        query: PromQL.
        pending: seconds for which a contributor must be there before it is in ALARM.
        recovery: seconds for which it must be gone before it is not.
        interval: seconds between two evaluations.
    """

    about: About
    query: str
    pending: int
    recovery: int
    interval: int


@dataclass(frozen=True, kw_only=True)
class CompositeAlarm:
    """An alarm on the states of others.

    Args:
        rule: with the children's names as the rule writes them, or their logical ids where it refers to them.
        suppressor: the alarm that holds this one's actions back; empty for none.
        wait: seconds that actions wait for the suppressor to go into ALARM.
        extension: seconds that actions stay suppressed after it left ALARM.
    """

    about: About
    rule: Rule
    suppressor: str = ""
    wait: int = 0
    extension: int = 0


Alarm = MetricAlarm | PromQLAlarm | CompositeAlarm
