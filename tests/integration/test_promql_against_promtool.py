"""PromQL as evaluated here against the real promtool, on random series."""

import math
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import yaml

from alarmlab.engine.judge import ALARM
from alarmlab.engine.promql import codes, evaluate
from alarmlab.engine.recording import Recording, SampleSeries
from alarmlab.engine.window import Floats, Truths
from alarmlab.model.alarms import About, PromQLAlarm
from alarmlab.model.metrics import MetricId, dimensions_of
from alarmlab.model.promql_parser import parse_promql

STEP = 60
SAMPLES = 90
MOMENTS = (30, 290, 770, 1810, 2350, 3370, 5330, 5510, 5690)
"""Seconds after the first sample; none of them a multiple of the step, where Prometheus 2 and 3 differ in whether a range
holds its beginning."""

QUERIES = (
    "load",
    'load{pod="a"}',
    'load{pod!="a", zone=~"e.*"}',
    'load{pod!~"a|b"} offset 7m',
    "load > 3",
    "3 < load",
    "load > bool 3",
    "-load + 2 * load ^ 2 % 5",
    "2 ^ -1 ^ 2 * load",
    "load / on(pod, zone) capacity",
    "load - ignoring(job) capacity",
    "load * on(zone) group_left(tier) zone_info",
    "zone_info * on(zone) group_right() load",
    "load > on(pod, zone) capacity",
    "load == bool on(pod, zone) capacity",
    "load and on(pod, zone) capacity > 3",
    'load unless load{pod="b"}',
    "load > 8 or on(pod) capacity",
    "sum(load)",
    "sum by (zone) (load)",
    "avg without (pod) (load)",
    "min by (zone) (load)",
    "max(load)",
    "count by (zone) (load > 2)",
    "group(load)",
    "stddev(load)",
    "stdvar by (zone) (load)",
    "topk(1, load)",
    "bottomk by (zone) (1, load)",
    "quantile(0.3, load)",
    "rate(requests_total[5m])",
    "sum by (zone) (rate(requests_total[10m]))",
    "increase(requests_total[7m])",
    "irate(requests_total[5m])",
    "delta(load[5m])",
    "idelta(load[5m])",
    "resets(requests_total[30m])",
    "changes(steps[20m])",
    "avg_over_time(load[5m])",
    "sum_over_time(load[5m])",
    "min_over_time(load[9m])",
    "max_over_time(load[9m] offset 3m)",
    "count_over_time(load[5m])",
    "last_over_time(load[20m])",
    "present_over_time(load[3m])",
    "stddev_over_time(load[15m])",
    "stdvar_over_time(load[15m])",
    "quantile_over_time(0.9, load[15m])",
    "quantile_over_time(1.5, load[15m])",
    "absent(load)",
    'absent(nothing{pod="a", zone=~"e"})',
    "absent_over_time(load[2m])",
    "absent(sum(nothing))",
    "abs(load - 5)",
    "ceil(load)",
    "floor(load)",
    "round(load, 0.5)",
    "round(load)",
    "clamp(load, 2, 4)",
    "clamp_min(load, 2)",
    "clamp_max(load, 4)",
    "exp(load)",
    "ln(load - 5)",
    "log2(load) + log10(load)",
    "sqrt(load - 5)",
    "sgn(load - 5)",
    'vector(scalar(load{pod="a", zone="eu"}))',
    "vector(scalar(load))",
    "load > scalar(avg(load))",
    "histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))",
    "histogram_quantile(0.5, latency_bucket)",
    "histogram_quantile(0, latency_bucket) or histogram_quantile(1, latency_bucket)",
    "1 - sum(rate(requests_total[5m])) / 0",
    "load / 0 > 1",
    "avg(load) > 2 and on() max(load) < 1000 unless on() sum(load) > 5",
)


def _metrics() -> dict[MetricId, Floats]:
    random = np.random.default_rng(7)

    def gaps(values: Floats, share: float) -> Floats:
        return np.where(random.random(SAMPLES) < share, np.nan, values)

    def gauge(share: float) -> Floats:
        values = np.round(random.gamma(2.0, 2.0, SAMPLES), 3)
        values[30:42] = np.nan
        return gaps(values, share)

    series = {}
    for pod, zone in (("a", "eu"), ("b", "eu"), ("c", "us")):
        labels = {"pod": pod, "zone": zone}
        series[MetricId("", "load", dimensions_of({**labels, "job": "x"}))] = gauge(0.2)
        series[MetricId("", "capacity", dimensions_of(labels))] = gauge(0.1)
        series[MetricId("", "steps", dimensions_of(labels))] = gaps(np.floor(np.arange(SAMPLES) / 3.0), 0.2)
        counter = 5000.0 + np.cumsum(random.integers(0, 50, SAMPLES)).astype(np.float64)
        counter[50:] -= counter[50] - 4000.0
        series[MetricId("", "requests_total", dimensions_of(labels))] = counter
    for zone, tier in (("eu", "gold"), ("us", "silver")):
        series[MetricId("", "zone_info", dimensions_of({"zone": zone, "tier": tier}))] = np.ones(SAMPLES)
    for share, bound in ((0.3, "0.1"), (0.8, "0.5"), (0.9, "2"), (1.0, "+Inf")):
        seen = 9000.0 + (np.cumsum(random.integers(10, 90, SAMPLES)) * share).astype(np.float64)
        series[MetricId("", "latency_bucket", dimensions_of({"le": bound}))] = seen
    return series


def _name(metric: MetricId) -> str:
    labels = ", ".join(f'{name}="{value}"' for name, value in metric.dimensions)
    return f"{metric.name}{{{labels}}}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(float(value)).replace("inf", "Inf")


def _input(metrics: Mapping[MetricId, Floats]) -> list[dict[str, str]]:
    return [
        {
            "series": _name(metric),
            "values": " ".join("_" if math.isnan(value) else _number(value) for value in values),
        }
        for metric, values in metrics.items()
    ]


def _samples(line: str) -> dict[str, float]:
    """`load{pod="a"} 1E+00, load{pod="b"} 2E+00` or `nil`."""
    found = re.findall(r"((?:\w+)?\{[^}]*\}) (\S+?)(?:, |$)", line)
    assert found or line == "nil", line
    return {labels: float(value) for labels, value in found}


needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool (Debian's prometheus) is not installed"
)


def _promtool(folder: Path, tests: Mapping[str, object]) -> subprocess.CompletedProcess[str]:
    file = folder / "suite.yaml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1m", **tests}, width=100_000))
    return subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False)


@needs_promtool
def test_what_queries_find_is_what_promtool_finds(tmp_path: Path) -> None:
    """Every supported operator and function gives promtool's series and values, at moments with and without gaps."""
    metrics = _metrics()
    # A sample has the time of its step's end; promtool's first one is at 0.
    source = Recording({m: SampleSeries.of_values(-STEP, STEP, values) for m, values in metrics.items()})
    moments = np.array(MOMENTS, dtype=np.int64)
    expectations, samples = [], 0
    for query in QUERIES:
        found = evaluate(parse_promql(query), source, moments)
        for at, moment in enumerate(MOMENTS):
            expected = [
                {
                    "labels": "{" + ", ".join(f'{name}="{value}"' for name, value in labels) + "}",
                    "value": float(values[at]),
                }
                for labels, values, present in zip(found.labels, found.values, found.present, strict=True)
                if present[at]
            ]
            samples += len(expected)
            expectations.append({"expr": query, "eval_time": f"{moment}s", "exp_samples": expected})
    assert samples > 5 * len(QUERIES)
    test = {"interval": f"{STEP}s", "input_series": _input(metrics), "promql_expr_test": expectations}
    result = _promtool(tmp_path, {"tests": [test]})
    output = result.stdout + result.stderr
    expected_lines, found_lines = re.findall(r"^ +exp: (.*)$", output, re.M), re.findall(r"^ +got: (.*)$", output, re.M)
    # promtool compares to the last bit, which the order of a sum decides.
    differing = [
        (expected, found)
        for expected, found in zip(expected_lines, found_lines, strict=True)
        if _samples(found) != pytest.approx(_samples(expected), rel=1e-9, nan_ok=True)
    ]
    assert not differing
    assert result.returncode == (1 if found_lines else 0), output[:2000]
    assert len(re.findall(r"^ +expr: ", output, re.M)) == len(found_lines), output[:2000]


@needs_promtool
@pytest.mark.parametrize(("pending", "recovery"), [(0, 0), (120, 0), (0, 180), (180, 120), (90, 30)])
def test_pending_and_recovery_are_promtools_for_and_keep_firing_for(
    tmp_path: Path, pending: int, recovery: int
) -> None:
    """At every minute an alarm is in ALARM exactly when promtool's alert fires for any series."""
    random = np.random.default_rng(11)
    metrics = {
        MetricId("", "load", dimensions_of({"pod": pod})): np.repeat(random.integers(0, 5, 18), 5).astype(np.float64)
        + random.integers(0, 2, SAMPLES)
        for pod in ("a", "b")
    }
    source = Recording({m: SampleSeries.of_values(-STEP, STEP, values) for m, values in metrics.items()})
    moments = np.arange(SAMPLES, dtype=np.int64) * STEP

    def in_alarm(query: str) -> Truths:
        about = About(id="Busy", name="Busy")
        alarm = PromQLAlarm(about=about, query=query, pending=pending, recovery=recovery, interval=60)
        found: Truths = codes(alarm, source, moments) == ALARM
        return found

    by_pod = {pod: in_alarm(f'load{{pod="{pod}"}} > 3') for pod in "ab"}
    assert all(5 < found.sum() < SAMPLES - 5 for found in by_pod.values())
    assert (in_alarm("load > 3") == (by_pod["a"] | by_pod["b"])).all()
    rule = {"alert": "Busy", "expr": "load > 3", "for": f"{pending}s", "keep_firing_for": f"{recovery}s"}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": [rule]}]}))
    expectations = [
        {
            "alertname": "Busy",
            "eval_time": f"{moment}s",
            "exp_alerts": [{"exp_labels": {"pod": pod}} for pod, found in by_pod.items() if found[at]],
        }
        for at, moment in enumerate(moments)
    ]
    test = {"interval": f"{STEP}s", "input_series": _input(metrics), "alert_rule_test": expectations}
    result = _promtool(tmp_path, {"rule_files": ["rules.yaml"], "tests": [test]})
    assert result.returncode == 0, (result.stdout + result.stderr)[:4000]
