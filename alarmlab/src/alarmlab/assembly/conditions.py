"""Truth that may not be known before the deployment."""

from collections.abc import Iterable


def all_of(truths: Iterable[bool | None]) -> bool | None:
    """Whether all hold, None where that is not known."""
    found = set(truths)
    return False if False in found else None if None in found else True


def any_of(truths: Iterable[bool | None]) -> bool | None:
    """Whether one holds, None where that is not known."""
    found = set(truths)
    return True if True in found else None if None in found else False
