"""The model serves from the CPU while its GPU does nothing."""

import re

from alert_common.context import Diagnosis
from alert_enricher.diagnose import thresholds as at
from alert_enricher.diagnose.facts import CPU, GPU, P50, REQUESTS, Facts
from alert_enricher.diagnose.words import quote

_NO_GPU = re.compile(
    r"CUDA is not available|torch\.cuda\.is_available\(\)\W+False|Found no NVIDIA driver|no CUDA-capable device"
    r"|CUDA driver version is insufficient|Failed to create CUDAExecutionProvider"
    r"|CUDAExecutionProvider'? is not in available|Could not load dynamic library 'libcud|falling back to CPU"
    r"|CUDA unknown error|Failed to initialize NVML",
    re.I,
)
"""PyTorch, CUDA, ONNX Runtime, TensorFlow."""
_MANY_ERRORS = 50.0
"""Percent. Requests that fail do not reach the GPU."""


def cpu_fallback(facts: Facts) -> Diagnosis | None:
    """Match an idle GPU under a model that is busy; the GPU's figure decides, a line in the log is not enough against it."""
    gpu, requests = facts.after(GPU), facts.after(REQUESTS)
    if gpu is None or gpu > at.IDLE_PERCENT or (facts.after("Errors") or 0.0) >= _MANY_ERRORS:
        return None
    lines, count = facts.lines(_NO_GPU.search)
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
