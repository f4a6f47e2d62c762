"""Topics and queues, encrypted with one key that every service on the way may use."""

from aws_cdk import Annotations, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from endpointwatch._nag import acknowledge
from endpointwatch.routing.functions import TIMEOUT
from endpointwatch.severity import Severity

BATCHING_WINDOW = 1
"""Seconds for which messages are gathered into a batch."""
# AWS's advice for SQS event sources: a message stays hidden six times as long as the function may run, and the window.
_VISIBILITY = Duration.seconds(6 * TIMEOUT + BATCHING_WINDOW)
# What fails is put off for longer each time (alert_common/queue.py): so many attempts take most of a day.
_ATTEMPTS = 100
DELIVERY_ATTEMPTS = 1000
"""As high as SQS has it: a delivery also comes back for its turn, and every five minutes while a sink is down. The dispatcher gives
it up by its age, after a day, and says why."""


class Transport:
    """Makes topics and queues in a construct.

    Args:
        scope: the construct.
        encryption_key: encrypts all of them.

    Attributes:
        dead_letter_queues: those made so far, by name.
    """

    def __init__(self, scope: Construct, *, encryption_key: kms.IKey) -> None:
        self._scope = scope
        self._key = encryption_key
        self.dead_letter_queues: dict[str, sqs.Queue] = {}
        self._let_publish("cloudwatch", "events", "sns")

    def topic(self, name: str, *, display_name: str) -> sns.Topic:
        """A topic that the alarms of this account may publish to."""
        topic = sns.Topic(
            self._scope,
            name,
            display_name=display_name,
            master_key=self._key,
            enforce_ssl=True,
        )
        # A topic with a policy of its own lets nobody in by default, CloudWatch included.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self._scope).account}},
            )
        )
        return topic

    def subscribe(self, queue: sqs.Queue, *, severity: Severity, topic: sns.Topic) -> None:
        """Lets `topic` feed `queue`; what cannot be handed over goes to the dead letters called Undelivered."""
        # Not SqsSubscription: it makes the key's policy name the topic that the key encrypts, a circle.
        undelivered = self.dead_letter_queue("Undelivered")
        for receiver in (queue, undelivered):
            receiver.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=f"{severity.title()}Topic",
                    principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[receiver.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": topic.topic_arn}},
                )
            )
        subscription = sns.CfnSubscription(
            self._scope,
            f"{severity.title()}Subscription",
            topic_arn=topic.topic_arn,
            protocol="sqs",
            endpoint=queue.queue_arn,
            redrive_policy={"deadLetterTargetArn": undelivered.queue_arn},
        )
        # A message that arrives before the queue lets it in is lost.
        subscription.node.add_dependency(*(receiver.node.find_child("Policy") for receiver in (queue, undelivered)))

    def _let_publish(self, *services: str) -> None:
        # Without this a topic or queue encrypted with our key silently drops what the service sends.
        added = self._key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlertsOfThisAccount",
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com") for service in services],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],  # in a key policy: this key
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self._scope).account}},
            )
        )
        if not added.statement_added:
            Annotations.of(self._scope).add_warning_v2(
                "endpointwatch:keyPolicy",
                f"encryption_key: its policy cannot be changed from here; let {', '.join(services)} (.amazonaws.com) use "
                "kms:Decrypt and kms:GenerateDataKey*, or alarms vanish without a trace",
            )

    def queue(self, name: str, *, attempts: int = _ATTEMPTS) -> sqs.Queue:
        """A queue whose messages become dead letters, in a queue called NAMEDead, when so many attempts have failed."""
        return sqs.Queue(
            self._scope,
            name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self._key,
            enforce_ssl=True,
            visibility_timeout=_VISIBILITY,
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letter_queue(f"{name}Dead"), max_receive_count=attempts
            ),
        )

    def dead_letter_queue(self, name: str) -> sqs.Queue:
        """The queue of dead letters called `name`; made when it is first asked for."""
        if name not in self.dead_letter_queues:
            self.dead_letter_queues[name] = sqs.Queue(
                self._scope,
                name,
                encryption=sqs.QueueEncryption.KMS,
                encryption_master_key=self._key,
                enforce_ssl=True,
                retention_period=Duration.days(14),
            )
            acknowledge(
                self.dead_letter_queues[name],
                {"AwsSolutions-SQS3": "is itself where dead letters of SNS, EventBridge or SQS go"},
            )
        return self.dead_letter_queues[name]
