"""`alarmlab test`: suites of alarm tests."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from alarmlab.cli import ALL_WELL, BAD_INPUT, UNMET
from alarmlab.cli.writing import write
from alarmlab.errors import InputError
from alarmlab.suite.as_json import as_json
from alarmlab.suite.discover import PATTERNS, suites_in
from alarmlab.suite.junit import junit
from alarmlab.suite.model import Suite, Test
from alarmlab.suite.read import read_suite
from alarmlab.suite.run import Bench, Outcome, Result
from alarmlab.suite.terminal import Progress, Style, summary

_STDOUT = "-"

_DESCRIPTION = """\
Runs suites: YAML files that say what was published, minute by minute, and what the alarms are expected to make of it.
promtool's notation for series: "200x29" is 30 times 200, "900+5x19" is 20 values from 900 in steps of 5, "_x5" is five
minutes without any."""

_EXAMPLES = f"""\
examples:
  alarmlab test                                    every {PATTERNS[0]} in this folder and below
  alarmlab test tests/alarms latency.yaml          a folder, and a file of any name
  alarmlab test tests/alarms -k "missing data" -v  tests with this in their names, one a line
  alarmlab test tests/alarms --assembly cdk.out    the same suites on another app's alarms
  alarmlab test tests/alarms --junit report.xml --json -

a suite:
  assembly: cdk.out                # a cloud assembly or a template, beside the suite; and/or `alarms:` inline
  tests:
    - name: a regression pages within ten minutes
      start: 2026-01-05T09:00:00Z
      initial_state: OK
      series:
        - metric: AWS/SageMaker ModelLatency
          dimensions: {{EndpointName: ranker, VariantName: AllTraffic}}
          period: 60
          values: "200000x29 900000+1000x19 _x5"
      expect:
        - {{at: 41m, alarm: RankerLatencyP99, state: ALARM}}
        - {{within: 10m, of: 30m, alarm: RankerLatencyP99, state: ALARM}}
        - {{pages: 1, severity: critical}}

exit codes: 0 all passed, 1 a test failed, 2 the input is wrong
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Give `alarmlab test` its options."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.add_argument(
        "paths", nargs="*", type=Path, default=[Path()], metavar="PATH", help="suites, or folders of them"
    )
    parser.add_argument(
        "--assembly", type=Path, metavar="PATH", help="a cloud assembly or template instead of the suites' own"
    )
    parser.add_argument(
        "-k", dest="part", metavar="TEXT", default="", help="only tests with TEXT in file::name, any case"
    )
    parser.add_argument("-x", dest="stop", action="store_true", help="stop at the first test that does not pass")
    parser.add_argument(
        "-v", "--verbose", action="count", default=0, help="one line a test, with its name and how long it took"
    )
    parser.add_argument("-q", "--quiet", action="count", default=0, help="failures and totals only")
    parser.add_argument("--strict", action="store_true", help="warnings fail: a series that no alarm reads, for one")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    parser.add_argument("--json", metavar="FILE", help="write JSON; - for standard output")
    parser.add_argument("--no-color", action="store_true", help="no colours (also NO_COLOR=1)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run what the options name.

    Raises:
        InputError: a path is not there, a folder has no suite, or no test has the text in its name.
    """
    began = perf_counter()
    files = suites_in(options.paths)
    out = sys.stderr if options.json == _STDOUT else sys.stdout
    style = Style.of(out, color=not options.no_color)
    progress = Progress(stream=out, style=style, verbosity=options.verbose - options.quiet)
    session = _Session(options=options, progress=progress)
    for file in files:
        if not session.run(file):
            break
    progress.end()
    if options.part and not session.results and not session.broken:
        raise InputError(f"-k {options.part}: no test has this in its name")
    for line in summary(
        session.results,
        refused=session.refused,
        files=len(files),
        broken=len(session.broken),
        seconds=perf_counter() - began,
        style=style,
        quiet=options.quiet > 0,
        strict=options.strict,
    ):
        print(line, file=out)
    for error in session.broken:
        print(f"alarmlab: {error}", file=sys.stderr)
    session.write()
    return session.code()


@dataclass(kw_only=True)
class _Session:
    """What has been run so far."""

    options: argparse.Namespace
    progress: Progress
    results: list[Result] = field(default_factory=list)
    broken: list[InputError] = field(default_factory=list)
    refused: dict[str, InputError] = field(default_factory=dict)

    def run(self, file: Path) -> bool:
        """Run one suite; whether to go on with the next."""
        try:
            suite = read_suite(file)
            tests = list(filter(self._chosen(suite), suite.tests))
            if not tests:
                return True
            bench = Bench(suite, self.options.assembly)
        except InputError as error:
            self.broken.append(error)
            return not self.options.stop
        self.refused |= bench.assembly.refused
        for test in tests:
            result = bench.run(test)
            self.results.append(result)
            self.progress.show(result)
            if self.options.stop and result.outcome is not Outcome.PASSED:
                return False
        return True

    def _chosen(self, suite: Suite) -> Callable[[Test], bool]:
        part = self.options.part.lower()
        return lambda test: part in f"{suite.shown}::{test.name}".lower()

    def write(self) -> None:
        """Write the reports that were asked for."""
        if self.options.junit is not None:
            write(self.options.junit, junit(self.results, self.broken))
        if self.options.json is not None:
            document = as_json(self.results, broken=self.broken, refused=self.refused)
            if self.options.json == _STDOUT:
                sys.stdout.write(document)
            else:
                write(Path(self.options.json), document)

    def code(self) -> int:
        """The exit code."""
        if self.broken or any(result.is_bad_input for result in self.results):
            return BAD_INPUT
        warned = self.options.strict and any(result.case and result.case.warnings for result in self.results)
        return UNMET if warned or any(result.outcome is not Outcome.PASSED for result in self.results) else ALL_WELL
