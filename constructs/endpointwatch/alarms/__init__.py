"""Objectives, and the alarms that follow from them."""

from endpointwatch.alarms.objectives import Objectives
from endpointwatch.alarms.spec import AlarmOverride, AlarmSpec, Ownership, Signal

__all__ = ["AlarmOverride", "AlarmSpec", "Objectives", "Ownership", "Signal"]
