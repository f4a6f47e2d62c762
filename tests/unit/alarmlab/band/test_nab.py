"""NAB's labels and score."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from alarmlab.backtest import nab
from alarmlab.errors import InputError

STEP = 300
ROWS = 1000
TIMES = 1_700_000_000 // STEP * STEP + STEP * np.arange(ROWS, dtype=np.int64)
STANDARD = nab.PROFILES["standard"]
# Rows 400 to 499, and 700 to 799; learning ends with row 149.
WINDOWS: nab.Windows = ((int(TIMES[400]), int(TIMES[499])), (int(TIMES[700]), int(TIMES[799])))


def sigmoid(position: float) -> float:
    """The paper's: 1 far before the end of a window, 0 at its end, -1 far behind it."""
    return 2 / (1 + math.exp(5 * position)) - 1


def test_a_perfect_detector_gets_100() -> None:
    """One detection at the first row of each window and nowhere else is worth 100 in every profile."""
    for weights in nab.PROFILES.values():
        assert nab.score(TIMES, WINDOWS, [400, 700], weights).normalised == pytest.approx(100)


def test_a_silent_detector_gets_0() -> None:
    """No detection is worth 0 in every profile, whatever a missed window costs in it."""
    for weights in nab.PROFILES.values():
        found = nab.score(TIMES, WINDOWS, [], weights)
        assert (found.normalised, found.raw) == (0, -2 * weights.false_negative)


def test_the_first_detection_in_a_window_counts() -> None:
    """Later ones neither add nor cost; half way into a window it is worth the sigmoid of one half."""
    alone = nab.score(TIMES, WINDOWS, [450], STANDARD)
    assert nab.score(TIMES, WINDOWS, [450, 451, 499], STANDARD) == alone
    assert alone.raw == pytest.approx(sigmoid(-0.5) / sigmoid(-1) - 1)
    assert (alone.caught, alone.windows, alone.false) == (1, 2, 0)


def test_the_last_row_of_a_window_is_still_worth_something() -> None:
    """NAB counts one row behind the window as its end."""
    assert nab.score(TIMES, WINDOWS, [499], STANDARD).raw == pytest.approx(sigmoid(-0.01) / sigmoid(-1) - 1)


@pytest.mark.parametrize(
    ("row", "worth"),
    [
        pytest.param(399, -1.0, id="before any window"),
        pytest.param(500, sigmoid(1 / 99), id="just behind one"),
        pytest.param(598, sigmoid(1.0), id="a window's width behind one"),
        pytest.param(690, sigmoid(191 / 99), id="between two, by the one before"),
        pytest.param(999, sigmoid(200 / 99), id="behind the last"),
    ],
)
def test_a_false_detection_costs_less_just_behind_a_window(row: int, worth: float) -> None:
    """Its cost is the false-positive weight times how far behind the last window it is."""
    found = nab.score(TIMES, WINDOWS, [row], STANDARD)
    assert found.raw == pytest.approx(-2 + 0.11 * worth)
    assert found.false == 1


def test_a_false_detection_far_behind_costs_its_whole_weight() -> None:
    """From three widths behind a window on."""
    window = ((int(TIMES[400]), int(TIMES[409])),)
    assert nab.score(TIMES, window, [437], STANDARD).raw == pytest.approx(-1 - 0.11)


def test_each_false_detection_costs() -> None:
    """They are not put together: three in a row cost three times the weight."""
    assert nab.score(TIMES, (), [300, 301, 302, 302], STANDARD).raw == pytest.approx(-0.33)


def test_learning_rows_count_for_nothing() -> None:
    """The first 15 % of the rows, of 5000 rows at most."""
    assert nab.score(TIMES, WINDOWS, [0, 149], STANDARD).raw == -2
    assert nab.score(TIMES, WINDOWS, [150], STANDARD).false == 1
    assert (nab.probation(1000), nab.probation(4032), nab.probation(22_695)) == (150, 604, 750)


def test_a_window_that_reaches_out_of_the_learning_can_be_caught() -> None:
    """Only from the end of the learning on."""
    window = ((int(TIMES[100]), int(TIMES[199])),)
    assert nab.score(TIMES, window, [149], STANDARD).caught == 0
    assert nab.score(TIMES, window, [150], STANDARD).caught == 1


def test_a_corpus_is_the_sum_of_its_series() -> None:
    """Each window weighs the same: a series without one adds its false detections only."""
    found = nab.total([nab.score(TIMES, WINDOWS, [400, 700], STANDARD), nab.score(TIMES, (), [500], STANDARD)])
    assert found.normalised == pytest.approx(100 * (4 - 0.11) / 4)
    assert math.isnan(nab.score(TIMES, (), [500], STANDARD).normalised)


def test_equal_times_are_found_where_they_come_first() -> None:
    """A clock that was set back repeats times: a window ends where its last time comes first, as in NAB."""
    times = np.concatenate([TIMES[:500], TIMES[490:990]])
    assert nab.score(times, ((int(TIMES[400]), int(TIMES[495])),), [496], STANDARD).false == 1


def test_a_page_is_about_the_newest_complete_row() -> None:
    """A row is known when its period ends, not when it begins; before the first one there is none."""
    start = int(TIMES[0])
    moments = [start + STEP - 1, start + STEP, start + 2 * STEP - 1, start + 2 * STEP, int(TIMES[-1]) + 9999]
    assert nab.rows_seen(TIMES, STEP, moments).tolist() == [0, 0, 1, ROWS - 1]


def test_rows_out_of_order_keep_their_places() -> None:
    """What is told is a row as recorded, found by its time."""
    times = np.array([600, 0, 300], dtype=np.int64)
    assert nab.rows_seen(times, 300, [300, 650, 900]).tolist() == [1, 2, 0]


def test_labels_are_read(tmp_path: Path) -> None:
    """In NAB's form, with and without fractions of seconds, in UTC."""
    path = tmp_path / "combined_windows.json"
    path.write_text(json.dumps({"a/b.csv": [["2014-04-10 07:15:00.000000", "2014-04-11 16:45:00"]], "c.csv": []}))
    assert nab.read_windows(path) == {"a/b.csv": ((1_397_114_100, 1_397_234_700),), "c.csv": ()}


@pytest.mark.parametrize("text", ["", "[]", '{"a": 3}', '{"a": [["yesterday", "today"]]}', '{"a": [["2014-04-10"]]}'])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    """With the file and the form that is wanted."""
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"labels\.json: not .*start"):
        nab.read_windows(path)


def test_labels_of_another_series_are_refused() -> None:
    """A window without a row is a mistake, not a missed window."""
    with pytest.raises(InputError, match="holds no row"):
        nab.score(TIMES, ((0, 10),), [], STANDARD)
