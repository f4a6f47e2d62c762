"""What an alarm is about, and how much it matters: from its tags, its topics and its dimensions."""

import re
from collections.abc import Sequence

from alarmlab.model.alarms import Alarm, MetricAlarm

_SEVERITY_TAGS = ("endpointwatch:severity", "severity", "priority")
_URGENCIES = (
    ("critical", "emergency", "fatal", "p0", "sev0", "p1", "sev1", "1"),
    ("high", "error", "major", "p2", "sev2", "2"),
    ("warning", "medium", "minor", "p3", "sev3", "3"),
    ("info", "low", "notice", "p4", "sev4", "4", "p5", "sev5", "5"),
)
"""Words for severities, the most urgent first."""
_TOPIC_SEVERITIES = ("critical", "warning", "info")
"""Words that tell topics of one severity from those of another, the most urgent first."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_RESOURCE_TAGS = ("endpointwatch:endpoint", "endpoint")
_WIDER_TAGS = ("service",)
"""What is often said of many resources at once, so a dimension goes before it."""
_RESOURCE_DIMENSIONS = (
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
    tagged = _tag(alarm, _SEVERITY_TAGS).lower()
    if tagged:
        return tagged
    named = {word for action in alarm.about.alarm_actions for word in _words(action)}
    return next((severity for severity in _TOPIC_SEVERITIES if severity in named), "")


def _words(action: str) -> set[str]:
    """The words in the name of a topic; none where it says what it is not, such as `non-critical`."""
    if action.startswith("arn:") and ":sns:" not in action:
        return set()
    words = {word.lower() for word in _WORD.findall(action.rpartition(":")[2])}
    return set() if words & {"no", "non", "not", "un"} else words


def urgency(severity: str) -> int:
    """Where a severity stands: 0 for the most urgent; those that nobody knows, and none, last."""
    bare = severity.lower().replace("-", "").replace(" ", "")
    return next((rank for rank, words in enumerate(_URGENCIES) if bare in words), len(_URGENCIES))


def resource_of(alarm: Alarm) -> str:
    """What the alarm is about: by a tag of its own, else by the dimensions of its metrics, else by its service, else itself."""
    return _tag(alarm, _RESOURCE_TAGS) or _dimension(alarm) or _tag(alarm, _WIDER_TAGS) or alarm.about.name


def _tag(alarm: Alarm, keys: Sequence[str]) -> str:
    """The first of these tags, in whatever case its key is written; empty where there is none."""
    tags = {key.lower(): value for key, value in alarm.about.tags.items()}
    return next((tags[key] for key in keys if tags.get(key)), "")


def _dimension(alarm: Alarm) -> str:
    if not isinstance(alarm, MetricAlarm):
        return ""
    dimensions = dict(pair for query in alarm.queries if query.metric for pair in query.metric.dimensions)
    return next((dimensions[name] for name in _RESOURCE_DIMENSIONS if name in dimensions), "")
