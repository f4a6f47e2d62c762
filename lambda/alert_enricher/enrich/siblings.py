"""The other alarms of the same variant: is only this signal bad, or all of it?"""

from typing import Any

from alert_common.alert import Alert, Resource
from alert_common.context import Sibling
from alert_enricher.enrich.finding import Finding


def fetch(alert: Alert, resource: Resource, cloudwatch: Any) -> Finding:
    """List the alarms whose names start with `ENDPOINT/VARIANT/`, those in alarm first, without this one."""
    response = cloudwatch.describe_alarms(
        AlarmNamePrefix=f"{resource.name}/{resource.variant}/" if resource.variant else f"{resource.name}/",
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        MaxRecords=50,
    )
    alarms = [*response.get("CompositeAlarms", []), *response.get("MetricAlarms", [])]
    siblings = (Sibling(name=a["AlarmName"], state=a["StateValue"]) for a in alarms if a["AlarmName"] != alert.name)
    in_order = sorted(siblings, key=lambda s: (s.state != "ALARM", s.state == "OK", s.name))
    return Finding(values={"siblings": tuple(in_order)})
