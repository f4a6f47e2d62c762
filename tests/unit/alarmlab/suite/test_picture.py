"""Pictures of alarms in a terminal."""

from collections.abc import Callable

import numpy as np
import pytest

from alarmlab.brief import number
from alarmlab.engine.run import Timeline
from alarmlab.model.states import State
from alarmlab.suite.figure import picture_of
from alarmlab.suite.picture import ASCII, UNICODE, Curve, Glyphs, Mark, Picture, draw
from alarmlab.suite.run import Result
from alarmlab.suite.terminal import Style, explain

SUITE = """\
tests:
  - name: a regression
    initial_state: OK
    series:
      - metric: AWS/SageMaker ModelLatency
        dimensions: {EndpointName: ranker}
        values: 20x29 90+1x19 _x5
    expect:
      - {at: 25m, alarm: Latency, state: ALARM}
      - {within: 10m, of: 45m, alarm: Latency, state: ALARM}
      - {pages: 2}
"""

FAILED = """\
E {file}:49: expected Latency in ALARM at 25m: it was OK from the start; it was ALARM from 44m to 55m
E {file}:51: expected 2 pages: there was 1
    Latency paged at 44m (severity critical)

"""

BRAILLE = """\
Latency: p99 of ModelLatency > 100, 3 of 3 x 1m, missing: missing
         100┤   ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀⣀⣀⣀⣤⠤⣤⠔⣒⠒⣒⠉⣉ ⣀ ⣀
            │                                   ⢀⣀⠤⠤⠤⠒⠒⠒⠊⠉⠉
            │
            │
            │
            │
            │
          20┤  ⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡀
       state  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█████████████
       pages                                                   ●
              0m         10m        20m        30m         40m        50m
                                          ▲ expected ALARM at 25m
              ▁ OK  █ ALARM"""

PLAIN = """\
Latency: p99 of ModelLatency > 100, 3 of 3 x 1m, missing: missing
         109|                                                  ********
         100|  ---------------------------------***************-------------
            |
            |
            |
            |
            |
          20|  *********************************
       state  _________________________________________________#############
       pages                                                   !
              0m         10m        20m        30m         40m        50m
                                          ^ expected ALARM at 25m
              _ OK  # ALARM"""


@pytest.mark.parametrize(("glyphs", "picture"), [(UNICODE, BRAILLE), (ASCII, PLAIN)], ids=["unicode", "ascii"])
def test_a_failure_as_it_is_shown(run_tests: Callable[[str], list[Result]], glyphs: Glyphs, picture: str) -> None:
    """The whole text of a failed test: what, why, and the picture, within 80 columns."""
    [result] = run_tests(SUITE)
    text = "\n".join(explain(result, Style(glyphs=glyphs))).replace(result.suite.shown, "{file}")
    assert text == FAILED + picture
    assert max(map(len, picture.splitlines())) <= 80


def _drawn(glyphs: Glyphs = ASCII, **changes: object) -> list[str]:
    moments = np.arange(60, 3660, 60)
    settings: dict[str, object] = {
        "title": "t",
        "start": 0,
        "end": 3600,
        "curve": Curve(moments=moments, values=np.zeros(60)),
        "states": (("state", Timeline(initial=State.OK)),),
        "pages": (),
        "marks": (),
    }
    return draw(Picture(**{**settings, **changes}), glyphs)  # type: ignore[arg-type]


def test_a_short_alarm_in_a_long_test_is_seen() -> None:
    """A minute of ALARM in a month has a column, although it is a fraction of one."""
    timeline = Timeline(initial=State.OK, at=(1_000_020, 1_000_080), to=(State.ALARM, State.OK))
    lines = _drawn(end=30 * 86_400, curve=None, states=(("state", timeline),), pages=(1_000_020,))
    assert lines[1].count("#") == 1
    assert lines[2].index("!") == lines[1].index("#")


def test_a_spike_is_as_high_as_it_was() -> None:
    """Many datapoints share a column: their lowest and highest both show."""
    moments = np.arange(60, 86_460, 60)
    values = np.ones(1440)
    values[700] = 1000.0
    lines = _drawn(end=86_400, curve=Curve(moments=moments, values=values))
    assert lines[1].split("|")[0].strip() == "1000"
    column = 14 + int(701 * 60 / 86_400 * 62)
    assert [line[column] for line in lines[1:9]] == ["*"] * 8


def test_gaps_stay_empty() -> None:
    """A missing datapoint is not joined over."""
    values = np.ones(60)
    values[20:40] = np.nan
    lines = _drawn(curve=Curve(moments=np.arange(60, 3660, 60), values=values))
    row = next(line for line in lines if "*" in line)
    assert " " * 19 in row.split("*", 1)[1].rstrip()


@pytest.mark.parametrize("value", [0.0, -7.0, 1e300])
def test_a_constant_has_a_height(value: float) -> None:
    """One value all the time is a line, and no division by zero."""
    lines = _drawn(curve=Curve(moments=np.arange(60, 3660, 60), values=np.full(60, value)))
    assert sum("*" in line for line in lines) == 1


def test_nothing_but_gaps() -> None:
    """Without any datapoint the picture says so, whatever the threshold."""
    curve = Curve(moments=np.arange(60, 3660, 60), values=np.full(60, np.nan), limits=(np.ones(60),))
    assert _drawn(curve=curve)[1].strip() == "no datapoints"


def test_marks_stay_within_the_picture() -> None:
    """Words go to the right of their mark, to its left where there is no room, and below where there is none at all."""
    marks = (
        Mark(first=600, last=600, words="right"),
        Mark(first=3600, last=3600, words="left"),
        Mark(first=0, last=3600, words="below"),
        Mark(first=1800, last=2400, words="w" * 60),
    )
    lines = _drawn(curve=None, marks=marks)
    assert [line.strip() for line in lines[3:9]] == [
        "^ right",
        "left ^",
        "^" + "-" * 60 + "^",
        "below",
        "^" + "-" * 9 + "^",
        "w" * 60,
    ]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.001, "0.001"), (9999, "9999"), (920_000, "920k"), (1.5e6, "1.5M"), (-2e9, "-2G")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    """Labels fit the margin."""
    assert number(value) == text


def test_a_composite_shows_its_children(run_tests: Callable[[str], list[Result]]) -> None:
    """Rows for the states of all that it looks at, its own below them."""
    [result] = run_tests("tests: [{expect: [{at: 5m, alarm: Both, state: ALARM}]}]")
    assert result.case is not None
    assert result.run is not None
    picture = picture_of("Both", result.case, result.run, [])
    assert (picture.title, [label for label, _ in picture.states]) == (
        "Both: composite of Latency, Errors",
        ["Latency", "Errors", "state"],
    )
