"""What a suite says, read but not yet tied to the alarms of an assembly."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alarmlab.engine.recording import SampleSeries, StatisticSeries
from alarmlab.model.metrics import MetricId
from alarmlab.model.states import State
from alarmlab.suite.document import Field


@dataclass(frozen=True, kw_only=True)
class WrittenSeries:
    """One series of a test.

    Args:
        field: where it was written.
        metrics: what it may be a series of: namespaces and names both may hold spaces, so the text alone may not tell.
        data: its values.
        band: the alarm whose recorded band this is, as it was written; empty for a metric. Then `metrics` is empty.
        bound: `lower` or `upper`, of a band.
    """

    field: Field
    metrics: tuple[MetricId, ...]
    data: SampleSeries | StatisticSeries
    band: str = ""
    bound: str = ""

    @property
    def end(self) -> int:
        """Unix seconds at which its last period is over, also when nothing was published in it."""
        return self.data.start + len(self.data) * self.data.step


@dataclass(frozen=True, kw_only=True)
class ExpectedState:
    """An alarm is in a state at some moment between two, both included.

    Args:
        field: where it was written.
        alarm: as it was written: a logical id or a name.
        first: Unix seconds.
        last: Unix seconds; the same as `first` for one moment.
    """

    field: Field
    alarm: str
    state: State
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class ExpectedCount:
    """So many pages, or incidents, between two moments, both included.

    Args:
        field: where it was written.
        what: `pages` or `incidents`.
        severity: only those of it; empty for any.
        alarm: only those of the alarm, as it was written; empty for any.
        first: Unix seconds; None for the start of the test.
        last: Unix seconds; None for its end.
    """

    field: Field
    what: str
    count: int
    severity: str = ""
    alarm: str = ""
    first: int | None = None
    last: int | None = None


Expectation = ExpectedState | ExpectedCount


@dataclass(frozen=True, kw_only=True)
class Test:
    """One test: what was published from `start` on, and what the alarms are expected to make of it.

    Args:
        start: Unix seconds.
        initial: the state of every alarm at the start.
    """

    __test__ = False  # not one of pytest's

    field: Field
    name: str
    start: int
    initial: State
    series: tuple[WrittenSeries, ...]
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A file of tests.

    Args:
        file: where it is.
        shown: how errors and results name it.
        assembly: where a cloud assembly or a template is named; None where all alarms are inline, or come from elsewhere.
        parameters: values of its parameters, in place of their defaults.
        alarms: inline CloudFormation resources by logical id.
        places: where each of them was written.
        evaluation_range: how many periods an evaluation looks at; None for the engine's default.
    """

    file: Path
    shown: str
    assembly: Field | None
    parameters: Mapping[str, str]
    alarms: Mapping[str, Mapping[str, object]]
    places: Mapping[str, Field]
    evaluation_range: int | None
    tests: tuple[Test, ...]
