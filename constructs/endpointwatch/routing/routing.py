"""From an alarm to a page: topics, the queue of alerts, the two functions, a queue for each sink."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as events_targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from endpointwatch import _checks
from endpointwatch._nag import acknowledge
from endpointwatch.routing.functions import packed
from endpointwatch.routing.permissions import allow, allow_charts, allow_context, allow_state
from endpointwatch.routing.sinks import Sink
from endpointwatch.severity import Severity

_FUNCTION_TIMEOUT = Duration.seconds(60)
# AWS's advice for SQS event sources: a message stays hidden six times as long as the function may run.
_VISIBILITY = Duration.seconds(360)
# Attempts before a message is a dead letter. A sink that is down for a while must not lose a page, and with the visibility above
# this is two hours of retries.
_ATTEMPTS = 20


@dataclass(frozen=True, kw_only=True)
class Route:
    """Which severities go to which sinks.

    Args:
        severities: what this route is for.
        sinks: names of sinks.
    """

    severities: frozenset[Severity]
    sinks: tuple[str, ...]


class AlertRouting(Construct):
    """Routes alarms to people: one topic a severity, enrichment, and a queue for each sink, so that a slow one delays no other.

    Args:
        environment: such as `prod`; part of every page.
        sinks: where pages can go; at least one.
        routes: which severities go to which sinks; every sink's own `severities` when left out.
        encryption_key: encrypts topics, queues, the table and the charts; one is made when it is left out. An existing key must
            let CloudWatch and EventBridge use it, or alarms vanish without a trace; a key that this app owns is told so here.
        enrichment_deadline: how long a page waits for its context before it goes out with what is there (1 to 10 seconds).
        log_retention: how long the functions' logs are kept.
        removal_policy: what becomes of the table and the charts when the stack is deleted; neither holds anything but the
            state of open alerts and pictures of the last month.

    Attributes:
        encryption_key: the key.
        queue: the queue of alerts; EventBridge rules and other sources may write to it.
        enricher, dispatcher: the functions.
        sink_queues: the queue of each sink, by name.
        dead_letter_queues: every dead-letter queue, by what it is for.

    Raises:
        ValueError: no sink, two sinks of one name, or a route to a sink that is not there.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: str,
        sinks: Sequence[Sink],
        routes: Sequence[Route] | None = None,
        encryption_key: kms.IKey | None = None,
        enrichment_deadline: Duration = Duration.seconds(3),
        log_retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        super().__init__(scope, id)
        _checks.tag_value("environment", environment)
        deadline = (
            _checks.milliseconds("enrichment_deadline", enrichment_deadline, fix="write Duration.seconds(3)") / 1000
        )
        _checks.number("enrichment_deadline", deadline, low=1, high=10, fix="give 1 to 10 seconds")
        routes = _check_routes(sinks, routes)

        self.dead_letter_queues: dict[str, sqs.Queue] = {}
        self.encryption_key = encryption_key or kms.Key(
            self, "Key", description="Alerts on their way", enable_key_rotation=True, removal_policy=removal_policy
        )
        for service in ("cloudwatch", "events", "sns"):
            self._let_publish(service)
        self._topics = {severity: self._topic(severity) for severity in Severity}
        self.queue = self._queue("Alerts")
        for severity, topic in self._topics.items():
            self._subscribe(severity, topic)
        self.state = dynamodb.Table(
            self,
            "State",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.encryption_key,
            time_to_live_attribute="expires_at",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=removal_policy,
        )
        self.charts = s3.Bucket(
            self,
            "Charts",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.encryption_key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(30))],
            removal_policy=removal_policy,
        )
        acknowledge(
            self.charts, {"AwsSolutions-S1": "pictures of metrics, kept 30 days, that only the two functions read"}
        )

        shared = {
            "ENDPOINTWATCH_ENVIRONMENT": environment,
            "STATE_TABLE": self.state.table_name,
            "CHARTS_BUCKET": self.charts.bucket_name,
        }
        self.sink_queues = {sink.name: self._queue(_queue_id(sink)) for sink in sinks}
        self.enricher = self._function("Enricher", "alert_enricher", memory=512, log_retention=log_retention)
        for name, value in {
            **shared,
            "ENRICHMENT_DEADLINE_SECONDS": f"{deadline:g}",
            "TOPIC_SEVERITIES": _json({topic.topic_arn: severity for severity, topic in self._topics.items()}),
            "ROUTES": _json([{"severities": sorted(route.severities), "sinks": list(route.sinks)} for route in routes]),
            "QUEUES": _json({name: queue.queue_url for name, queue in self.sink_queues.items()}),
        }.items():
            self.enricher.add_environment(name, value)
        self.enricher.add_event_source(
            event_sources.SqsEventSource(self.queue, batch_size=10, report_batch_item_failures=True)
        )
        allow(
            self.enricher, "Deliveries", ["sqs:SendMessage"], [queue.queue_arn for queue in self.sink_queues.values()]
        )
        allow_state(self.enricher, table=self.state, encryption_key=self.encryption_key)
        allow_charts(_role(self.enricher), bucket=self.charts, action="s3:PutObject")
        allow_context(_role(self.enricher))

        self.dispatcher = self._function("Dispatcher", "alert_dispatcher", memory=512, log_retention=log_retention)
        settings = {
            sink.name: sink.bind(
                Construct(self, sink.name), dispatcher=self.dispatcher, encryption_key=self.encryption_key
            )
            for sink in sinks
        }
        refused = {sink.name: self.dead_letter_queues[f"{_queue_id(sink)}Dead"] for sink in sinks}
        for name, value in {
            **shared,
            "SINKS": _json(settings),
            "DEAD_LETTERS": _json({name: queue.queue_url for name, queue in refused.items()}),
        }.items():
            self.dispatcher.add_environment(name, value)
        for queue in self.sink_queues.values():
            self.dispatcher.add_event_source(
                event_sources.SqsEventSource(queue, batch_size=10, report_batch_item_failures=True)
            )
        allow(self.dispatcher, "Refused", ["sqs:SendMessage"], [queue.queue_arn for queue in refused.values()])
        allow_state(self.dispatcher, table=self.state, encryption_key=self.encryption_key)
        allow_charts(_role(self.dispatcher), bucket=self.charts, action="s3:GetObject")

    def topic(self, severity: Severity) -> sns.ITopic:
        """The topic of `severity`: give it to alarms as their ALARM and OK action."""
        return self._topics[severity]

    def route_events(self, id: str, *, pattern: events.EventPattern, description: str) -> events.Rule:
        """Sends the default event bus's events that match `pattern` to the queue of alerts."""
        return events.Rule(
            self,
            id,
            event_pattern=pattern,
            description=description,
            targets=[events_targets.SqsQueue(self.queue, dead_letter_queue=self._dead_letter_queue("Undelivered"))],
        )

    def _topic(self, severity: Severity) -> sns.Topic:
        topic = sns.Topic(
            self,
            severity.title(),
            display_name=f"endpointwatch {severity}",
            master_key=self.encryption_key,
            enforce_ssl=True,
        )
        # A topic with a policy of its own lets nobody in by default, CloudWatch included.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        return topic

    def _subscribe(self, severity: Severity, topic: sns.Topic) -> None:
        # Not SqsSubscription: it makes the key's policy name the topic that the key encrypts, a circle.
        undelivered = self._dead_letter_queue("Undelivered")
        for queue in (self.queue, undelivered):
            queue.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=f"{severity.title()}Topic",
                    principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": topic.topic_arn}},
                )
            )
        subscription = sns.CfnSubscription(
            self,
            f"{severity.title()}Subscription",
            topic_arn=topic.topic_arn,
            protocol="sqs",
            endpoint=self.queue.queue_arn,
            redrive_policy={"deadLetterTargetArn": undelivered.queue_arn},
        )
        # A message that arrives before the queue lets it in is lost.
        subscription.node.add_dependency(*(queue.node.find_child("Policy") for queue in (self.queue, undelivered)))

    def _let_publish(self, service: str) -> None:
        # Without this a topic or queue encrypted with our key silently drops what the service sends.
        self.encryption_key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"{service.title()}Publishes",
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],  # in a key policy: this key
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )

    def _queue(self, name: str) -> sqs.Queue:
        return sqs.Queue(
            self,
            name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self.encryption_key,
            enforce_ssl=True,
            visibility_timeout=_VISIBILITY,
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self._dead_letter_queue(f"{name}Dead"), max_receive_count=_ATTEMPTS
            ),
        )

    def _dead_letter_queue(self, name: str) -> sqs.Queue:
        if name not in self.dead_letter_queues:
            self.dead_letter_queues[name] = sqs.Queue(
                self,
                name,
                encryption=sqs.QueueEncryption.KMS,
                encryption_master_key=self.encryption_key,
                enforce_ssl=True,
                retention_period=Duration.days(14),
            )
            acknowledge(
                self.dead_letter_queues[name],
                {"AwsSolutions-SQS3": "is itself where dead letters of SNS, EventBridge or SQS go"},
            )
        return self.dead_letter_queues[name]

    def _function(self, id: str, package: str, *, memory: int, log_retention: logs.RetentionDays) -> lambda_.Function:
        log_group = logs.LogGroup(self, f"{id}Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        role = iam.Role(self, f"{id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        return lambda_.Function(
            self,
            id,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{package}.handler.handler",
            code=lambda_.Code.from_asset(str(packed(package))),
            role=role,
            memory_size=memory,
            timeout=_FUNCTION_TIMEOUT,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            environment={"POWERTOOLS_SERVICE_NAME": package},
        )


def _check_routes(sinks: Sequence[Sink], routes: Sequence[Route] | None) -> list[Route]:
    names = [sink.name for sink in sinks]
    if not names:
        raise ValueError("sinks: is empty; give at least one of PagerDuty, Slack, Email")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"sinks: two are named {name!r}; give one of them another name=")
    if routes is None:
        routes = [Route(severities=sink.severities, sinks=(sink.name,)) for sink in sinks]
        claimed = frozenset().union(*(sink.severities for sink in sinks))
        # What no sink asks for goes to all of them: alerts are never dropped.
        return [*routes, Route(severities=frozenset(Severity) - claimed, sinks=tuple(names))]
    for route in routes:
        for name in route.sinks:
            _checks.one_of("routes", name, names)
    covered = {severity for route in routes for severity in route.severities if route.sinks}
    missing = [severity for severity in Severity if severity not in covered]
    if missing:
        raise ValueError(f"routes: nothing takes {', '.join(missing)}; add a route, for alerts are never dropped")
    return list(routes)


def _queue_id(sink: Sink) -> str:
    return f"Sink{sink.name.title().replace('-', '')}"


def _role(function: lambda_.Function) -> iam.Role:
    role = function.role
    assert isinstance(role, iam.Role)
    return role


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
