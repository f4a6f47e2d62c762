"""What was deployed right before is worse than what it replaced."""

from alert_common.context import Diagnosis
from alert_enricher.diagnose.facts import CLIENT_ERRORS, ERRORS, P99, REQUESTS, Facts


def regression(facts: Facts) -> Diagnosis | None:
    """Match errors or latency that rose right after a deployment; not latency that rose with the traffic."""
    if facts.deployment is None:
        return None
    worse = [
        name
        for name, rose in (
            (ERRORS, facts.errors_rose),
            (CLIENT_ERRORS, facts.client_errors_rose),
            (P99, facts.latency_rose and not facts.traffic_rose),
        )
        if rose
    ]
    if not worse:
        return None
    said = [facts.told(name) for name in worse]
    if REQUESTS in facts.signals:
        said.append(facts.told(REQUESTS))
    new = f"config {facts.deployment.config}" if facts.deployment.config else "the last deployment"
    return Diagnosis(
        rule="regression",
        cause=f"{new[:1].upper()}{new[1:]} of {facts.what} is worse than what it replaced.",
        evidence=(facts.since_deployment(), *said),
        first=facts.roll_back(),
    )
