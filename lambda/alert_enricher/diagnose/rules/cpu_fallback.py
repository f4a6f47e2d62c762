"""The model serves from the CPU while its GPU does nothing."""

from alert_common.context import Diagnosis
from alert_enricher.diagnose import thresholds as at
from alert_enricher.diagnose.facts import CPU, GPU, P50, REQUESTS, Facts
from alert_enricher.diagnose.words import Phrases, quote

_NO_GPU = Phrases(
    "CUDA is not available",
    "torch.cuda.is_available() is False",
    "Found no NVIDIA driver",
    "no CUDA-capable device",
    "CUDA driver version is insufficient",
    "Failed to create CUDAExecutionProvider",
    "CUDAExecutionProvider' is not in available",
    "Could not load dynamic library 'libcud",
    "falling back to CPU",
    "CUDA unknown error",
    "Failed to initialize NVML",
)
"""PyTorch, CUDA, ONNX Runtime, TensorFlow."""
_MANY_ERRORS = 50.0
"""Percent. Requests that fail do not reach the GPU."""


def cpu_fallback(facts: Facts) -> Diagnosis | None:
    """Match an idle GPU under a model that is busy; the GPU's figure decides, a line in the log is not enough against it."""
    gpu, requests = facts.after(GPU), facts.after(REQUESTS)
    if gpu is None or gpu > at.IDLE_PERCENT or (facts.after("Errors") or 0.0) >= _MANY_ERRORS:
        return None
    lines, count = facts.lines(_NO_GPU.are_in)
    endpoint = facts.context.endpoint
    instances = (endpoint.instance_count if endpoint is not None else None) or 1
    busy = (requests or 0.0) * (facts.after(P50) or 0.0) / 60_000 / instances
    if not requests or (busy < at.BUSY_SHARE and not lines):
        return None
    evidence = [facts.told(GPU), facts.told(REQUESTS)]
    if busy >= at.BUSY_SHARE:
        evidence.append(f"the model works {min(busy, 1.0) * 100:.0f} % of the time")
    if CPU in facts.signals:
        evidence.append(facts.told(CPU))
    if lines:
        evidence.append(f"{count} log line{'s' if count > 1 else ''}: {quote(lines[-1].text)}")
    if facts.deployment is not None:
        evidence.append(facts.since_deployment())
    return Diagnosis(
        rule="cpu-fallback",
        cause=f"{facts.what} serves from the CPU: its GPU does nothing.",
        evidence=tuple(evidence),
        first=facts.roll_back()
        or "Look in the log of the start-up for a CUDA or driver message, then replace the instance.",
    )
