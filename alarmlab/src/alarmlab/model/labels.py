"""What an alarm is about, and how much it matters: from its tags, its topics and its dimensions."""

import re

from alarmlab.model.alarms import Alarm, MetricAlarm

SEVERITY_TAGS = ("endpointwatch:severity", "severity", "Severity", "priority", "Priority")
TOPIC_SEVERITIES = ("critical", "warning", "info")
"""Words that tell topics of one severity from those of another, the most urgent first."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
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
    """How much the alarm matters: as its tags say, else as the names of the topics that it tells; empty where neither does."""
    tagged = next((alarm.about.tags[tag].lower() for tag in SEVERITY_TAGS if alarm.about.tags.get(tag)), "")
    if tagged:
        return tagged
    named = {word for action in alarm.about.alarm_actions for word in _words(action)}
    return next((severity for severity in TOPIC_SEVERITIES if severity in named), "")


def _words(action: str) -> set[str]:
    """The words in the name of a topic; none where it says what it is not, such as `non-critical`."""
    if action.startswith("arn:") and ":sns:" not in action:
        return set()
    words = {word.lower() for word in _WORD.findall(action.rpartition(":")[2])}
    return set() if words & {"no", "non", "not", "un"} else words


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
