"""Suites run: every test of a file against the alarms of its assembly."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import perf_counter

from alarmlab.assembly import Assembly, read_assembly, read_resources
from alarmlab.engine.readers import Readers
from alarmlab.engine.run import Run
from alarmlab.engine.simulate import simulate
from alarmlab.errors import InputError, UnsupportedError
from alarmlab.suite.bind import Case, bind
from alarmlab.suite.checks import Failure, check
from alarmlab.suite.document import SuiteError
from alarmlab.suite.model import Suite, Test


class Outcome(StrEnum):
    """What became of a test."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """One test that was run.

    Args:
        suite: whose test it is.
        seconds: how long it took.
        failures: the expectations that were not met.
        error: why it could not be run; None where it could.
        case: what was run; None where its alarms or data did not fit.
        run: what happened; None where it could not be run.
    """

    suite: Suite
    test: Test
    seconds: float
    failures: tuple[Failure, ...] = ()
    error: InputError | None = None
    case: Case | None = None
    run: Run | None = None

    @property
    def outcome(self) -> Outcome:
        """Whether it passed."""
        if self.error is not None:
            return Outcome.ERROR
        return Outcome.FAILED if self.failures else Outcome.PASSED

    @property
    def is_bad_input(self) -> bool:
        """Whether it could not be run because something is wrong with it, not because something is not supported."""
        return self.error is not None and not isinstance(self.error, UnsupportedError)


class Bench:
    """The alarms of a suite, ready for its tests.

    Args:
        suite: as it was read.
        assembly: a cloud assembly or a template in place of the suite's own.

    Raises:
        InputError: the assembly cannot be read, or an inline alarm is wrong.
    """

    def __init__(self, suite: Suite, assembly: Path | None = None) -> None:
        self.suite = suite
        self.assembly = _assemble(suite, assembly or _named(suite))
        self._readers = Readers(self.assembly.alarms)

    def run(self, test: Test) -> Result:
        """Run one test."""
        began = perf_counter()
        case: Case | None = None
        try:
            case = bind(test, self.assembly, self._readers)
            run = simulate(
                [*case.alarms.values()],
                case.source,
                start=test.start,
                end=case.end,
                initial=test.initial,
                mute_rules=self.assembly.mute_rules,
                evaluation_range=self.suite.evaluation_range,
            )
        except InputError as error:
            return Result(
                suite=self.suite, test=test, seconds=perf_counter() - began, error=_placed(error, test), case=case
            )
        failures = tuple(failure for one in test.expectations if (failure := check(one, case, run)) is not None)
        return Result(
            suite=self.suite, test=test, seconds=perf_counter() - began, failures=failures, case=case, run=run
        )


def _assemble(suite: Suite, path: Path | None) -> Assembly:
    if suite.alarms:
        assembly = read_resources(suite.alarms, beside=path, parameters=suite.parameters)
    elif path is not None:
        assembly = read_assembly(path, parameters=suite.parameters)
    else:
        raise SuiteError(
            f"{suite.shown}:1: assembly: is missing: name a cloud assembly or a template, or write resources under alarms"
        )
    for id, field in suite.places.items():
        error = assembly.refused.get(id)
        if error is not None and not isinstance(error, UnsupportedError):
            raise SuiteError(f"{field.where}: alarms.{id}: {error}") from error
    return assembly


def _named(suite: Suite) -> Path | None:
    """The assembly that the suite names: beside it, or else in the working directory."""
    if suite.assembly is None:
        return None
    path = suite.file.parent / suite.assembly.text()
    if path.exists():
        return path
    elsewhere = Path(suite.assembly.text())
    if elsewhere.exists():
        return elsewhere
    raise suite.assembly.wrong(
        f"there is no {path}: write the path from the suite, synthesize the app, or give --assembly"
    )


def _placed(error: InputError, test: Test) -> InputError:
    """The error with the place of the test, unless it has one."""
    if isinstance(error, SuiteError):
        return error
    return type(error)(f"{test.field.where}: {test.field.path}: {error}")
