"""From where on a figure says something, each with its reason. The figures are medians of minutes, or shares of all requests."""

from datetime import timedelta

ERRORS_PERCENT = 1.0
"""Ten times what an objective of 99.9 % allows; below, a page about errors is about its objective and not about a break."""
ERRORS_TIMES = 3.0
"""What was bad before is not explained by what happened since; three times is beyond the noise of small shares."""
LATENCY_TIMES = 1.5
"""p99 of a few hundred requests moves by a third from one minute to the next by chance."""
TRAFFIC_TIMES = 1.3
"""Less is the ordinary course of a day within half an hour."""
CLIENT_ERRORS_PERCENT = 5.0
"""One broken client in twenty; single bad requests come every day."""
BUSY_PERCENT = 85.0
"""GPU or CPU. The alarms warn at 90 in ten minutes; the median of the first minutes crosses later."""
IDLE_PERCENT = 2.0
"""GPU. The alarm on idle GPUs compares a sum over all GPUs with 1; a desktop's idle reading is below 2."""
BUSY_SHARE = 0.2
"""Of the time that the model works: below, even a healthy GPU has nothing to do. The same fifth as the alarm's."""
MEMORY_PERCENT, MEMORY_GROWTH = 95.0, 5.0
"""Percent, and points of growth since before: what has always been full is a cache. GPU memory has no such figure:
serving frameworks reserve nine tenths of it at the start."""
SILENT_SHARE = 0.1
"""Of the traffic before; less is silence with a health check in it."""
EVIDENCE_SHARE = 0.5
"""Of the lines that look like errors: what explains fewer than half of them is one cause among others."""
EVIDENCE_LINES = 3
"""Fewer lines are an accident."""
RIGHT_AFTER = timedelta(minutes=30)
"""From the end of a deployment to the beginning of the alert. What breaks later was set off by something else as often."""
AS_IT_BEGAN = timedelta(minutes=5)
"""A breach is dated by the start of its period, and SageMaker dates an update by its end."""
DEPLOYING = timedelta(hours=2)
"""From the beginning of an update to its end, with a canary and its waits; later changes of the endpoint are others."""
SCALING = timedelta(minutes=15)
"""From a scaling activity's start to the endpoint's new time of change: instances take minutes."""
TRIED = timedelta(hours=1)
"""How long ago a failed scaling still says that there is no capacity: it is tried again every few minutes."""
