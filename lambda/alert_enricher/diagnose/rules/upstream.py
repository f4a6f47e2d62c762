"""The model is well, and whoever calls it sends what it must refuse."""

from alert_common.context import Diagnosis
from alert_enricher.diagnose.facts import CLIENT_ERRORS, ERRORS, P99, Facts


def upstream(facts: Facts) -> Diagnosis | None:
    """Match refusals that rose while the model answers as before; after a deployment `regression` has been asked before."""
    if not facts.client_errors_rose or not facts.is_well:
        return None
    if facts.alarming & {"errors", "latency"}:
        return None
    return Diagnosis(
        rule="upstream",
        cause=f"Callers of {facts.what} send requests that it must refuse; the model itself is well.",
        evidence=tuple(facts.told(name) for name in (CLIENT_ERRORS, ERRORS, P99) if name in facts.signals),
        first="Find the caller whose requests are refused, and what was changed there.",
    )
