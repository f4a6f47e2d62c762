"""A heartbeat that travels the whole way of an alert, but tells nobody."""

import json

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns

from constructs import Construct
from endpointwatch.routing.permissions import allow


class Heartbeat(Construct):
    """Sends a heartbeat to a topic.

    A schedule of EventBridge Scheduler, and not a rule: it publishes as a role, so neither the topic's policy nor the key's
    has to let a service in.

    Args:
        topic: where to.
        encryption_key: the topic's.
        minutes: how often.
    """

    def __init__(self, scope: Construct, id: str, *, topic: sns.ITopic, encryption_key: kms.IKey, minutes: int) -> None:
        super().__init__(scope, id)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
        allow(role, "Publish", ["sns:Publish"], [topic.topic_arn])
        allow(role, "Key", ["kms:Decrypt", "kms:GenerateDataKey"], [encryption_key.key_arn])
        schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            description="endpointwatch: a heartbeat on the way of alerts",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            schedule_expression=f"rate({minutes} minute{'s' if minutes > 1 else ''})",
            target=scheduler.CfnSchedule.TargetProperty(
                arn=topic.topic_arn,
                role_arn=role.role_arn,
                input=json.dumps({"endpointwatch": "heartbeat", "at": "<aws.scheduler.scheduled-time>"}),
                # One that comes after its successor proves nothing.
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=max(60, 60 * minutes), maximum_retry_attempts=3
                ),
            ),
        )
        # Without its permissions the first one would be lost.
        schedule.node.add_dependency(role)
