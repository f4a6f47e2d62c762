"""Nobody calls, although the endpoint is there."""

from alert_common.alert import State
from alert_common.context import Diagnosis
from alert_enricher.diagnose import thresholds as at
from alert_enricher.diagnose.facts import REQUESTS, Facts

_TROUBLE = {"errors", "latency"}


def silence(facts: Facts) -> Diagnosis | None:
    """Match an alarm on silence, or on lost data, of an endpoint in service whose requests ended; what fails is not silent."""
    endpoint, before, after = facts.context.endpoint, facts.before(REQUESTS), facts.after(REQUESTS)
    is_about_it = facts.signal == "silence" or facts.alert.state is State.INSUFFICIENT_DATA
    if not is_about_it or endpoint is None or endpoint.status != "InService" or facts.alarming & _TROUBLE:
        return None
    if not facts.signals:  # an instance in service tells its memory at least: nobody could ask
        return None
    if (after or 0.0) > at.SILENT_SHARE * (before or 0.0):
        return None
    came = facts.told(REQUESTS) if before else "no request in the half hour before either"
    return Diagnosis(
        rule="silence",
        cause=f"No requests reach {facts.what}, which is in service.",
        evidence=(came, f"endpoint {endpoint.status}"),
        first="Call the endpoint yourself; when it answers, look at the clients and at what routes to it.",
    )
