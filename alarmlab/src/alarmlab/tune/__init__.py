"""Thresholds for an objective, from what was recorded."""

from alarmlab.tune.objective import Objective
from alarmlab.tune.options import best, options, tunable
from alarmlab.tune.trial import Option, Outcome, Trial

__all__ = ["Objective", "Option", "Outcome", "Trial", "best", "options", "tunable"]
