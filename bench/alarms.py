"""A hundred alarms over 30 days of 1-minute data, here and with `promtool test rules`; then a year of one alarm.

Both get the same series and the same four kinds of alarm (3 of 3 datapoints, a rolling mean of five minutes, 5 of 5 of a quotient,
3 of 5) and evaluate them every minute. promtool is told in which of the 43,200 minutes each alarm is in ALARM here, and fails where
its rule disagrees; that check takes about a hundredth of its time. It runs once, whatever the rounds. `whole process` is
`alarmlab test` on a suite of the same series, with start-up and reading, as promtool's time is; `engine` is the evaluation alone.
Peak memory is always that of the whole process.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from alarmlab.engine.simulate import simulate
from alarmlab.model.read import ALARM, read_alarm
from bench import alarms_work as work
from bench.measure import ROOT

YEAR_CASES = ("plain", "gaps", "math", "p99", "band")
_INSTALL = "promtool is not installed (Debian, Ubuntu: apt-get install prometheus): ours runs alone"
_MINUTES_A_CHECK = 48
"""One double holds a bit for each."""


@dataclass(frozen=True, kw_only=True)
class _Process:
    output: str
    wall: float
    cpu: float
    peak_mb: float


def run(rounds: int) -> list[dict[str, object]]:
    """A row for promtool, and for each case of ours."""
    hundred = [_engine("hundred") for _ in range(rounds)]
    rows = [_row("100 alarms, 30 days: engine", hundred)]
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder) / "suite.yml"
        pairs = work.pairs()
        suite.write_text(_suite(pairs, hundred[0]["alarms"]))
        whole = [_whole(_process([sys.executable, "-m", "alarmlab.cli", "test", str(suite)])) for _ in range(rounds)]
        rows.append(_row("100 alarms, 30 days: whole process", whole))
        promtool = shutil.which("promtool")
        if promtool is None:
            print(f"{_INSTALL}\n", flush=True)
        else:
            rows.append(
                _row("promtool test rules, once", [_promtool(promtool, Path(folder), pairs, hundred[0]["alarms"])])
            )
            for row in rows:
                row |= {f"promtool_{name}_ratio": _ratio(rows[-1], row, f"{name}_s") for name in ("wall", "cpu")}
    rows.append(_row("start-up alone", [_engine("nothing") for _ in range(rounds)]))
    rows += [_row(f"a year of one: {case}", [_engine(case) for _ in range(rounds)]) for case in YEAR_CASES]
    return rows


def _ratio(peer: Mapping[str, object], ours: Mapping[str, object], name: str) -> float:
    return round(float(str(peer[name])) / float(str(ours[name])), 1)


def _row(case: str, found: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    measured = {name: statistics.median(one[name] for one in found) for name in ("wall_s", "cpu_s", "peak_mb")}
    return {
        "benchmark": "alarms",
        "case": case,
        "wall_s": round(measured["wall_s"], 3),
        "cpu_s": round(measured["cpu_s"], 3),
        "peak_mb": round(measured["peak_mb"]),
    }


def _process(command: Sequence[str]) -> _Process:
    """Runs a command and waits for it.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    with tempfile.TemporaryFile("w+") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}:\n{text[:2000]}")
    return _Process(output=text, wall=wall, cpu=used.ru_utime + used.ru_stime, peak_mb=used.ru_maxrss / 1024)


def _whole(process: _Process) -> dict[str, Any]:
    return {"wall_s": process.wall, "cpu_s": process.cpu, "peak_mb": process.peak_mb}


def _engine(case: str) -> dict[str, Any]:
    """What a fresh process measured; `nothing` is a process that only imports what the others do."""
    process = _process([sys.executable, "-m", "bench.alarms", case])
    if case == "nothing":
        return _whole(process)
    found: dict[str, Any] = json.loads(process.output)
    return found | {"peak_mb": process.peak_mb}


def _promtool(promtool: str, folder: Path, pairs: Sequence[work.Pair], alarms: Mapping[str, Any]) -> dict[str, Any]:
    """The same with promtool, which fails if a rule fires in other minutes than the alarm."""
    rules = [{"alert": pair.name} | dict(pair.rule) for pair in pairs]
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "bench", "interval": "1m", "rules": rules}]}))
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f'{name}{{endpoint="{pair.name}"}}', "values": work.notation(pieces)}
            for pair in pairs
            for name, pieces in pair.series.items()
        ],
        "promql_expr_test": _checks({name: _minutes(changes) for name, changes in alarms.items()}),
    }
    tests = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "tests.yml").write_text(yaml.safe_dump(tests, width=10**9))
    return _whole(_process([promtool, "test", "rules", str(folder / "tests.yml")]))


def _minutes(changes: Sequence[tuple[int, str]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For each minute's datapoint whether the evaluation that first sees it, at its end, is in ALARM."""
    inside = np.zeros(work.MINUTES, dtype=bool)
    for at, state in changes:
        inside[at // 60 - 1 :] = state == "ALARM"
    return inside


def _checks(minutes: Mapping[str, np.ndarray[Any, np.dtype[np.bool_]]]) -> list[dict[str, Any]]:
    """An expression for each stretch: a sum with a bit for each minute in which the alert is firing."""
    bits = 2.0 ** np.arange(_MINUTES_A_CHECK)
    sums = {name: firing.reshape(-1, _MINUTES_A_CHECK) @ bits for name, firing in minutes.items()}
    expression = (
        f'sum by (alertname) (sum_over_time((ALERTS{{alertstate="firing"}} * 2 ^ (time() / 60 % {_MINUTES_A_CHECK}))'
        f"[{_MINUTES_A_CHECK - 1}m30s:1m]))"
    )
    return [
        {
            "expr": expression,
            "eval_time": f"{(stretch + 1) * _MINUTES_A_CHECK - 1}m",
            "exp_samples": [
                {"labels": f'{{alertname="{name}"}}', "value": float(of[stretch])}
                for name, of in sums.items()
                if of[stretch]
            ],
        }
        for stretch in range(work.MINUTES // _MINUTES_A_CHECK)
    ]


def _suite(pairs: Sequence[work.Pair], alarms: Mapping[str, Any]) -> str:
    """The same for `alarmlab test`, which is told the state of each alarm at the end."""
    test = {
        "name": "30 days",
        "start": "1970-01-01T00:00:00Z",
        "series": [
            {
                "metric": f"{work.NAMESPACE} {name}",
                "dimensions": {"Endpoint": pair.name},
                "period": 60,
                "values": work.notation(pieces),
            }
            for pair in pairs
            for name, pieces in pair.series.items()
        ],
        "expect": [
            {"at": f"{work.MINUTES}m", "alarm": name, "state": changes[-1][1]} for name, changes in alarms.items()
        ],
    }
    resources = {pair.name: {"Type": "AWS::CloudWatch::Alarm", "Properties": dict(pair.properties)} for pair in pairs}
    text: str = yaml.safe_dump({"alarms": resources, "tests": [test]}, sort_keys=False, width=10**9)
    return text


def _measure(case: str) -> None:
    """Prints what one case takes in this process, without start-up and without making the series."""
    if case == "nothing":
        return
    if case == "hundred":
        pairs = work.pairs()
        properties, source, minutes = [pair.properties for pair in pairs], work.recording(pairs), work.MINUTES
    else:
        properties_of_case, source = work.year(case)
        properties, minutes = [properties_of_case], work.YEAR_MINUTES
    began, cpu = time.perf_counter(), time.process_time()
    alarms = [read_alarm(ALARM, each, id=each["AlarmName"]) for each in properties]
    found = simulate(alarms, source, start=0, end=60 * minutes)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    changes = {name: list(zip(line.at, line.to, strict=True)) for name, line in found.timelines.items()}
    print(json.dumps({"wall_s": wall, "cpu_s": cpu, "alarms": changes}))


if __name__ == "__main__":
    _measure(sys.argv[1])
