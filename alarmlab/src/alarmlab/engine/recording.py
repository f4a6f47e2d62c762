"""Metrics that were recorded or invented, as a source for the engine.

A value belongs to the step that it was recorded for and is seen from the end of that step on. An alarm's period holds
the steps that begin in it; a step longer than the period counts as one sample at its beginning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from alarmlab.engine.lattice import read
from alarmlab.engine.rolling import Steps, combined, each_step, over_samples
from alarmlab.engine.window import AnyArray, Floats, Moments, Window
from alarmlab.errors import InputError
from alarmlab.model.metrics import MetricId
from alarmlab.model.statistics import SIMPLE_STATISTICS, extended

_ONE_SAMPLE = ("Average", "Sum", "Minimum", "Maximum")


@dataclass(frozen=True, eq=False)
class SampleSeries:
    """Raw samples, one or several a step.

    Args:
        start: Unix second at which the first step begins.
        step: seconds.
        samples: one row a step, NaN where there are fewer samples than columns.
        unit: that they were published in; empty for not known, which fits every unit that is asked for.
    """

    start: int
    step: int
    samples: Floats
    unit: str = ""
    _by_statistic: dict[str, Floats] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        _check_step(self.step)

    @classmethod
    def of_values(cls, start: int, step: int, values: ArrayLike, unit: str = "") -> "SampleSeries":
        """One value a step, NaN where there is none."""
        return cls(start, step, np.asarray(values, dtype=np.float64).reshape(-1, 1), unit)

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self.samples)

    def at_steps(self, stat: str) -> Floats:
        """The statistic of each step."""
        if stat not in self._by_statistic:
            alone = self.samples.shape[1] == 1 and stat in _ONE_SAMPLE
            self._by_statistic[stat] = self.samples[:, 0] if alone else each_step(self.samples, stat)
        return self._by_statistic[stat]

    def over(self, steps: Steps, stat: str) -> Floats:
        """The statistic of all samples of several steps together."""
        if stat in SIMPLE_STATISTICS:
            return combined(self.at_steps, steps, stat)
        return over_samples(self.samples, steps, stat)


@dataclass(frozen=True, eq=False)
class StatisticSeries:
    """Statistics of each step, whose samples are not known.

    Args:
        start: Unix second at which the first step begins.
        step: seconds.
        statistics: by name (`Sum`, `SampleCount`, `p99`...), one value a step, NaN where there is none.
        unit: that they were published in; empty for not known, which fits every unit that is asked for.
    """

    start: int
    step: int
    statistics: Mapping[str, Floats]
    unit: str = ""

    def __post_init__(self) -> None:
        _check_step(self.step)
        if len({len(values) for values in self.statistics.values()}) > 1:
            raise InputError(f"statistics: all of {', '.join(self.statistics)} need the same number of values")

    def __len__(self) -> int:
        """How many steps there are."""
        return max((len(values) for values in self.statistics.values()), default=0)

    def at_steps(self, stat: str) -> Floats:
        """The statistic of each step.

        Raises:
            InputError: it was not recorded, and does not follow from what was.
        """
        if stat in self.statistics:
            return self.statistics[stat]
        if stat == "Average" and "Sum" in self.statistics and "SampleCount" in self.statistics:
            with np.errstate(divide="ignore", invalid="ignore"):
                average: Floats = self.statistics["Sum"] / self.statistics["SampleCount"]
            return np.where(np.isfinite(average), average, np.nan)
        recorded = ", ".join(self.statistics) or "none"
        raise InputError(f"{stat} was not recorded (statistics: {recorded}): give it, or the raw `samples`")

    def over(self, steps: Steps, stat: str) -> Floats:
        """The statistic of several steps together.

        Raises:
            InputError: it does not follow from the statistics of the steps.
        """
        if stat not in SIMPLE_STATISTICS:
            raise InputError(
                f"{stat} of a longer period does not follow from statistics of {self.step} s: give the raw `samples`"
            )
        return combined(self.at_steps, steps, stat)


@dataclass(frozen=True, eq=False)
class Recording:
    """Metrics that are all known beforehand: a `MetricSource`."""

    series: Mapping[MetricId, SampleSeries | StatisticSeries]

    def values(self, metric: MetricId, stat: str, window: Window, *, unit: str = "") -> Floats:
        """See `MetricSource.values`."""
        extended(stat)  # refuses what is none, also where there is no series
        series = self.series.get(metric)
        if series is None or len(series) == 0 or (unit and series.unit and unit != series.unit):
            nothing: AnyArray = np.broadcast_to(np.float64(np.nan), window.shape)
            return nothing
        try:
            return read(series, stat, window)
        except InputError as error:
            raise InputError(f"{metric}: {error}") from None

    def metrics(self, namespace: str) -> Sequence[MetricId]:
        """See `MetricSource.metrics`."""
        return [metric for metric in self.series if metric.namespace == namespace]

    def samples(self, metric: MetricId) -> tuple[Moments, Floats]:
        """See `promql.SampleSource.samples`.

        Raises:
            InputError: it has several samples a step, or only statistics of them.
        """
        series = self.series[metric]
        if not isinstance(series, SampleSeries) or series.samples.shape[1] != 1:
            raise InputError(f"{metric}: a Prometheus series has one value a step: give it as `values`")
        return series.start + series.step * np.arange(1, len(series) + 1, dtype=np.int64), series.samples[:, 0]


def _check_step(step: int) -> None:
    if step <= 0:
        raise InputError(f"period: {step} is not a positive number of seconds")
