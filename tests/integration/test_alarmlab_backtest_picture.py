"""The page of a backtest in a browser."""

import json
import shutil
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from alarmlab.cli import main
from sandbox.inbox.screenshot import BROWSERS, screenshot

PROPERTIES = {
    "Namespace": "Shop",
    "MetricName": "Age",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 50,
    "ComparisonOperator": "GreaterThanThreshold",
    "AlarmActions": ["pages"],
    "OKActions": ["pages"],
}
ALARM, WINDOW = (0xD1, 0x24, 0x2F), (0xF2, 0xB8, 0x4B)
"""Colours of the light page."""


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason=f"none of {', '.join(BROWSERS)} is on the PATH")
@pytest.mark.parametrize("width", [400, 1100])
def test_the_picture_is_there_on_a_phone_and_on_a_desk(tmp_path: Path, width: int) -> None:
    """Values beyond the threshold are red, the labelled window is shaded, and nothing reaches beyond the margin."""
    (tmp_path / "template.json").write_text(
        json.dumps({"Resources": {"Age": {"Type": "AWS::CloudWatch::Alarm", "Properties": PROPERTIES}}})
    )
    values = [100 if 600 <= minute < 700 else 20 + minute % 7 for minute in range(1440)]
    rows = "\n".join(f"{1_767_571_200 + 60 * minute},{value}" for minute, value in enumerate(values))
    (tmp_path / "age.csv").write_text(f"timestamp,value\n{rows}\n")
    (tmp_path / "labels.json").write_text('{"age.csv": [["2026-01-05 09:00:00", "2026-01-05 13:00:00"]]}')
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    files = [str(tmp_path / name) for name in ("template.json", "age.csv")]
    assert main(["backtest", *files, "--labels", str(tmp_path / "labels.json"), "--html", str(page)]) == 0
    assert screenshot(page.as_uri(), picture, width=width, height=1400)
    pixels = np.round(matplotlib.image.imread(picture)[:, :, :3] * 255).astype(int)
    assert pixels.shape[:2] == (1400, width)
    assert near(pixels, ALARM).sum() > 100
    shaded = near(pixels, tuple(round(0.38 * part + 0.62 * 255) for part in WINDOW), slack=12)
    assert shaded.sum() > 2000
    paper = pixels[0, 0]
    assert (pixels[:, -8:] == paper).all(), "the margin at the right is empty"


def near(
    pixels: "np.ndarray[tuple[int, ...], np.dtype[np.int_]]", colour: tuple[int, ...], *, slack: int = 25
) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """Which pixels have about this colour."""
    return np.asarray((np.abs(pixels - np.array(colour)) <= slack).all(axis=2))
