"""The table of rules, in the order in which they are tried: who names the most specific cause is asked first."""

from collections.abc import Callable, Sequence

from alert_common.alert import Alert
from alert_common.context import Context, Diagnosis
from alert_enricher.diagnose.facts import Facts
from alert_enricher.diagnose.rules.capacity import capacity
from alert_enricher.diagnose.rules.cpu_fallback import cpu_fallback
from alert_enricher.diagnose.rules.dependency import dependency, throttling
from alert_enricher.diagnose.rules.hardware import hardware
from alert_enricher.diagnose.rules.out_of_memory import out_of_memory
from alert_enricher.diagnose.rules.regression import regression
from alert_enricher.diagnose.rules.saturation import saturation
from alert_enricher.diagnose.rules.silence import silence
from alert_enricher.diagnose.rules.upstream import upstream

Rule = Callable[[Facts], Diagnosis | None]

RULES: tuple[Rule, ...] = (
    out_of_memory,  # says itself what is wrong, whatever else rose with it
    hardware,
    capacity,
    cpu_fallback,  # before the deployment that brought it, which is in its evidence
    regression,
    saturation,
    throttling,
    dependency,
    upstream,
    silence,
)


def diagnose(alert: Alert, context: Context, joined: Sequence[str] = ()) -> Diagnosis | None:
    """Return the likeliest cause, None where no rule matches.

    Args:
        alert: what fires.
        context: what was found out around it; what is missing there keeps rules from matching.
        joined: names of other alerts of the same incident.
    """
    facts = Facts(alert, context, joined)
    return next((found for rule in RULES if (found := rule(facts)) is not None), None)
