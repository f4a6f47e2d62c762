"""Memory ran out, on the GPU or on the machine."""

from alert_common.context import Diagnosis
from alert_enricher.diagnose import thresholds as at
from alert_enricher.diagnose.facts import MEMORY, Facts
from alert_enricher.diagnose.words import OUT_OF_MEMORY, Phrases, quote

_ON_GPU = Phrases("CUDA", "HIP out", "CUBLAS", "CUDNN", "torch.OutOfMemory", "requested buffer")
_ABOUT_IT = {"errors", "memory", "gpu-memory"}
"""Signals that a lack of memory sets off even before requests suffer on the whole."""


def out_of_memory(facts: Facts) -> Diagnosis | None:
    """Match lines, pods or failures that say so, or memory that grew to its limit; not a single line while all is well."""
    context, evidence, said = facts.context, [], ""
    lines, count = facts.lines(OUT_OF_MEMORY.are_in)
    if lines and not (facts.is_well and facts.signal not in _ABOUT_IT):
        said = lines[-1].text
        evidence.append(f"{count} log line{'s' if count > 1 else ''}: {quote(said)}")
    killed = [pod for pod in context.pods if pod.reason == "OOMKilled"]
    if killed:
        restarts = sum(pod.restarts for pod in killed)
        evidence.append(f"{len(killed)} of {len(context.pods)} pods OOMKilled, {restarts} restarts")
    failure = context.job.failure if context.job else context.endpoint.failure if context.endpoint else ""
    if OUT_OF_MEMORY.are_in(failure):
        said = said or failure
        evidence.append(f"failed: {quote(failure)}")
    before, after = facts.before(MEMORY), facts.after(MEMORY)
    if after is not None and after >= at.MEMORY_PERCENT and after - (before or 0.0) >= at.MEMORY_GROWTH:
        evidence.append(facts.told(MEMORY))
    if not evidence:
        return None
    on_gpu = _ON_GPU.are_in(said)
    if facts.deployment is not None:
        evidence.append(facts.since_deployment())
    remedy = (
        "Lower the batch size, the concurrency or the context length, or take a type with more GPU memory."
        if on_gpu
        else "Run fewer workers, or take a type or a limit with more memory."
    )
    return Diagnosis(
        rule="out-of-memory",
        cause=f"{facts.what} runs out of {'GPU memory' if on_gpu else 'memory'}.",
        evidence=tuple(evidence),
        first=facts.roll_back() or remedy,
    )
