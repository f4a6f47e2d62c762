"""Console addresses; pure."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from alert_common import tags as tag
from alert_common.alert import Alert, Kind, Resource
from alert_common.context import Link
from alert_enricher.enrich.pods import is_on_eks

_JOBS = {
    "training-job": ("jobs", "TrainingJobs"),
    "processing-job": ("processing-jobs", "ProcessingJobs"),
    "transform-job": ("transform-jobs", "TransformJobs"),
}
"""Of each kind: the console's page, and the log group."""
_ALARMS = {Kind.METRIC_ALARM, Kind.COMPOSITE_ALARM, Kind.LOG_ALARM}


def links(alert: Alert, resource: Resource | None, tags: Mapping[str, str]) -> tuple[Link, ...]:
    """Make the links in the order in which one looks: runbook, dashboard, alarm, logs, endpoint."""
    found: list[Link] = []
    if _is_web(tags.get(tag.RUNBOOK, "")):
        found.append(Link(text="Runbook", href=tags[tag.RUNBOOK]))
    if _is_web(tags.get("generator", "")):
        found.append(Link(text="Query", href=tags["generator"]))
    if alert.region and _plain(alert.region):
        console = f"https://{alert.region}.{_domain(alert.region)}"
        home = f"{console}/cloudwatch/home?region={alert.region}"
        if dashboard := tags.get(tag.DASHBOARD):
            found.append(Link(text="Dashboard", href=f"{home}#dashboards/dashboard/{quote(dashboard, safe='')}"))
        if alert.kind in _ALARMS and alert.name:
            found.append(Link(text="Alarm", href=f"{home}#alarmsV2:alarm/{quote(alert.name, safe='')}"))
        if resource is not None:
            found += _of_resource(alert, resource, console)
    return tuple(found)


def _of_resource(alert: Alert, resource: Resource, console: str) -> Iterator[Link]:
    region = alert.region
    groups = f"{console}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/"
    sagemaker, name = f"{console}/sagemaker/home?region={region}#", quote(resource.name, safe="")
    if resource.kind == "endpoint":
        yield Link(text="Logs", href=groups + _twice(f"/aws/sagemaker/Endpoints/{resource.name}"))
        yield Link(text="Endpoint", href=f"{sagemaker}/endpoints/{name}")
    elif resource.kind in _JOBS:
        page, group = _JOBS[resource.kind]
        of_job = "$3FlogStreamNameFilter$3D" + _twice(f"{resource.name}/")
        yield Link(text="Logs", href=groups + _twice(f"/aws/sagemaker/{group}") + of_job)
        yield Link(text="Job", href=f"{sagemaker}/{page}/{name}")
    elif is_on_eks(alert):
        cluster = quote(resource.cluster or resource.name, safe="")
        yield Link(text="Cluster", href=f"{console}/eks/clusters/{cluster}?region={region}")


def _domain(region: str) -> str:
    if region.startswith("cn-"):
        return "console.amazonaws.cn"
    return "console.amazonaws-us-gov.com" if region.startswith("us-gov-") else "console.aws.amazon.com"


def _twice(text: str) -> str:
    """Encode as the logs console does: percent-encoded twice, with `$` for the outer percent sign."""
    return quote(quote(text, safe=""), safe="").replace("%", "$")


def _is_web(address: str) -> bool:
    return address.startswith(("https://", "http://")) and not any(c in address for c in " <>|\"'\n\t")


def _plain(region: str) -> bool:
    return all(c.isascii() and (c.isalnum() or c == "-") for c in region)
