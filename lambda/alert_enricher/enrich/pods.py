"""The pods of an inference workload, and the nodes that they run on: from the cluster itself."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from alert_common.alert import Alert, Kind, Resource
from alert_common.context import Missing, Node, Pod
from alert_common.redact import redact
from alert_enricher.enrich.finding import AnswerError, Finding
from alert_enricher.enrich.kubernetes import Api, token

GPU = "nvidia.com/gpu"
MOST_PODS, MOST_NODES = 20, 8
PAGE = "500"
"""Objects of a list that are read, as a query has it."""
TEXT_LIMIT = 300
_NAMESPACES = {"ContainerInsights", "ContainerInsights/Prometheus", "AWS/EKS"}
"""CloudWatch's namespaces in which `ClusterName` is a cluster of EKS."""
_LABELS = ("app", "app.kubernetes.io/name", "app.kubernetes.io/instance", "k8s-app")
_UNSETTLED = "status.phase!=Running,status.phase!=Succeeded"

Raw = Mapping[str, Any]


def is_on_eks(alert: Alert) -> bool:
    """Whether the alert is about something in a cluster of EKS."""
    if alert.resource is None or not _cluster(alert.resource):
        return False
    named = {metric.namespace for metric in alert.metric.metrics} if alert.metric is not None else set()
    return alert.kind is Kind.ALERTMANAGER or bool(named & _NAMESPACES)


def fetch(alert: Alert, resource: Resource, eks: Any, sts: Any, until: float) -> Finding:
    """Return the pods, those in trouble first, and their nodes; of a cluster the pods that do not run.

    Raises:
        AnswerError: the API server could not be asked.
    """
    name = _cluster(resource)
    api = Api(eks.describe_cluster(name=name)["cluster"], token(name, sts), until=until)
    found = [pod(raw) for raw in _pods(api, resource)]
    found.sort(key=lambda p: (p.ready or p.phase == "Succeeded", not p.reason, -p.restarts, p.name))
    dimensions = alert.metric.dimensions if alert.metric is not None else {}
    names = dict.fromkeys(n for n in (dimensions.get("NodeName", ""), *(p.node for p in found)) if n)
    nodes, missing = _nodes(api, list(names)[:MOST_NODES])
    return Finding(values={"pods": tuple(found[:MOST_PODS]), "nodes": nodes}, missing=missing)


def pod(raw: Raw) -> Pod:
    """Read a pod as Kubernetes describes it."""
    status, meta = raw.get("status", {}), raw.get("metadata", {})
    containers = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    conditions = {c.get("type"): c for c in status.get("conditions", ())}
    return Pod(
        name=meta.get("name", ""),
        phase=status.get("phase", ""),
        node=raw.get("spec", {}).get("nodeName", ""),
        ready=conditions.get("Ready", {}).get("status") == "True",
        restarts=sum(c.get("restartCount", 0) for c in containers),
        reason=redact(_pod_reason(status, containers, conditions))[:TEXT_LIMIT],
    )


def node(raw: Raw) -> Node:
    """Read a node as Kubernetes describes it, with the conditions that the node monitoring agent of EKS adds."""
    status, meta = raw.get("status", {}), raw.get("metadata", {})
    conditions = [c for c in status.get("conditions", ()) if c.get("type") != "Ready"]
    ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions", ()))
    gpus = str(status.get("allocatable", {}).get(GPU, ""))
    return Node(
        name=meta.get("name", ""),
        ready=ready,
        instance_type=meta.get("labels", {}).get("node.kubernetes.io/instance-type", ""),
        gpus=int(gpus) if gpus.isdigit() else None,
        problems=tuple(_problem(c) for c in conditions if _is_bad(c)),
    )


def _cluster(resource: Resource) -> str:
    return resource.cluster or (resource.name if resource.kind == "cluster" else "")


def _pods(api: Api, resource: Resource) -> Sequence[Raw]:
    space = f"/namespaces/{quote(resource.namespace, safe='')}" if resource.namespace else ""
    if resource.kind == "cluster":
        chosen = {} if space else {"fieldSelector": _UNSETTLED}
        return api.items(f"/api/v1{space}/pods", limit=PAGE, **chosen)
    if space and (selector := _selector(api, f"/api/v1{space}/services/{quote(resource.name, safe='')}")):
        return api.items(f"/api/v1{space}/pods", limit=PAGE, labelSelector=selector)
    return [raw for raw in api.items(f"/api/v1{space}/pods", limit=PAGE) if _is_of(raw, resource.name)]


def _selector(api: Api, service: str) -> str:
    """Return how the service chooses its pods, empty when there is no such service: the name may be a deployment's."""
    try:
        chosen = api.get(service).get("spec", {}).get("selector") or {}
    except AnswerError as error:
        if error.why not in {"not found", "access denied"}:
            raise
        return ""
    return ",".join(f"{key}={value}" for key, value in chosen.items())


def _is_of(raw: Raw, name: str) -> bool:
    """Whether a pod belongs to a workload: pods are named after what made them, or labelled."""
    meta = raw.get("metadata", {})
    own, labels = meta.get("name", ""), meta.get("labels", {})
    return own == name or own.startswith(f"{name}-") or any(labels.get(label) == name for label in _LABELS)


def _nodes(api: Api, names: Iterable[str]) -> tuple[tuple[Node, ...], tuple[Missing, ...]]:
    """Read nodes one by one: a list of all is megabytes. What is refused costs the nodes only."""
    found: list[Node] = []
    for name in names:
        try:
            found.append(node(api.get(f"/api/v1/nodes/{quote(name, safe='')}")))
        except AnswerError as error:
            if error.why != "not found":  # a spot node that is gone is no news
                return tuple(found), (Missing(what="nodes", why=error.why),)
    return tuple(found), ()


def _pod_reason(status: Raw, containers: Iterable[Raw], conditions: Mapping[Any, Raw]) -> str:
    """Say why a pod is not as it should be: memory first, which `CrashLoopBackOff` hides; empty when it is well."""
    told: list[str] = []
    for container in containers:
        states = [container.get("state", {}), container.get("lastState", {})]
        ended = [s["terminated"] for s in states if s.get("terminated")]
        if any(end.get("reason") == "OOMKilled" for end in ended):
            return "OOMKilled"
        waiting = container.get("state", {}).get("waiting", {})
        told += [waiting["reason"]] if waiting.get("reason") else []
        told += [end.get("reason", "") for end in ended if end.get("exitCode")]
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        told.insert(0, f"{scheduled.get('reason', '')}: {scheduled.get('message', '')}")
    usual = {"", "ContainerCreating", "PodInitializing"}
    return status.get("reason", "") or next((reason for reason in told if reason not in usual), "")


def _is_bad(condition: Raw) -> bool:
    """Conditions that end in `Ready` must hold, all others must not."""
    if condition.get("type", "").endswith("Ready"):
        return condition.get("status") != "True"
    return condition.get("status") == "True"


def _problem(condition: Raw) -> str:
    reason = condition.get("reason", "")
    return redact(f"{condition.get('type', '')}: {reason}" if reason else condition.get("type", ""))[:TEXT_LIMIT]
