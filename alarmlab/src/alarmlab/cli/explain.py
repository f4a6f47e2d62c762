"""`alarmlab explain`: every alarm in words."""

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from alarmlab.cli import ALL_WELL
from alarmlab.cli.options import add_parameters, parameters_of
from alarmlab.cli.reading import read_alarms
from alarmlab.cli.writing import write
from alarmlab.explain.render import as_json, as_markdown, as_text
from alarmlab.explain.report import explain
from alarmlab.suite.coverage import Coverage, coverage
from alarmlab.suite.discover import suites_in
from alarmlab.suite.read import read_suite
from alarmlab.suite.run import Bench, Outcome

_NARROWEST, _WIDEST = 60, 100

_DESCRIPTION = """\
Says in words what every alarm does: when it goes off, how soon it can at best, whom it tells, what it costs a month, and
what is suspicious about it. With --tests it also says what the tests of suites prove of each. Times count from the value
itself: what a service takes to publish its metric comes on top."""

_EXAMPLES = """\
examples:
  alarmlab explain cdk.out                           every alarm of a cloud assembly
  alarmlab explain template.yaml --alarm orders/p99  one alarm, by its name or its logical id
  alarmlab explain cdk.out --tests tests/alarms      and which alarms the tests do not prove
  alarmlab explain cdk.out --markdown > ALARMS.md    for a wiki or a pull request

Findings do not change the exit code: 0, or 2 where the input is wrong.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Give `alarmlab explain` its options."""
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.add_argument("assembly", type=Path, metavar="ASSEMBLY", help="a cloud assembly, a template or a suite")
    add_parameters(parser)
    parser.add_argument("--alarm", action="append", default=[], metavar="NAME", help="this alarm only; may be repeated")
    parser.add_argument(
        "--tests", type=Path, action="append", default=[], metavar="PATH", help="suites, or folders of them, to run"
    )
    parser.add_argument("--markdown", action="store_true", help="Markdown instead of text")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write JSON; - for standard output, instead of text"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Explain what the options name.

    Raises:
        InputError: the assembly or a suite cannot be read, or there is no alarm of a name.
    """
    assembly = read_alarms(options.assembly, parameters_of(options))
    only = [assembly.find(name) for name in options.alarm]
    proofs = _proofs(options.tests, options.assembly) if options.tests else None
    report = explain(assembly, only=only, proofs=proofs)
    if str(options.json) == "-":
        sys.stdout.write(as_json(report))
        return ALL_WELL
    if options.json is not None:
        write(options.json, as_json(report))
    width = min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((88, 24)).columns))
    sys.stdout.write(as_markdown(report) if options.markdown else as_text(report, width))
    return ALL_WELL


def _proofs(paths: Sequence[Path], assembly: Path) -> Mapping[str, Coverage]:
    """What suites prove of the alarms of `assembly`; what does not pass proves nothing."""
    results = []
    for file in suites_in(paths):
        suite = read_suite(file)
        # A suite with alarms of its own may be what is explained.
        bench = Bench(suite, None if file.resolve() == assembly.resolve() else assembly)
        results += [bench.run(test) for test in suite.tests]
    failed = sum(result.outcome is not Outcome.PASSED for result in results)
    if failed:
        print(f"alarmlab: {failed} of {len(results)} tests do not pass on these alarms", file=sys.stderr)
    return coverage(results)
