"""What CloudWatch is asked for."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmlab.assembly import read_resources
from alarmlab.assembly.given import read_values, with_values
from alarmlab.backtest.plan import DAY, HOUR, RETENTION, Wanted, merged, stretches, wanted
from alarmlab.errors import InputError
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.metrics import MetricId

NOW = 1_795_478_437
METRIC = MetricId("AWS/SQS", "ApproximateAgeOfOldestMessage", (("QueueName", "${Queue.QueueName}"),))


def alarm(stat: str, period: int) -> MetricAlarm:
    """An alarm on the age of messages in a queue that the template makes."""
    properties = {
        "Namespace": METRIC.namespace,
        "MetricName": METRIC.name,
        "Dimensions": [{"Name": "QueueName", "Value": "${Queue.QueueName}"}],
        "Statistic" if stat in {"Average", "Sum", "Maximum"} else "ExtendedStatistic": stat,
        "Period": period,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    (found,) = read_resources({"Age": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}).alarms
    assert isinstance(found, MetricAlarm)
    return found


def asked(stat: str, period: int, *extra: str) -> list[tuple[str, int]]:
    """Statistics and periods that are asked for."""
    return [(each.stat, each.period) for each in wanted([alarm(stat, period)], extra)]


def test_simple_statistics_are_asked_for_by_the_minute() -> None:
    """A rolling window of five minutes is put together from minutes, an average from sums and counts."""
    assert asked("Maximum", 300) == [("Maximum", 60)]
    assert asked("Average", 300) == [("SampleCount", 60), ("Sum", 60)]
    assert asked("Sum", 10) == [("Sum", 10)]


def test_percentiles_are_asked_for_in_the_period_of_the_alarm() -> None:
    """They do not follow from percentiles of shorter periods."""
    assert asked("p99", 300, "p90") == [("p90", 300), ("p99", 300)]


def test_old_values_are_asked_for_in_the_period_that_is_left() -> None:
    """A hundred days of minutes: hours, then five minutes, then minutes, without overlap."""
    found = merged(stretches(NOW - 100 * DAY, NOW, 60, now=NOW))
    assert [part.period for part in found] == [3600, 300, 60]
    assert all(before.end == after.start for before, after in pairwise(found))
    assert NOW - found[-1].start <= 15 * DAY + 300
    (recent,) = merged(stretches(NOW - 2 * HOUR, NOW, 10, now=NOW))
    assert recent.period == 10
    with pytest.raises(InputError, match="CloudWatch keeps 455 days"):
        list(stretches(NOW - 500 * DAY, NOW - 480 * DAY, 60, now=NOW))


@given(
    st.integers(0, 454 * DAY),
    st.integers(1, 455 * DAY),
    st.sampled_from([10, 60, 300, 900, 3600, 86_400]),
)
def test_every_stretch_is_one_that_cloudwatch_still_has(ago: int, length: int, period: int) -> None:
    """Aligned, none shorter than the period, each in a period that is kept for that long, whatever the window."""
    end = NOW - ago
    found = merged(stretches(max(end - length, NOW - 455 * DAY + 1), end, period, now=NOW))
    for part in found:
        least = next(least for age, least in RETENTION if part.end > NOW - age) if part.end > NOW - 455 * DAY else 3600
        assert part.period % period == 0
        assert part.period >= least
        assert part.start % part.period == part.end % part.period == 0
        assert part.end <= end
    assert all(before.end <= after.start for before, after in pairwise(found))


def test_values_take_the_place_of_stand_ins() -> None:
    """With or without braces; a name that no metric has is a slip, and named."""
    (found,) = with_values([alarm("Sum", 60)], read_values(["${Queue.QueueName}=orders=1"]))
    assert isinstance(found, MetricAlarm)
    assert wanted([found]) == [Wanted(MetricId(METRIC.namespace, METRIC.name, (("QueueName", "orders=1"),)), "Sum", 60)]
    with pytest.raises(InputError, match=r"no metric of an alarm has \$\{Qeue\}: there are Queue.QueueName"):
        with_values([alarm("Sum", 60)], read_values(["Qeue=x"]))
    with pytest.raises(InputError, match="write NAME=VALUE"):
        read_values(["orders"])
