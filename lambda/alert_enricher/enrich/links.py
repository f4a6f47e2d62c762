"""Console addresses; pure."""

from collections.abc import Mapping
from urllib.parse import quote

from alert_common import tags as tag
from alert_common.alert import Alert, Kind, Resource
from alert_common.context import Link

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
        if resource is not None and resource.kind == "endpoint":
            group = _twice(f"/aws/sagemaker/Endpoints/{resource.name}")
            found.append(Link(text="Logs", href=f"{home}#logsV2:log-groups/log-group/{group}"))
            name = quote(resource.name, safe="")
            found.append(
                Link(text="Endpoint", href=f"{console}/sagemaker/home?region={alert.region}#/endpoints/{name}")
            )
    return tuple(found)


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
