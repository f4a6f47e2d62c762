"""The table of rules, in the order in which they are tried: who names the most specific cause is asked first."""

from collections.abc import Sequence

from alert_common.alert import Alert
from alert_common.context import Context, Diagnosis


def diagnose(alert: Alert, context: Context, joined: Sequence[str] = ()) -> Diagnosis | None:
    """Return the likeliest cause, None where no rule matches.

    Args:
        alert: what fires.
        context: what was found out around it; what is missing there keeps rules from matching.
        joined: names of other alerts of the same incident.
    """
    return None
