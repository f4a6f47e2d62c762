"""CloudWatch in sandbox time, in place of what ministack makes of it.

`install` before ministack serves, `start` to evaluate alarms, `record` to publish a sample from inside the process.
"""

from sandbox.aws.cloudwatch.overlay import install, record, start
from sandbox.aws.cloudwatch.templates import unimplemented_properties

__all__ = ["install", "record", "start", "unimplemented_properties"]
