"""Alarms of CloudFormation templates: a cloud assembly, a template file, or resources written inline."""

from alarmlab.assembly.assembly import Assembly
from alarmlab.assembly.reading import read_assembly, read_resources

__all__ = ["Assembly", "read_assembly", "read_resources"]
