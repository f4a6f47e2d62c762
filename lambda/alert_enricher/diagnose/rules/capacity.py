"""There is no machine to run on: AWS has none, the quota is used up, or the cluster is full."""

import re

from alert_common.alert import Kind
from alert_common.context import Diagnosis
from alert_enricher.diagnose import thresholds as at
from alert_enricher.diagnose.facts import Facts
from alert_enricher.diagnose.words import Phrases, quote

_NONE = Phrases(
    "InsufficientInstanceCapacity",
    "CapacityError",
    "insufficient capacity",
    "Unable to provision requested ML compute capacity",
)
_QUOTA = Phrases("ResourceLimitExceeded", "account-level service limit", "service quota", "VcpuLimitExceeded")
_FULL = re.compile(r"Insufficient (nvidia\.com/gpu|cpu|memory)")
"""As Kubernetes' scheduler words it; taints and affinities it words otherwise."""


def capacity(facts: Facts) -> Diagnosis | None:
    """Match pods that fit on no node, and failures or scalings that found no instance; not what has worked since."""
    pending = [
        (pod, short) for pod in facts.context.pods if pod.phase == "Pending" and (short := _FULL.search(pod.reason))
    ]
    if pending:
        pod, short = pending[0]
        return Diagnosis(
            rule="capacity",
            cause=f"{len(pending)} of {len(facts.context.pods)} pods of {facts.what} fit on no node: not enough {short[1]}.",
            evidence=(f"pod {pod.name} is pending: {quote(pod.reason)}",),
            first="Add a node of the type, or see why the autoscaler does not; then scale down what can wait.",
        )
    said = _failure(facts)
    if not said:
        return None
    is_quota = _QUOTA.are_in(said)
    kind = facts.context.endpoint.instance_type if facts.context.endpoint else ""
    kind = kind or (facts.context.job.instance_type if facts.context.job else "") or "the instance type"
    return Diagnosis(
        rule="capacity",
        cause=f"The account's quota of {kind} is used up."
        if is_quota
        else f"AWS has no free {kind} for {facts.what} now.",
        evidence=(quote(said),),
        first="Raise the quota in Service Quotas, or free instances that can wait."
        if is_quota
        else "Try another type or zone, or a capacity reservation; what is tried again may work in minutes.",
    )


def _failure(facts: Facts) -> str:
    """Return the words in which something failed for lack of instances; empty where nothing did, or it has worked since."""
    context = facts.context
    scaled = facts.recent(lambda c: c.kind == "scaling" and c.at >= facts.began - at.TRIED)
    told = [scaled.what if scaled is not None and scaled.failed else ""]
    if context.endpoint is not None and context.endpoint.status != "InService":
        told.append(context.endpoint.failure)
    if context.job is not None and context.job.status not in {"Completed", "InProgress"}:
        told.append(context.job.failure)
    if facts.alert.kind in {Kind.ENDPOINT, Kind.DEPLOYMENT, Kind.JOB}:
        told.append(facts.alert.reason)
    return next((text for text in told if _NONE.are_in(text) or _QUOTA.are_in(text)), "")
