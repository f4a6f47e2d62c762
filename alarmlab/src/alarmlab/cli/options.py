"""Options that several subcommands take."""

from alarmlab.errors import InputError
from alarmlab.times import moment_of, seconds_of


def duration(option: str, text: str) -> int:
    """Seconds of `30m`.

    Raises:
        InputError: with the option, the text and how to write it.
    """
    try:
        return seconds_of(text)
    except InputError as error:
        raise InputError(f"{option}: {text!r}: {error}") from None


def moment(option: str, text: str) -> int:
    """Unix seconds of a time.

    Raises:
        InputError: with the option, the text and how to write it.
    """
    try:
        return moment_of(text)
    except InputError as error:
        raise InputError(f"{option}: {text!r}: {error}") from None
