"""What to ask CloudWatch for, so that alarms can be evaluated as they would have been.

CloudWatch keeps periods below a minute for 3 hours, one minute for 15 days, five minutes for 63 days and an hour for 455
days: what is older is asked for in the period that is left of it.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alarmlab.errors import InputError
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.metrics import MetricId
from alarmlab.model.statistics import SIMPLE_STATISTICS
from alarmlab.times import minute

HOUR, DAY = 3600, 86_400
RETENTION = ((3 * HOUR, 1), (15 * DAY, 60), (63 * DAY, 300), (455 * DAY, 3600))
"""How long values are kept, and the period that they need to have for it; seconds."""
_MINUTE = 60


@dataclass(frozen=True, order=True)
class Wanted:
    """One statistic of one metric.

    Args:
        metric: what is read.
        stat: `Sum`, `p99`...
        period: seconds.
        unit: empty for any.
    """

    metric: MetricId
    stat: str
    period: int
    unit: str = ""


@dataclass(frozen=True)
class Stretch:
    """A stretch of time for which values of one period are left.

    Args:
        start: Unix second, a multiple of the period.
        end: Unix second.
        period: seconds.
    """

    start: int
    end: int
    period: int


def wanted(alarms: Iterable[MetricAlarm], extra: Sequence[str] = ()) -> list[Wanted]:
    """What alarms read, in a form that their windows can be made of.

    A window of five minutes ends at every minute, so simple statistics are asked for by the minute and put together: an
    average as its sum and count. Percentiles cannot be: they are asked for in the alarm's own period.

    Args:
        alarms: with metrics that are known by name.
        extra: statistics of every metric beyond those that are read, for other thresholds to be tried.
    """
    found: dict[Wanted, None] = {}
    for alarm in alarms:
        for query in alarm.queries:
            if query.metric is None:
                continue
            few = ("SampleCount",) if alarm.settings.low_sample_ignore else ()
            for stat in (query.stat, *few, *extra):
                for part in ("Sum", "SampleCount") if stat == "Average" else (stat,):
                    period = min(query.period, _MINUTE) if part in SIMPLE_STATISTICS else query.period
                    found[Wanted(query.metric, part, period, query.unit)] = None
    return sorted(found)


def stretches(start: int, end: int, period: int, *, now: int) -> Iterator[Stretch]:
    """The parts of a window, the oldest first, each with the shortest period that is left there and not below `period`.

    Raises:
        InputError: nothing is left of it.
    """
    if end <= now - RETENTION[-1][0]:
        raise InputError(f"nothing is left from before {minute(now - RETENTION[-1][0])} UTC: CloudWatch keeps 455 days")
    edges = [*(max(now - age, start) for age, _ in RETENTION[::-1]), end]
    for (_, least), begin, finish in zip(RETENTION[::-1], edges, edges[1:], strict=False):
        if begin >= min(finish, end):
            continue
        coarser = -(-period // least) * least
        # A period that the next stretch begins in is asked for whole; one that is not over at the end is not.
        until = -(-finish // coarser) * coarser
        stretch = Stretch(begin - begin % coarser, until if until <= end else end - end % coarser, coarser)
        if stretch.start < stretch.end:
            yield stretch


def merged(parts: Iterable[Stretch]) -> list[Stretch]:
    """Neighbours of one period as one, without overlaps of what was rounded."""
    found: list[Stretch] = []
    for part in parts:
        if found and found[-1].period == part.period:
            found[-1] = Stretch(found[-1].start, max(part.end, found[-1].end), part.period)
        else:
            begin = max(part.start, found[-1].end) if found else part.start
            if begin < part.end:
                found.append(Stretch(begin, part.end, part.period))
    return found
