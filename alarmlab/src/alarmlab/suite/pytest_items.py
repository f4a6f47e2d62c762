"""Suites and their tests as pytest's collectors and items."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from alarmlab.errors import InputError
from alarmlab.suite.model import Test
from alarmlab.suite.read import read_suite
from alarmlab.suite.run import Bench, Outcome
from alarmlab.suite.terminal import Style, explain


class AlarmWarning(UserWarning):
    """A test of alarms that may not say what it means: a series that no alarm reads, for one."""


class SuiteFile(pytest.File):
    """A suite."""

    bench: Bench

    def collect(self) -> Iterator["SuiteItem"]:
        """Its tests; a file that is wrong is an error of collection, with its line."""
        shown = os.path.relpath(self.path, self.config.invocation_params.dir)
        try:
            self._suite = read_suite(self.path, shown=shown)
        except InputError as error:
            raise self.CollectError(str(error)) from error
        for test in self._suite.tests:
            yield SuiteItem.from_parent(self, name=test.name, test=test)

    def setup(self) -> None:
        """Read the assembly, once before the first test that is run."""
        assembly = self.ihook.pytest_alarmlab_assembly(suite=self.path)
        try:
            self.bench = Bench(self._suite, assembly)
        except InputError as error:
            problem = str(error)
        else:
            return
        pytest.fail(problem, pytrace=False)


class SuiteItem(pytest.Item):
    """A test of a suite."""

    def __init__(self, *, test: Test, **rest: Any) -> None:
        super().__init__(**rest)
        self._test = test

    def runtest(self) -> None:
        """Run the test; where it fails, the text is what `alarmlab test` shows."""
        assert isinstance(self.parent, SuiteFile)
        result = self.parent.bench.run(self._test)
        if result.outcome is not Outcome.PASSED:
            pytest.fail("\n".join(explain(result, Style.of(sys.__stdout__ or sys.stdout, color=False))), pytrace=False)
        for warning in result.case.warnings if result.case is not None else ():
            self.warn(AlarmWarning(warning))

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        """Where the test is."""
        return self.path, self._test.field.line - 1, self.name
