"""The notation of suites against promtool itself."""

import json
import math
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from alarmlab.errors import InputError
from alarmlab.suite.notation import expand
from alarmlab.times import seconds_of

PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")

INTERVAL = 600
"""Seconds between samples: more than Prometheus' lookback of five minutes, so that a missing sample is missing."""

NUMBERS = ("0", "7", "-2", "+3", "200000", "0.25", ".5", "2.", "1e3", "-1.5E2", "1e+2")
STEPS = ("", "+0", "+4", "-2", "+0.25", "-.5", "+1e2", "-1.25e-1")
"""Exact in binary: promtool adds a step over and over and compares exactly, so 0.1 is not the same after a while."""
# JSON is YAML, and needs no library to write it.


def _promtool(tmp_path: Path, test: dict[str, object]) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "test.yaml"
    file.write_text(json.dumps({"tests": [{"interval": f"{INTERVAL}s", **test}]}))
    assert PROMTOOL is not None
    return subprocess.run([PROMTOOL, "test", "rules", str(file)], capture_output=True, text=True, check=False)


def _at(index: int, expression: str, samples: list[float]) -> dict[str, object]:
    return {
        "expr": expression,
        "eval_time": f"{index * INTERVAL}s",
        "exp_samples": [{"labels": "{}", "value": value} for value in samples],
    }


def _notations() -> list[str]:
    chosen = random.Random(7)
    items = [*NUMBERS, "-1.5E-2", "123456.789x2", "_", "_x0", "_x1", "_x3"]
    items += [f"{first}{step}x{more}" for first in NUMBERS for step in STEPS for more in (0, 1, 3)]
    return [*items, *(" ".join(chosen.choices(items, k=4)) for _ in range(60))]


def test_what_promtool_expands(tmp_path: Path) -> None:
    """Promtool finds exactly our values in every kind of item, and in mixtures of them."""
    series, expected = [], []
    for index, notation in enumerate(_notations()):
        series.append({"series": f"s{index}", "values": notation})
        values = [*expand(notation), math.nan]
        for step, value in enumerate(values):
            expected.append(_at(step, f"sum(s{index})", [] if math.isnan(value) else [value]))
    done = _promtool(tmp_path, {"input_series": series, "promql_expr_test": expected})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert len(expected) > 1000


def test_promtool_would_notice(tmp_path: Path) -> None:
    """The comparison can fail: one value more than promtool has is found."""
    expected = [_at(5, "sum(s)", [1.0])]
    done = _promtool(tmp_path, {"input_series": [{"series": "s", "values": "1x4"}], "promql_expr_test": expected})
    assert done.returncode == 1


@pytest.mark.parametrize(
    "notation", ["1x", "1,2", "1 + 2x3", "1x-3", "1x2.5", "_+1x3", "1+2", "x3", "[1 2]", "1__2", "--1"]
)
def test_what_promtool_refuses(tmp_path: Path, notation: str) -> None:
    """What is no notation for promtool is none here."""
    done = _promtool(tmp_path, {"input_series": [{"series": "s", "values": notation}]})
    assert done.returncode != 0
    with pytest.raises(InputError):
        expand(notation)


@pytest.mark.parametrize("notation", ["1 stale 2", "NaN", "Inf"])
def test_what_only_promtool_takes(tmp_path: Path, notation: str) -> None:
    """What has no meaning for CloudWatch is refused, although promtool takes it."""
    assert _promtool(tmp_path, {"input_series": [{"series": "s", "values": notation}]}).returncode == 0
    with pytest.raises(InputError):
        expand(notation)


@pytest.mark.parametrize(
    ("duration", "is_one"),
    [
        *((text, True) for text in ("0", "90s", "1h30m", "2d", "1w")),
        *((text, False) for text in ("41", "1.5h", "1m1h", "-1m", "1 m")),
    ],
)
def test_durations(tmp_path: Path, *, duration: str, is_one: bool) -> None:
    """A duration for promtool is one here, and the other way round."""
    test = {"expr": "vector(1)", "eval_time": duration, "exp_samples": [{"labels": "{}", "value": 1}]}
    assert (_promtool(tmp_path, {"promql_expr_test": [test]}).returncode == 0) is is_one
    if is_one:
        assert seconds_of(duration) >= 0
    else:
        with pytest.raises(InputError):
            seconds_of(duration)
