"""A GPU, or the node under it, is broken."""

import re

from alert_common.context import Diagnosis, Node
from alert_enricher.diagnose.facts import Facts
from alert_enricher.diagnose.words import Phrases, quote

_XID = re.compile(r"Xid\s{0,3}(?:\([^)]{0,60}\))?\D{0,3}(\d{2,3})(?!\d)", re.I)
"""The kernel's `NVRM: Xid (PCI:0000:00:1e): 79, pid=1`, and the `NvidiaXID79Error` of EKS's node monitoring agent."""
_BROKEN_XIDS = {"48", "64", "74", "79", "95"}
"""NVIDIA's XID catalogue: double-bit ECC error, row remapping failed, NVLink error, off the bus, uncontained ECC error. Others
(13, 31, 43, 45) are usually the application's own."""
_BROKEN = Phrases("fallen off the bus", "uncorrectable ECC error", "GPU is lost")


def hardware(facts: Facts) -> Diagnosis | None:
    """Match nodes whose GPUs are reported broken, or lines that report it, while pods or requests suffer."""
    context, evidence = facts.context, []
    broken = [node for node in context.nodes if _is_broken(node)]
    on_broken = [pod for pod in context.pods if not pod.ready and pod.node in {node.name for node in broken}]
    if broken and (on_broken or facts.errors_rose or facts.latency_rose):
        evidence += [f"node {node.name}: {', '.join(node.problems)}" for node in broken]
        evidence += [f"{len(on_broken)} of {len(context.pods)} pods not ready on it"] if on_broken else []
    lines, count = facts.lines(_says_broken)
    if lines and not facts.is_well:
        evidence.append(f"{count} log line{'s' if count > 1 else ''}: {quote(lines[-1].text)}")
    if not evidence:
        return None
    return Diagnosis(
        rule="hardware",
        cause=f"A GPU under {facts.what} is broken.",
        evidence=tuple(evidence),
        first=f"Drain and replace node {broken[0].name}."
        if broken
        else "Replace the instance: scale out by one, then in.",
    )


def _is_broken(node: Node) -> bool:
    return any(p.startswith("AcceleratedHardwareReady") and _blames_hardware(p) for p in node.problems)


def _blames_hardware(problem: str) -> bool:
    """Whether a condition's reason is the hardware's fault: it names a fatal XID, or none at all."""
    xid = _XID.search(problem)
    return xid is None or xid[1] in _BROKEN_XIDS


def _says_broken(line: str) -> bool:
    xid = _XID.search(line)
    return _BROKEN.are_in(line) or (xid is not None and xid[1] in _BROKEN_XIDS)
