"""The sandbox's clock."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.clock import Clock

NOW = 1_795_446_000.0
moments = st.floats(NOW, NOW + 86_400)
speeds = st.floats(1, 3600)
# What a `float` of a Unix time times 3600 can tell apart, with room.
EXACT = 0.01


@given(speed=speeds, wall=moments)
def test_sandbox_time_and_wall_time_are_each_others_inverse(speed: float, wall: float) -> None:
    """There and back is where it began."""
    clock = Clock(speed=speed, started=NOW)
    assert clock.wall(clock.at(wall)) == pytest.approx(wall, abs=EXACT, rel=0)
    assert clock.at(clock.wall(wall)) == pytest.approx(wall, abs=EXACT, rel=0)


@given(speed=speeds, wall=moments, seconds=st.floats(0, 86_400))
def test_it_runs_speed_times_as_fast(speed: float, wall: float, seconds: float) -> None:
    """So many wall-clock seconds later it shows `speed` times as many more, and `wall_seconds` says the reverse."""
    clock = Clock(speed=speed, started=NOW)
    passed = clock.at(wall + seconds) - clock.at(wall)
    assert passed == pytest.approx(seconds * speed, abs=EXACT, rel=0)
    assert clock.wall_seconds(seconds * speed) == pytest.approx(seconds)


@given(speed=st.one_of(st.just(1.0), st.floats(1.5, 3600)), wall=moments, later=moments)
def test_a_reading_gives_the_same_clock(speed: float, wall: float, later: float) -> None:
    """What another process reads from it tells the time as it does, whenever it was read."""
    clock = Clock(speed=speed, started=NOW)
    read = Clock.from_reading(now=clock.at(wall), wall=wall, speed=speed)
    assert read.at(later) == pytest.approx(clock.at(later), abs=EXACT, rel=0)


def test_it_shows_the_wall_clock_when_it_starts() -> None:
    """Both show the same at first, as a number and as an aware datetime."""
    before = time.time()
    clock = Clock(speed=2)
    assert before <= clock.now() <= before + 60
    assert clock.now_utc().timestamp() == pytest.approx(clock.now(), abs=1)
    assert clock.now_utc().tzinfo is not None


@pytest.mark.parametrize("speed", [0.0, 0.99, 3600.1, float("nan"), float("inf")])
def test_a_bad_speed_is_named(speed: float) -> None:
    """The message shows the field, its value and the bounds."""
    with pytest.raises(ValueError, match=f"speed: {speed} is not between 1 and 3600"):
        Clock(speed=speed)
