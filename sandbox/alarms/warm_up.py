"""The warm-up of a new alarm: it is not evaluated before its data, or its time, has come.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-warm-up.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.alarms.evaluate import AlarmSettings, Datapoint
from sandbox.alarms.schedule import interval

MAX_MINUTES = 2880


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
        if not 1 <= self.minutes <= MAX_MINUTES:
            raise ValueError(
                f"WarmUpConfiguration.WarmUpPeriodDurationInMinutes: {self.minutes} is not between 1 and "
                f"{MAX_MINUTES} minutes"
            )


def has_ended(
    warm_up: WarmUp,
    settings: AlarmSettings,
    *,
    created: float,
    at: int,
    points: Callable[[int], Sequence[Datapoint | None]],
) -> bool:
    """Whether an alarm that was created at the Unix second `created` is evaluated at `at`.

    `points` gives the datapoints that an evaluation at a Unix second looks at, those of `settings.starts`.
    """
    if at >= created + 60 * warm_up.minutes:
        return True
    if warm_up.whole or points(at)[-1] is None:
        return False
    # CloudWatch's page has a window full when its most recent period has a datapoint, but its example (three periods
    # of 5 minutes, first sample at 10:04, evaluated from about 10:19) also waits until a whole window has passed since
    # data began. The page is silent on gaps in between, on samples older than the alarm and on expressions. Here gaps
    # do not matter, older samples count (an alarm on a metric that has long been published does not wait), and what
    # an expression yields counts, so that one with FILL does not wait either.
    opened = at - settings.period * settings.evaluation_periods
    # By then, data that began in the same minute (10 s for high resolution) as the window can be seen.
    seen = opened + min(60, interval(settings))
    return any(point is not None for point in points(seen))
