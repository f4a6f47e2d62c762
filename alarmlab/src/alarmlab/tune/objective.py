"""What somebody wants of an alarm, in words."""

import re
from dataclasses import dataclass

from alarmlab.errors import InputError

_PERIODS = {"hour": 3600, "day": 86_400, "week": 604_800, "month": 30 * 86_400}
_OBJECTIVE = re.compile(
    r"(?:at most )?(?P<most>[0-9]+(?:\.[0-9]+)?|no) (?:false )?(?:alarm|page)s?"
    r"(?: (?:a|an|per|every|in) (?P<count>[0-9]+ )?(?P<unit>hour|day|week|month)s?)?"
)


@dataclass(frozen=True, kw_only=True)
class Objective:
    """How many false alarms may wake somebody.

    Args:
        most: how many.
        seconds: in which time; 0 for ever.
    """

    most: float
    seconds: int

    @classmethod
    def read(cls, text: str) -> "Objective":
        """`at most 1 false alarm a week`, `at most 3 in 2 weeks`, `no false alarm`.

        Raises:
            InputError: says how to write it.
        """
        match = _OBJECTIVE.fullmatch(" ".join(text.lower().split()))
        if match is None or (match["unit"] is None and match["most"] not in ("0", "no")):
            raise InputError(
                f"objective {text!r}: write for example 'at most 1 false alarm a week', or 'no false alarm'"
            )
        most = 0.0 if match["most"] == "no" else float(match["most"])
        return cls(most=most, seconds=int(match["count"] or 1) * _PERIODS[match["unit"]] if match["unit"] else 0)

    def allows(self, false: int, seconds: float) -> bool:
        """Whether so many false alarms in so long are no more than that."""
        return false <= (self.most * seconds / self.seconds if self.seconds else self.most)
