"""Suites of alarm tests as pytest items: one file a module, one test an item.

`*.alarms.yaml` and `*.alarms.yml` are collected; the ini option `alarmlab_files` names other patterns, and a YAML file that is
named on the command line is collected where it has `tests:`. A project that synthesizes its assembly in Python hands it over
from a conftest.py:

    def pytest_alarmlab_assembly(suite: Path) -> Path | None:
        return synthesized()

NumPy and the engine are imported only when pytest finds a suite.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from alarmlab.suite.discover import PATTERNS, has_tests, is_suite

_INI = "alarmlab_files"


class Hooks:
    """What a conftest.py can implement."""

    @pytest.hookspec(firstresult=True)
    def pytest_alarmlab_assembly(self, suite: Path) -> Path | None:
        """The cloud assembly or template for a suite, in place of the one that it names; None for that one.

        Called once for every suite of which a test is run, before the first of them.
        """


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini option."""
    parser.addini(_INI, "names of files that are suites of alarm tests", type="args", default=list(PATTERNS))


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hook."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a file that is called like a suite, or is one and was asked for."""
    patterns: Sequence[str] = parent.config.getini(_INI)
    if not is_suite(file_path, patterns) and not (parent.session.isinitpath(file_path) and has_tests(file_path)):
        return None
    from alarmlab.suite.pytest_items import SuiteFile  # noqa: PLC0415  # costs NumPy, and most runs collect no suite

    return SuiteFile.from_parent(parent, path=file_path)
