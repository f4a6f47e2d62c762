"""Which alarms read which metrics."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np

from alarmlab.engine.insights import contributors
from alarmlab.engine.promql import evaluate
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.window import Window
from alarmlab.model.alarms import Alarm, MetricAlarm, PromQLAlarm
from alarmlab.model.insights import InsightsQuery, is_insights, parse_insights
from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.model.promql import Selector, selectors
from alarmlab.model.promql_parser import parse_promql

_MOMENTS = np.zeros(1, dtype=np.int64)


class Readers:
    """The alarms of an assembly by the metrics that they read.

    Args:
        alarms: all of them.
    """

    def __init__(self, alarms: Iterable[Alarm]) -> None:
        self._exact: dict[MetricId, list[tuple[Alarm, MetricQuery]]] = defaultdict(list)
        self._insights: list[tuple[Alarm, MetricQuery, InsightsQuery]] = []
        self._promql: list[tuple[Alarm, tuple[Selector, ...]]] = []
        for alarm in alarms:
            if isinstance(alarm, MetricAlarm):
                self._add(alarm)
            elif isinstance(alarm, PromQLAlarm):
                self._promql.append((alarm, selectors(parse_promql(alarm.query))))

    def of(self, metric: MetricId) -> list[tuple[Alarm, MetricQuery | None]]:
        """The alarms that read the metric, each with its query; None for PromQL."""
        alone = Recording({metric: SampleSeries.of_values(0, 60, [np.nan])})
        window = Window(_MOMENTS, 60, 1)
        found: list[tuple[Alarm, MetricQuery | None]] = [*self._exact.get(metric, ())]
        found += [(alarm, query) for alarm, query, parsed in self._insights if contributors(parsed, alone, window)]
        if not metric.namespace:
            found += [
                (alarm, None)
                for alarm, asked in self._promql
                if any(evaluate(replace(selector, seconds=0.0), alone, _MOMENTS).labels for selector in asked)
            ]
        return found

    def nearest(self, metric: MetricId) -> MetricId | None:
        """The metric that alarms read and that is most like one that none reads."""
        alike = {known: SequenceMatcher(None, str(metric), str(known)).ratio() for known in self._exact}
        best = max(alike, key=lambda known: (known.name == metric.name, alike[known]), default=None)
        return best if best is not None and (best.name == metric.name or alike[best] > 0.6) else None

    def _add(self, alarm: MetricAlarm) -> None:
        for query in alarm.queries:
            if query.metric is not None:
                self._exact[query.metric].append((alarm, query))
            elif is_insights(query.expression):
                self._insights.append((alarm, query, parse_insights(query.expression)))
