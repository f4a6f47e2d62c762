"""Where the engine reads metrics."""

from collections.abc import Sequence
from typing import Protocol

from alarmlab.engine.window import Floats, Window
from alarmlab.model.metrics import MetricId


class MetricSource(Protocol):
    """Metrics that were published: a recording, a test's series, the sandbox's store."""

    def values(self, metric: MetricId, stat: str, window: Window, *, unit: str = "") -> Floats:
        """The statistic of every period of `window`, NaN where nothing was published.

        Only what an evaluation at the row's moment can have seen counts. A metric that is not known is all NaN. The
        answer may be a view of something larger: it is read only.

        Args:
            metric: what is read.
            stat: `Average`, `p99`...
            window: the periods.
            unit: only what was published in this unit counts; empty for any.

        Raises:
            InputError: the statistic cannot be had from what was published.
        """

    def metrics(self, namespace: str) -> Sequence[MetricId]:
        """The metrics of a namespace, in a stable order, for queries that look them up."""
