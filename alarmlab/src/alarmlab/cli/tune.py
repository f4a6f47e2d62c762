"""`alarmlab tune`: thresholds for an objective, from what was recorded."""

import argparse
from collections.abc import Sequence

import yaml

from alarmlab.backtest.records import read_cases
from alarmlab.backtest.replay import metrics_of
from alarmlab.cli import ALL_WELL, UNMET
from alarmlab.cli.options import add_grouping, add_meaning, add_recordings, duration, metric_of, parameters_of
from alarmlab.cli.reading import read_alarms
from alarmlab.cli.writing import Progress
from alarmlab.errors import InputError
from alarmlab.times import written
from alarmlab.tune import Objective, Option, Trial, best, options, tunable

_OBJECTIVE = "at most 1 false alarm a week"

_EPILOG = """\
recordings: files and folders, as for `alarmlab backtest`
objectives: 'at most 1 false alarm a week', 'at most 3 in 2 weeks' (hour, day, week, month), 'no false alarm'

Each line of the table was run on the recording, and counted as the router counts: incidents, not transitions. Without
--labels everything that is told is a false alarm, so record a time in which all was well. Bands are CloudWatch-like:
CloudWatch's own will differ. 'unlike before' are alarms on metric math that need no threshold.

examples:
  alarmlab tune cdk.out june.json --alarm RankerLatencyP99
  alarmlab tune template.yaml latency.csv --alarm RankerLatencyP99 --labels incidents.json --pick 4

exit codes: 0 there is a proposal, 1 nothing meets the objective, 2 the input is wrong
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Give `alarmlab tune` its options."""
    parser.description, parser.epilog = (
        "Proposes settings of an alarm for an objective, and says what they would have done.",
        _EPILOG,
    )
    parser.set_defaults(run=run)
    add_recordings(parser)
    parser.add_argument(
        "--alarm", metavar="NAME", required=True, help="which one; a CSV without names holds its metric"
    )
    add_meaning(parser)
    parser.add_argument("--objective", metavar="TEXT", default=_OBJECTIVE, help="default: %(default)s")
    add_grouping(parser)
    parser.add_argument("--pick", metavar="NUMBER", type=int, help="print the properties of this line of the table")


def run(chosen: argparse.Namespace) -> int:
    """Run the command; returns the exit code.

    Raises:
        InputError: says what is wrong in the options or the files.
    """
    objective = Objective.read(chosen.objective)
    window, settle = duration("--window", chosen.window), duration("--settle", chosen.settle)
    alarm = tunable(read_alarms(chosen.assembly, parameters_of(chosen)).find(chosen.alarm))
    named = metric_of(chosen)
    metrics = metrics_of(alarm) if named is None else (named,)
    cases = read_cases(
        chosen.recordings,
        metric=metrics[0] if len(metrics) == 1 else None,
        labels=chosen.labels,
        period=duration("--period", chosen.period) if chosen.period else None,
    )
    trial = Trial(cases=cases, objective=objective, window=window, settle=settle)
    found: list[Option] = []
    with Progress() as progress:
        for option in options(alarm, trial):
            found.append(option)
            progress.say(f"{len(found)} settings")
    picked = _picked(found, chosen.pick)
    recorded = sum(case.shelf.end - case.shelf.start for case in cases)
    print(
        f"{alarm.about.name}: {chosen.objective}, over {written(recorded)} of {_names([case.name for case in cases])}\n"
    )
    print("\n".join(table(found, picked)))
    if picked is None:
        print("\nnothing that was tried meets the objective: allow more, or record longer")
        return UNMET
    print(f"\n{_advice(found[0], picked)}\n")
    print(pasted(alarm.about.id.rpartition("/")[2], picked), end="")
    return ALL_WELL


def table(found: Sequence[Option], picked: Option | None) -> list[str]:
    """What was tried, the alarm as it is first; a star where it meets the objective, an arrow at the proposal."""
    labelled = found[0].outcome.windows > 0
    heading = ["", "", "setting", "level", "M of N", "false", "a week", "in ALARM", "fires after"]
    rows = [heading + (["caught", "told after", "NAB"] if labelled else [])]
    rows += [
        _cells(number, option, labelled=labelled, is_picked=option is picked) for number, option in enumerate(found)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [*lines, "", "* meets the objective   > proposed"]


def _cells(number: int, option: Option, *, labelled: bool, is_picked: bool) -> list[str]:
    outcome = option.outcome
    cells = [
        str(number),
        ">" if is_picked else "*" if option.is_allowed else "",
        option.name,
        "" if option.level is None else f"{option.level:g}",
        "" if option.periods is None else f"{option.datapoints} of {option.periods}",
        str(outcome.false),
        f"{outcome.false_a_week:.2f}",
        f"{outcome.in_alarm / outcome.seconds:.1%}",
        "" if outcome.fires is None else written(outcome.fires),
    ]
    if labelled:
        delay = "never" if outcome.delay is None else written(outcome.delay)
        cells += [f"{outcome.caught}/{outcome.windows}", delay, "" if outcome.score is None else f"{outcome.score:.0f}"]
    return cells


def pasted(id: str, option: Option) -> str:
    """The properties to paste, as YAML: those that change, or whole resources."""
    if not option.properties:
        return f"# {id} stays as it is\n"
    whole = all(isinstance(value, dict) and "Type" in value for value in option.properties.values())
    document = {"Resources": dict(option.properties)} if whole else {id: {"Properties": dict(option.properties)}}
    text = str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100))
    if not whole and "Metrics" in option.properties:
        text = f"# the other entries of Metrics stay as they are\n{text}"
    if option.cool_down is not None:
        text += f"# with window_seconds and settle_seconds of the router at {option.cool_down}\n"
    return text


def _picked(found: Sequence[Option], number: int | None) -> Option | None:
    if number is None:
        return best(found)
    if not 0 <= number < len(found):
        raise InputError(f"--pick: there is no line {number}: use one from 0 to {len(found) - 1}")
    return found[number]


def _advice(now: Option, picked: Option) -> str:
    if picked is now:
        return "As it is:"
    less = f"{now.outcome.false} false alarms become {picked.outcome.false}"
    if not now.outcome.windows and now.is_allowed:
        return f"It meets the objective as it is. The tightest that still does ({less}):"
    if not now.outcome.windows:
        return f"Proposed ({less}; without labels nothing says what it would miss):"
    return (
        f"Proposed ({less}, {now.outcome.caught} of {now.outcome.windows} windows told become {picked.outcome.caught}):"
    )


def _names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
