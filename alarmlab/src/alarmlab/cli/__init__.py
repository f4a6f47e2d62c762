"""The command `alarmlab`."""

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Protocol, cast

from alarmlab.errors import InputError

ALL_WELL, UNMET, BAD_INPUT = 0, 1, 2
"""Exit codes: what was expected or wanted holds; does not; the input is wrong."""
INTERRUPTED = 128 + 2

_SUBCOMMANDS = {
    "test": "run suites of alarm tests",
    "backtest": "run recorded metrics through the alarms, and count false alarms and missed ones",
    "explain": "say in words what every alarm does, how soon it can fire and what it costs",
    "tune": "propose thresholds from a baseline, and say what they would have done",
    "fetch": "record metrics of a live account, for backtests",
}

_DESCRIPTION = """\
CloudWatch alarms, tested offline: alarmlab reads the alarms of a synthesized CDK app or of any CloudFormation
template, and evaluates them as CloudWatch would, on invented or recorded metrics. No account is needed."""

_EXAMPLES = """\
examples:
  alarmlab explain cdk.out                             what every alarm does, in words
  alarmlab test tests/alarms                           run every *.alarms.yaml in a folder
  alarmlab test latency.alarms.yaml -k regression -v   some tests of one file, by name
  alarmlab fetch cdk.out --out recorded                record a window of the metrics that the alarms read
  alarmlab backtest cdk.out recorded --html report.html

exit codes: 0 all is well, 1 an expectation failed, 2 the input is wrong (one line says where and what to do)
"""


class _Subcommand(Protocol):
    def add(self, parser: argparse.ArgumentParser) -> None:
        """Give the subcommand's parser its options, and `run=` among its defaults."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        # Names may hold what the terminal's encoding does not: that is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        options = _parser(arguments).parse_args(arguments)
        run = cast("Callable[[argparse.Namespace], int]", options.run)
        code = run(options)
        sys.stdout.flush()
    except InputError as error:
        print(f"alarmlab: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has what they wanted
        _silence()
        return ALL_WELL
    except OSError as error:  # a full disk behind the standard output; a folder that may not be looked into
        print(f"alarmlab: {error.filename or 'the standard output'}: {error.strerror}", file=sys.stderr)
        _silence()
        return BAD_INPUT
    return code


def _silence() -> None:
    """The interpreter flushes the standard output once more when it exits, and would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser, with the options of the subcommand that is named first: only that one is imported."""
    parser = argparse.ArgumentParser(
        prog="alarmlab",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"alarmlab {version('alarmlab')}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    chosen = next((word for word in arguments if not word.startswith("-")), "")
    for name, summary in _SUBCOMMANDS.items():
        command = subparsers.add_parser(name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        if name == chosen:
            cast("_Subcommand", import_module(f"alarmlab.cli.{name}")).add(command)
    return parser
