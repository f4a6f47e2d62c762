"""The states of an alarm, and what a missing datapoint counts as."""

from enum import StrEnum


class State(StrEnum):
    """The states of an alarm, spelled as CloudWatch spells them."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """What a period without a datapoint counts as (TreatMissingData)."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
