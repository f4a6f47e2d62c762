"""Objectives, and the alarms that follow from them."""

from endpointwatch.alarms.objectives import Objectives
from endpointwatch.alarms.spec import AlarmOverride, AlarmSpec, Ownership
from endpointwatch.alarms.targets import AlertTargets, AlertTopics

__all__ = ["AlarmOverride", "AlarmSpec", "AlertTargets", "AlertTopics", "Objectives", "Ownership"]
