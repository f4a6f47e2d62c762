"""Policies for a metric that nobody knows, on labelled series of the Numenta Anomaly Benchmark: what people are told.

A page here is an incident, after the router's grouping. Parameters were chosen on the folders of the first half; the second
half only judges them; what else is in the folder was kept back. The score is 0 for never paging, 100 for paging at the first
row of each labelled window.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alarmlab import policies
from alarmlab.backtest import nab
from alarmlab.backtest.detection import rows_about, together
from alarmlab.backtest.records import Case, read_cases
from alarmlab.backtest.replay import replay
from alarmlab.backtest.report import CaseReport, case_report
from alarmlab.model.metrics import MetricId
from alarmlab.model.read import ALARM, read_alarm
from bench.measure import ROOT

DATA = Path(os.environ.get("ENDPOINTWATCH_DATA", ROOT.parent / "shared" / "data")) / "nab"
"""The folder with the series and combined_windows.json, as in https://github.com/numenta/NAB."""

HALVES = {
    "chosen on": ("artificialWithAnomaly", "realKnownCause"),
    "judged on": ("artificialNoAnomaly", "realAdExchange", "realTraffic"),
}
METRIC = MetricId("NAB", "value", (("ServiceName", "series"),))
WATCHED = policies.Watched(metric=METRIC, actions=("arn:aws:sns:eu-west-1:111122223333:pages",))
WEEK = 604_800


@dataclass(frozen=True, kw_only=True)
class _Policy:
    name: str
    alarms: Callable[[Case], policies.Resources]
    cool_down: int


def run(_rounds: int) -> list[dict[str, Any]]:
    """One row for each policy on each half, then one for each folder under the default policy."""
    if not (DATA / "combined_windows.json").is_file():
        print(f"no series in {DATA}; ENDPOINTWATCH_DATA names the folder above nab/\n")
        return []
    cases = [case for case in read_cases([DATA], metric=METRIC) if case.windows is not None]
    default = _Policy(name="default: unlike before", alarms=_unlike_before, cool_down=policies.COOL_DOWN)
    compared = (
        _Policy(name="static threshold, 25 % beyond the learning rows", alarms=_static, cool_down=policies.COOL_DOWN),
        _Policy(name="CloudWatch-like band, 6 wide, 2 of 3", alarms=_band, cool_down=policies.COOL_DOWN),
        default,
        _Policy(name="default, incidents of 30 min", alarms=_unlike_before, cool_down=1800),
    )
    rows, by_folder = [], []
    known = {folder: half for half, folders in HALVES.items() for folder in folders}
    halves: dict[str, dict[str, list[Case]]] = {}
    for case in cases:
        folder = case.name.split("/")[0]
        halves.setdefault(known.get(folder, "kept back"), {}).setdefault(folder, []).append(case)
    for half, chosen in halves.items():
        for policy in compared:
            begun = time.perf_counter()
            reports = {folder: _replayed(several, policy) for folder, several in chosen.items()}
            seconds = time.perf_counter() - begun
            rows.append(_row(half, policy, [each for several in reports.values() for each in several], seconds))
            if policy is default:
                by_folder += [_row(folder, policy, several, None) for folder, several in reports.items()]
    return rows + by_folder


def _static(case: Case) -> policies.Resources:
    """Above or below anything in the rows that are for learning, by a quarter of their range."""
    series = case.shelf.series[METRIC][0]
    learning = np.sort(case.rows)[: nab.probation(len(case.rows))]
    values = series.at_steps("Average")[: (int(learning[-1]) - series.start) // series.step + 1]
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    beyond = 0.25 * (highest - lowest)
    limits = {"GreaterThanThreshold": highest + beyond, "LessThanThreshold": lowest - beyond}
    return {
        comparison: _alarm(
            policies.threshold(
                WATCHED, comparison=comparison, limit=limit, period=_period(case), datapoints=1, periods=1
            )
        )
        for comparison, limit in limits.items()
    }


def _band(case: Case) -> policies.Resources:
    return {"Band": _alarm(policies.band(WATCHED, width=6, period=_period(case), datapoints=2, periods=3))}


def _unlike_before(case: Case) -> policies.Resources:
    return policies.unlike_before("Series", WATCHED, step=_step(case))


def _alarm(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"Type": ALARM, "Properties": properties}


def _step(case: Case) -> int:
    """Whole minutes between most rows."""
    apart = np.diff(np.unique(case.rows)) // 60 * 60
    lengths, counts = np.unique(apart[apart > 0], return_counts=True)
    return int(lengths[counts.argmax()])


def _period(case: Case) -> int:
    return max(300, _step(case))


def _replayed(cases: Sequence[Case], policy: _Policy) -> list[CaseReport]:
    return [_report(case, policy) for case in cases]


def _report(case: Case, policy: _Policy) -> CaseReport:
    resources = policy.alarms(case)
    alarms = [read_alarm(each["Type"], each["Properties"], id=id) for id, each in resources.items()]
    found = replay(alarms, case.shelf, start=case.shelf.start, end=case.shelf.end)
    settle = 300 if policy.cool_down == 1800 else policy.cool_down
    return case_report(case, found, window=policy.cool_down, settle=settle)


def _row(where: str, policy: _Policy, reports: Sequence[CaseReport], seconds: float | None) -> dict[str, Any]:
    found = together(report.detection for report in reports)
    assert found is not None
    standard = found.scores["standard"]
    a_week = [report.detection.false * WEEK / report.seconds for report in reports if report.detection is not None]
    return {
        "benchmark": "nab",
        "on": where,
        "policy": policy.name,
        "series": len(reports),
        "score": _rounded(standard.normalised),
        "low_FP": _rounded(found.scores["reward_low_FP_rate"].normalised),
        "low_FN": _rounded(found.scores["reward_low_FN_rate"].normalised),
        "caught": f"{standard.caught}/{standard.windows}",
        "false_a_week_a_series": round(float(np.mean(a_week)), 2),
        "after_start": _hours(found.typical("after_start")),
        "after_label": _hours(found.typical("after_label")),
        **_lost(standard, reports),
        "s": "" if seconds is None else round(seconds, 1),
    }


def _lost(standard: nab.Score, reports: Sequence[CaseReport]) -> dict[str, Any]:
    """What of 100 is lost to windows that were missed, to pages outside of windows, and to late ones."""
    if not standard.windows:
        return {}
    whole = standard.perfect - standard.null
    weights = nab.PROFILES["standard"]
    missed = (standard.windows - standard.caught) * (weights.true_positive + weights.false_negative)
    inside = nab.total(_inside(report) for report in reports)
    false = inside.raw - standard.raw
    late = standard.perfect - standard.raw - missed - false
    return {
        f"lost_{name}": round(100 * lost / whole, 1)
        for name, lost in (("missed", missed), ("false", false), ("late", late))
    }


def _inside(report: CaseReport) -> nab.Score:
    """The score of a case without its pages outside of windows."""
    case = report.case
    told = np.asarray([incident.opened_at for incident in report.incidents], dtype=np.int64)
    rows = rows_about(case, told)
    windows = case.windows or ()
    within = [int(row) for row in rows if any(start <= case.rows[row] <= end for start, end in windows)]
    return nab.score(case.rows, windows, within, nab.PROFILES["standard"])


def _rounded(score: float) -> float | str:
    return "" if np.isnan(score) else round(score, 1)


def _hours(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 3600:.1f} h"
