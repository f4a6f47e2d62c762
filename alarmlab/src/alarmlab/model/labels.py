"""What an alarm is about, and how much it matters: from its tags."""

from alarmlab.model.alarms import Alarm, MetricAlarm

SEVERITY_TAGS = ("endpointwatch:severity", "severity", "Severity", "priority", "Priority")
RESOURCE_TAGS = ("endpointwatch:endpoint", "endpoint", "service", "Service", "application", "Application")
RESOURCE_DIMENSIONS = (
    "EndpointName",
    "FunctionName",
    "ServiceName",
    "QueueName",
    "TableName",
    "DBInstanceIdentifier",
    "LoadBalancer",
    "ClusterName",
    "InstanceId",
    "AutoScalingGroupName",
    "ApiName",
    "StateMachineArn",
)


def severity_of(alarm: Alarm) -> str:
    """How much the alarm matters, as its tags say; empty where they do not."""
    return next((alarm.about.tags[tag].lower() for tag in SEVERITY_TAGS if alarm.about.tags.get(tag)), "")


def resource_of(alarm: Alarm) -> str:
    """What the alarm is about: by its tags, else by the dimensions of its metrics, else itself."""
    for tag in RESOURCE_TAGS:
        if alarm.about.tags.get(tag):
            return alarm.about.tags[tag]
    if isinstance(alarm, MetricAlarm):
        dimensions = dict(pair for query in alarm.queries if query.metric for pair in query.metric.dimensions)
        for name in RESOURCE_DIMENSIONS:
            if name in dimensions:
                return dimensions[name]
    return alarm.about.name
