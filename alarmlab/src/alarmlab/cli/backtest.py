"""`alarmlab backtest`: recorded metrics through the alarms, and what people would have been told."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from alarmlab.assembly import Assembly
from alarmlab.assembly.given import read_values, with_values
from alarmlab.backtest.dump import as_json
from alarmlab.backtest.html import page
from alarmlab.backtest.records import Case, read_cases
from alarmlab.backtest.replay import concerned, metrics_of, replay
from alarmlab.backtest.report import Report, case_report
from alarmlab.backtest.text import lines
from alarmlab.cli import ALL_WELL
from alarmlab.cli.options import (
    add_alarms,
    add_grouping,
    add_meaning,
    add_recordings,
    add_values,
    duration,
    metric_of,
    moment,
    parameters_of,
)
from alarmlab.cli.reading import read_alarms
from alarmlab.cli.writing import Progress, write
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm
from alarmlab.model.metrics import MetricId
from alarmlab.model.states import State

_RECORDINGS = """\
recordings:
  CSV            timestamp,value            one metric: say which with --metric and --dimension, or --as ALARM
                 timestamp,Sum,SampleCount  statistics of each period
                 timestamp,metric,dimensions,value
                                            many: 'AWS/SageMaker ModelLatency', 'EndpointName=ranker;VariantName=A';
                                            also columns namespace, statistic, unit, period
  JSON           what `alarmlab fetch` writes, or `aws cloudwatch get-metric-data` prints (with --queries FILE)
  a folder       all of that together; combined_windows.json in it holds labels, as in the Numenta Anomaly Benchmark

A file that does not name its metric is a case of its own, with the files that do. Times are ISO 8601 (UTC where they do not
say) or Unix seconds.

examples:
  alarmlab fetch cdk.out --out june.json && alarmlab backtest cdk.out june.json --html june.html
  alarmlab backtest template.yaml latency.csv --as RankerLatencyP99
  alarmlab backtest alarms.yaml nab/ --metric 'NAB value' --labels nab/combined_windows.json
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Give `alarmlab backtest` its options."""
    parser.description = (
        "Runs recorded metrics through the alarms of an assembly, and their pages through routing's grouping."
    )
    parser.epilog = _RECORDINGS
    parser.set_defaults(run=run)
    add_recordings(parser)
    what = parser.add_argument_group("what was recorded")
    add_meaning(what)
    what.add_argument("--as", metavar="ALARM", dest="drives", help="a CSV holds the metric of this alarm")
    what.add_argument("--queries", metavar="FILE", type=Path, help="the queries of a JSON answer that stands alone")
    add_values(what)
    how = parser.add_argument_group("how it is run")
    add_alarms(how)
    how.add_argument("--since", metavar="TIME", help="from here on; default: the recording's beginning")
    how.add_argument("--until", metavar="TIME", help="up to here; default: the recording's end")
    how.add_argument(
        "--initial-state", metavar="STATE", choices=list(State), default=State.INSUFFICIENT_DATA, help="%(choices)s"
    )
    add_grouping(how)
    out = parser.add_argument_group("what comes out")
    out.add_argument("--html", metavar="FILE", type=Path, help="a page with pictures, in one file")
    out.add_argument(
        "--json", metavar="FILE", type=Path, help="all figures; - for the standard output, instead of text"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code.

    Raises:
        InputError: says what is wrong in the options or the files.
    """
    window, settle = duration("--window", options.window), duration("--settle", options.settle)
    assembly = read_alarms(options.assembly, parameters_of(options))
    alarms = with_values(assembly.only(options.alarm), read_values(options.values))
    cases = read_cases(
        options.recordings,
        metric=_metric(options, assembly, alarms),
        labels=options.labels,
        queries=options.queries,
        period=duration("--period", options.period) if options.period else None,
    )
    _check_concerned(alarms, cases)
    refused = {id: str(error) for id, error in assembly.refused.items() if not options.alarm}
    reports = []
    with Progress() as progress:
        for number, case in enumerate(cases):
            progress.say(f"{case.name} ({number + 1} of {len(cases)})")
            start, end = _stretch(case, options)
            found = replay(
                concerned(alarms, case.shelf.series),
                case.shelf,
                start=start,
                end=end,
                initial=options.initial_state,
                mute_rules=assembly.mute_rules,
                progress=lambda done, total, name=case.name: progress.say(f"{name}: {done} of {total} alarms"),  # type: ignore[misc]
            )
            refused |= found.refused
            reports.append(case_report(case, found, window=window, settle=settle))
        report = Report(cases=tuple(reports), refused=refused)
        if options.html:
            progress.say("drawing")
            write(options.html, page(report, title=f"{options.assembly.name}: backtest"))
    if options.json:
        text = json.dumps(as_json(report), indent=1, allow_nan=False) + "\n"
        if str(options.json) == "-":
            sys.stdout.write(text)
            return ALL_WELL
        write(options.json, text)
    for line in lines(report):
        print(line)
    for path in filter(None, (options.html, options.json)):
        print(f"wrote {path}")
    return ALL_WELL


def _metric(options: argparse.Namespace, assembly: Assembly, alarms: Sequence[Alarm]) -> MetricId | None:
    """What a file without a name for its metric recorded: as told, or the only metric that the alarms read."""
    if options.metric and options.drives:
        raise InputError("--metric and --as say the same: use one of the two")
    if (named := metric_of(options)) is not None:
        return named
    reading = [assembly.find(options.drives)] if options.drives else alarms
    found = list(dict.fromkeys(metric for alarm in reading for metric in metrics_of(alarm)))
    if options.drives and len(found) != 1:
        names = "; ".join(map(str, found)) or "no metric by name"
        raise InputError(f"--as {options.drives}: this alarm reads {names}: say which one was recorded with --metric")
    return found[0] if len(found) == 1 else None


def _check_concerned(alarms: Sequence[Alarm], cases: Sequence[Case]) -> None:
    if any(concerned(alarms, case.shelf.series) for case in cases):
        return
    recorded = [str(metric) for case in cases for metric in case.shelf.series]
    read = [str(metric) for alarm in alarms for metric in metrics_of(alarm)]
    raise InputError(
        f"no alarm reads what was recorded: recorded {_some(recorded)}; the alarms read {_some(read)}"
        " (--metric or --as says what a CSV holds)"
    )


def _some(names: Sequence[str]) -> str:
    kept = list(dict.fromkeys(names))
    return "; ".join(kept[:3]) + (f" and {len(kept) - 3} more" if len(kept) > 3 else "") if kept else "nothing"


def _stretch(case: Case, options: argparse.Namespace) -> tuple[int, int]:
    start, end = case.shelf.start, -(-case.shelf.end // 60) * 60
    start = max(start, moment("--since", options.since)) if options.since else start
    end = min(end, moment("--until", options.until)) if options.until else end
    if start >= end:
        raise InputError(f"--since/--until: nothing of {case.name} lies between them")
    return start, end
