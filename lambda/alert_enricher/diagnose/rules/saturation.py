"""More traffic than the instances can serve."""

from alert_common.context import Diagnosis
from alert_enricher.diagnose import thresholds as at
from alert_enricher.diagnose.facts import CPU, GPU, P99, REQUESTS, Facts


def saturation(facts: Facts) -> Diagnosis | None:
    """Match latency, and GPU or CPU, that rose with the traffic; an alarm on GPU or CPU itself comes before latency does."""
    if not facts.traffic_rose or not (facts.latency_rose or facts.signal in {"gpu", "cpu"}):
        return None
    busy = [name for name in (GPU, CPU) if _is_busy(facts, name)]
    if not busy:
        return None
    endpoint = facts.context.endpoint
    count = endpoint.instance_count if endpoint is not None else None
    now = f" ({count} x {endpoint.instance_type} now)" if endpoint is not None and count else ""
    return Diagnosis(
        rule="saturation",
        cause=f"More requests come than {facts.what} can serve: its {busy[0]} is saturated.",
        evidence=tuple(facts.told(name) for name in (REQUESTS, *busy, P99) if name in facts.signals),
        first=f"Add an instance{now}, and see why autoscaling did not.",
    )


def _is_busy(facts: Facts, name: str) -> bool:
    before, after = facts.before(name), facts.after(name)
    return after is not None and after >= at.BUSY_PERCENT and after > (before or 0.0)
