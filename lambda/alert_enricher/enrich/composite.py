"""What a composite alarm is about, when it does not say: what its children are about, so that they share an incident."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from alert_common import tags as tag
from alert_common.alert import Alert, Resource
from alert_enricher.enrich import tags
from alert_enricher.parse import metrics
from alert_enricher.parse.reason import Reason

MOST = 100
"""Children that CloudWatch allows, and that DescribeAlarms describes at once."""
MOST_TAGS = 3
"""Children whose tags are read: the first that they name decides."""
_IN_RULE = re.compile(r"""\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*["']?([^"')]+?)["']?\s*\)""")
_OURS = "endpointwatch:"


def children(alert: Alert) -> tuple[str, ...]:
    """Return the ARNs of its children: those that set it off, then those that its rule names."""
    place = alert.arn.partition(":alarm:")[0] + ":alarm:"
    named = (name if name.startswith("arn:") else place + name for name in _IN_RULE.findall(alert.rule))
    return tuple(dict.fromkeys([*(child.arn for child in alert.children if child.arn), *named]))[:MOST]


def described(arns: Iterable[str], cloudwatch: Any) -> tuple[Resource, ...]:
    """Return what the children's metrics name, which is also what their own messages name."""
    response = cloudwatch.describe_alarms(
        AlarmNames=[_name(arn) for arn in arns], AlarmTypes=["MetricAlarm"], MaxRecords=MOST
    )
    found = (metrics.resource(metrics.facts(alarm, Reason())) for alarm in response.get("MetricAlarms", []))
    return tuple(resource for resource in found if resource is not None)


def tagged(arn: str, cloudwatch: Any) -> Resource | None:
    """Return what a child's tags name."""
    told = tags.known(arn)
    return of_tags(tags.fetch(arn, cloudwatch) if told is None else told)


def of_tags(told: Mapping[str, str]) -> Resource | None:
    """Return the endpoint and variant that tags name."""
    name = told.get(tag.ENDPOINT, "")
    return Resource(kind="endpoint", name=name, variant=told.get(tag.VARIANT, "")) if name else None


def named(alert: Alert, arns: Iterable[str]) -> Resource | None:
    """Return what the children's names say, ENDPOINT/VARIANT/SIGNAL, where a tag confirms that the names are ours."""
    if not any(key.startswith(_OURS) for key in alert.tags):
        return None
    parts = [_name(arn).split("/") for arn in arns]
    return together(Resource(kind="endpoint", name=p[0], variant=p[1]) for p in parts if len(p) == 3 and all(p))


def together(found: Iterable[Resource | None]) -> Resource | None:
    """Return what several are about: the same variant, or else the same endpoint; None when it is not the same."""
    resources = {resource for resource in found if resource is not None}
    if len(resources) == 1:
        return resources.pop()
    if len({(r.kind, r.name) for r in resources if r.kind == "endpoint"}) == 1:
        return Resource(kind="endpoint", name=next(r.name for r in resources if r.kind == "endpoint"))
    return None


def _name(arn: str) -> str:
    return arn.partition(":alarm:")[2]
