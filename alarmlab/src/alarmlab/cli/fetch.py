"""`alarmlab fetch`: metrics of a live account into a file, for backtests."""

import argparse
import gzip
import importlib.util
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alarmlab.assembly import Assembly, read_resources
from alarmlab.assembly.given import read_values, stand_ins_of, with_values
from alarmlab.backtest.plan import RETENTION, Wanted, merged, stretches, wanted
from alarmlab.backtest.replay import concerned
from alarmlab.cli import ALL_WELL
from alarmlab.cli.options import add_alarms, add_parameters, add_values, parameters_of
from alarmlab.cli.reading import read_alarms
from alarmlab.cli.writing import Progress, write
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, MetricAlarm, PromQLAlarm
from alarmlab.model.insights import is_insights, parse_insights
from alarmlab.model.statistics import is_statistic
from alarmlab.times import minute, moment_of, seconds_of

_EXAMPLES = """\
examples:
  alarmlab fetch cdk.out --out june.json --since 2026-06-01 --until 2026-07-01
  alarmlab fetch cdk.out --out recorded.json.gz --set Stage=prod --set Queue.QueueName=orders
  alarmlab fetch --deployed ranker --template deployed.json --out recorded.json
  alarmlab backtest deployed.json recorded.json --html report.html

CloudWatch keeps one-minute values for 15 days, five-minute values for 63 days and hourly ones for 455 days: what is older is
recorded in the period that is left, and said. It needs cloudwatch:GetMetricData, and ListMetrics for Metrics Insights alarms,
DescribeAlarms and ListTagsForResource for --deployed. CloudWatch charges for GetMetricData by the metrics that are asked for.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Give `alarmlab fetch` its options."""
    parser.description, parser.epilog = (
        "Records a window of all metrics that the alarms of an assembly read.",
        _EXAMPLES,
    )
    parser.set_defaults(run=run)
    parser.add_argument("assembly", metavar="ASSEMBLY", type=Path, nargs="?", help="cdk.out or a template")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="the recording; .gz compresses it")
    parser.add_argument("--since", metavar="TIME", default="14d", help="a time, or how long ago; default: %(default)s")
    parser.add_argument("--until", metavar="TIME", help="a time, or how long ago; default: now")
    add_alarms(parser)
    add_parameters(parser)
    add_values(parser)
    parser.add_argument(
        "--statistic", metavar="STAT", action="append", default=[], help="record p95, Maximum... too; repeatable"
    )
    live = parser.add_argument_group("the account")
    live.add_argument("--deployed", metavar="PREFIX", help="alarms that are deployed, by the beginning of their names")
    live.add_argument("--template", metavar="FILE", type=Path, help="write the deployed alarms as a template")
    live.add_argument("--region", help="default: as the AWS CLI finds it")
    live.add_argument("--profile", help="default: as the AWS CLI finds it")
    live.add_argument("--endpoint-url", metavar="URL", help="of CloudWatch, for an emulator")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code.

    Raises:
        InputError: says what is wrong in the options, the files or the account.
    """
    if importlib.util.find_spec("boto3") is None:
        raise InputError("fetch needs the AWS SDK: pip install 'alarmlab[fetch]'")
    from alarmlab import fetch as live  # noqa: PLC0415 - an extra

    if (options.assembly is None) == (options.deployed is None):
        raise InputError("give an assembly, or --deployed PREFIX for alarms of the account: one of the two")
    if options.template and options.deployed is None:
        raise InputError("--template: it needs --deployed PREFIX, whose alarms it writes")
    for stat in options.statistic:
        if not is_statistic(stat):
            raise InputError(
                f"--statistic {stat!r}: use Average, Sum, SampleCount, Minimum, Maximum or one such as p99"
            )
    now = int(time.time())
    start = _moment("--since", options.since, now)
    end = _moment("--until", options.until, now) if options.until else now
    if start >= end:
        raise InputError(f"--since {options.since}: it must be before --until")
    cloudwatch = live.client(region=options.region, profile=options.profile, endpoint=options.endpoint_url)
    assembly = _assembly(options, cloudwatch)
    with Progress() as progress:
        what = _wanted(_chosen(assembly, options), cloudwatch, options.statistic)
        fetched = live.fetch(cloudwatch, what, start=start, end=end, now=now, progress=progress.say)
        if len(fetched.empty) == len(what):
            raise InputError(
                f"nothing was published for {what[0].metric} and {len(what) - 1} more: check --region, --profile and --set"
            )
        _write(options.out, fetched.document)
    values = sum(len(result["Values"]) for result in fetched.document["MetricDataResults"])
    metrics = len({each.metric for each in what})
    print(f"{values} values of {metrics} metrics, {minute(start)} to {minute(end)} UTC")
    for line in (*_coarser(what, start, end, now), *_empty(fetched.empty), *fetched.messages):
        print(f"  note: {line}")
    print(f"wrote {options.out}")
    return ALL_WELL


def _moment(option: str, text: str, now: int) -> int:
    try:
        return now - seconds_of(text) if text[-1:].isalpha() and text[-1] != "Z" else moment_of(text)
    except InputError:
        raise InputError(f"{option} {text!r}: write 14d, 6h or a time such as 2026-06-01T00:00:00Z") from None


def _assembly(options: argparse.Namespace, cloudwatch: Any) -> Assembly:
    from alarmlab import fetch as live  # noqa: PLC0415 - an extra

    if options.deployed is None:
        return read_alarms(options.assembly, parameters_of(options))
    resources = live.deployed(cloudwatch, options.deployed)
    if options.template:
        write(options.template, json.dumps({"Resources": resources}, indent=1, default=str) + "\n")
        print(f"wrote {options.template}")
    return read_resources(resources)


def _chosen(assembly: Assembly, options: argparse.Namespace) -> Sequence[Alarm]:
    for id, error in assembly.refused.items():
        print(f"  not recorded: {id}: {error}")
    return with_values(assembly.only(options.alarm), read_values(options.values))


def _wanted(alarms: Sequence[Alarm], cloudwatch: Any, extra: Sequence[str]) -> list[Wanted]:
    """What the alarms read.

    Raises:
        InputError: nothing, or a metric whose name only the deployment decides.
    """
    found = wanted((alarm for alarm in alarms if isinstance(alarm, MetricAlarm)), extra)
    unknown = {name: each.metric for each in found for name in stand_ins_of(each.metric)}
    if unknown:
        name, metric = next(iter(unknown.items()))
        others = f" (also {', '.join(list(unknown)[1:])})" if len(unknown) > 1 else ""
        raise InputError(
            f"{metric}: ${{{name}}} is only known to the deployment: say it with --set {name}=VALUE{others}"
        )
    found += _of_insights(alarms, cloudwatch)
    for alarm in alarms:
        if isinstance(alarm, PromQLAlarm):
            print(f"  not recorded: {alarm.about.id}: PromQL is not read through GetMetricData")
    if not found:
        raise InputError("no alarm reads a metric: there is nothing to record")
    return list(dict.fromkeys(found))


def _of_insights(alarms: Sequence[Alarm], cloudwatch: Any) -> Iterator[Wanted]:
    """The metrics that a Metrics Insights query selects, by the minute."""
    from alarmlab import fetch as live  # noqa: PLC0415 - an extra

    stats = {"AVG": ("Sum", "SampleCount"), "COUNT": ("SampleCount",), "MAX": ("Maximum",), "MIN": ("Minimum",)}
    for alarm in (alarm for alarm in alarms if isinstance(alarm, MetricAlarm)):
        for query in (query for query in alarm.queries if is_insights(query.expression)):
            parsed = parse_insights(query.expression)
            for metric in live.metrics_like(cloudwatch, parsed):
                if concerned([alarm], [metric]):
                    for stat in stats.get(parsed.function, ("Sum",)):
                        yield Wanted(metric, stat, min(alarm.settings.period, 60))


def _coarser(what: Sequence[Wanted], start: int, end: int, now: int) -> Iterator[str]:
    kept = RETENTION[-1][0]
    if start < now - kept:
        yield f"nothing is left from before {minute(now - kept)} UTC"
    for period in sorted({each.period for each in what}):
        for stretch in merged(stretches(start, end, period, now=now)):
            if stretch.period > period:
                yield (
                    f"from {minute(stretch.start)} to {minute(stretch.end)} UTC only periods of {stretch.period} s are left of "
                    f"those of {period} s: alarms with shorter periods find most of their datapoints missing there"
                )


def _empty(empty: Sequence[Wanted]) -> Iterator[str]:
    names = list(dict.fromkeys(str(each.metric) for each in empty))
    for name in names[:10]:
        yield f"nothing was published for some of {name}"
    if len(names) > 10:
        yield f"... and for {len(names) - 10} metrics more"


def _write(path: Path, document: Any) -> None:
    text = json.dumps(document, separators=(",", ":")) + "\n"
    write(path, gzip.compress(text.encode(), mtime=0) if path.suffix == ".gz" else text)
