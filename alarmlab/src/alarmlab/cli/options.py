"""Options that several subcommands take, and what they say."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from alarmlab.backtest.track import read_dimensions, read_metric
from alarmlab.errors import InputError
from alarmlab.model.metrics import MetricId, dimensions_of
from alarmlab.paging import SETTLE, WINDOW
from alarmlab.times import moment_of, seconds_of

Options = argparse.ArgumentParser | argparse._ArgumentGroup


def add_recordings(parser: Options) -> None:
    """An assembly, and what was recorded."""
    parser.add_argument(
        "assembly",
        metavar="ASSEMBLY",
        type=Path,
        help="cdk.out, a template, or a file with `alarms:` as suites have them",
    )
    add_parameters(parser)
    parser.add_argument("recordings", metavar="RECORDING", type=Path, nargs="+", help="files and folders, see below")


def add_parameters(parser: Options) -> None:
    """What a template leaves to who deploys it."""
    parser.add_argument(
        "--parameter",
        metavar="NAME=VALUE",
        dest="parameters",
        action="append",
        default=[],
        help="of the template, in place of its Default; repeatable",
    )


def parameters_of(options: argparse.Namespace) -> Mapping[str, str]:
    """The values of `--parameter`.

    Raises:
        InputError: one is not written NAME=VALUE.
    """
    found = {}
    for text in options.parameters:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise InputError(f"--parameter {text!r}: write NAME=VALUE, such as Stage=prod")
        found[name] = value
    return found


def add_meaning(parser: Options) -> None:
    """What recorded files mean."""
    parser.add_argument("--metric", metavar="METRIC", help="what a CSV holds: 'AWS/SageMaker ModelLatency'")
    parser.add_argument(
        "--dimension", metavar="NAME=VALUE", action="append", default=[], help="of --metric; repeatable"
    )
    parser.add_argument(
        "--period", metavar="DURATION", help="what one row of a CSV stands for; default: what rows show"
    )
    parser.add_argument(
        "--labels", metavar="FILE", type=Path, help='when something was wrong: {"file": [["start", "end"]]}'
    )


def add_grouping(parser: Options) -> None:
    """How pages become incidents."""
    parser.add_argument("--window", metavar="DURATION", default=f"{WINDOW}s", help="alarms join an incident for; 30m")
    parser.add_argument("--settle", metavar="DURATION", default=f"{SETTLE}s", help="an end must hold for; 5m")


def add_values(parser: Options) -> None:
    """Names that only the deployment knows."""
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        dest="values",
        action="append",
        default=[],
        help="for ${NAME} in metrics; repeatable",
    )


def add_alarms(parser: Options) -> None:
    """Some alarms, not all."""
    parser.add_argument("--alarm", metavar="NAME", action="append", default=[], help="only this one; repeatable")


def metric_of(options: argparse.Namespace) -> MetricId | None:
    """The metric of `--metric` and `--dimension`, None without.

    Raises:
        InputError: one of them is not written so, or there is a dimension without a metric.
    """
    if options.metric:
        return read_metric(options.metric, dimensions_of(read_dimensions(options.dimension)))
    if options.dimension:
        raise InputError("--dimension: it needs --metric beside it")
    return None


def duration(option: str, text: str) -> int:
    """Seconds of `30m`.

    Raises:
        InputError: with the option, the text and how to write it.
    """
    try:
        return seconds_of(text)
    except InputError as error:
        raise InputError(f"{option}: {text!r}: {error}") from None


def moment(option: str, text: str) -> int:
    """Unix seconds of a time.

    Raises:
        InputError: with the option, the text and how to write it.
    """
    try:
        return moment_of(text)
    except InputError as error:
        raise InputError(f"{option}: {text!r}: {error}") from None
