"""Which workload a Container Insights alarm is about, by its dimensions; pure."""

from dataclasses import replace

from alert_common.alert import Alert, Kind, Resource

_NAMES = ("Service", "ServiceName", "PodName", "pod", "service", "deployment")
"""What names a workload, most telling first: dimensions of EKS and ECS, then labels of Prometheus.

Container Insights' `PodName` is the name of what made the pods, so all pods of a deployment share it.
"""
_CLUSTERS = ("ClusterName", "cluster")
_NAMESPACES = ("Namespace", "namespace")


def resource(alert: Alert) -> Resource | None:
    """Return the service that the dimensions or labels name, else the cluster, None when they name neither."""
    told = alert.tags if alert.kind is Kind.ALERTMANAGER else alert.metric.dimensions if alert.metric else {}
    cluster = next((told[name] for name in _CLUSTERS if told.get(name)), "")
    if not cluster:
        return None
    name = next((told[name] for name in _NAMES if told.get(name)), "")
    namespace = next((told[name] for name in _NAMESPACES if told.get(name)), "")
    found = Resource(kind="cluster", name=cluster, namespace=namespace)
    return replace(found, kind="service", name=name, cluster=cluster) if name else found
