"""The warm-up of a new alarm: it is not evaluated before its data, or its time, has come.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-warm-up.html
"""

import numpy as np

from alarmlab.engine.metric_alarm import datapoints
from alarmlab.engine.source import MetricSource
from alarmlab.engine.window import Moments, Truths
from alarmlab.model.alarms import MetricAlarm


def has_ended(alarm: MetricAlarm, source: MetricSource, moments: Moments, *, created: float) -> Truths:
    """Whether an alarm that was created at the Unix second `created` is evaluated at each of `moments`.

    An alarm without a warm-up is evaluated at all of them.
    """
    warm_up, settings = alarm.warm_up, alarm.settings
    if warm_up is None:
        return np.ones(len(moments), dtype=np.bool_)
    ended: Truths = moments >= created + 60 * warm_up.minutes
    waiting = moments[~ended]
    if warm_up.whole or not len(waiting):
        return ended
    # CloudWatch's page has a window full when its most recent period has a datapoint, but its example (three periods
    # of 5 minutes, first sample at 10:04, evaluated from about 10:19) also waits until a whole window has passed since
    # data began. The page is silent on gaps in between, on samples older than the alarm and on expressions. Here gaps
    # do not matter, older samples count (an alarm on a metric that has long been published does not wait), and what
    # an expression yields counts, so that one with FILL does not wait either.
    opened = waiting - settings.period * settings.evaluation_periods
    # By then, data that began in the same minute (10 s for high resolution) as the window can be seen.
    seen = opened + min(60, settings.interval)
    recent = ~np.isnan(datapoints(alarm, source, waiting)[:, -1])
    begun = (~np.isnan(datapoints(alarm, source, seen))).any(axis=1)
    ended[~ended] = recent & begun
    return np.logical_or.accumulate(ended)
