"""Durations and moments."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmlab.errors import InputError
from alarmlab.times import moment_of, seconds_of, written


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("41m", 2460), ("1h30m", 5400), ("10s", 10), ("2d", 172_800), ("1w", 604_800), ("0", 0), ("0m", 0), ("90m", 5400)],
)
def test_durations_are_promtools(text: str, seconds: int) -> None:
    """Units in descending order; only zero needs none."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "41", "m", "-1m", "1m1h", "1.5h", "1 m", "10ms", "1M", "99999999d"])
def test_what_is_no_duration(text: str) -> None:
    """A number alone is refused, as by promtool: minutes and seconds are too easily taken for each other."""
    with pytest.raises(InputError):
        seconds_of(text)


def test_a_number_alone_is_told_its_units() -> None:
    """The message has both readings to copy."""
    with pytest.raises(InputError, match=r"41s for seconds, 41m for minutes"):
        seconds_of("41")


@settings(max_examples=100)
@given(st.integers(0, 10 * 365 * 86_400))
def test_written_and_read_again(seconds: int) -> None:
    """What is shown is what would be written."""
    assert seconds_of(written(seconds)) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05T09:00:00Z",
        "2026-01-05 09:00",
        "2026-01-05T10:00:00+01:00",
        "2026-01-05T09:00:00.000Z",
        "1767603600",
        "1767603600000",
    ],
)
def test_moments(text: str) -> None:
    """ISO 8601 with an offset, in UTC without one, Unix seconds and milliseconds are one moment."""
    assert moment_of(text) == 1_767_603_600


def test_a_day_begins_at_midnight_utc() -> None:
    """A date alone is its first moment."""
    assert moment_of("2026-01-05") == 1_767_571_200


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("yesterday", "write a time such as"),
        ("2026-13-01", "write a time such as"),
    ],
)
def test_what_is_no_time(text: str, part: str) -> None:
    """A time that is none is refused, with how to write it."""
    with pytest.raises(InputError, match=part):
        moment_of(text)
