"""From an alarm to a page: topics, the queue of alerts, the two functions, a queue for each sink."""

import json
from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as events_targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from endpointwatch import _checks
from endpointwatch._buckets import private_bucket
from endpointwatch.alarms.alarm import create_alarm
from endpointwatch.alarms.spec import AlarmSpec
from endpointwatch.metrics import MathSpec, MetricSpec
from endpointwatch.routing.functions import alert_function
from endpointwatch.routing.permissions import allow, allow_charts, allow_context, allow_state
from endpointwatch.routing.routes import Route, complete_routes
from endpointwatch.routing.sinks import Sink
from endpointwatch.routing.transport import Transport
from endpointwatch.severity import Severity

_DELIVERABLE = ("pagerduty", "slack", "slack-webhook", "email")
"""What the dispatcher can send to; a sink of your own settles on one of these."""


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
        operators: e-mail addresses of those who look after the routing itself; told, past the routing, when an alert
            could not be delivered.
        removal_policy: what becomes of the table and the charts when the stack is deleted; neither holds anything but the
            state of open alerts and pictures of the last month.

    Attributes:
        environment: what this routes for.
        encryption_key: the key.
        queue: the queue of alerts; EventBridge rules and other sources may write to it.
        enricher, dispatcher: the functions.
        sink_queues: the queue of each sink, by name.
        dead_letter_alarm: fires when any dead-letter queue holds a message.

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
        operators: Sequence[str] = (),
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        super().__init__(scope, id)
        if encryption_key is not None and not hasattr(encryption_key, "key_arn"):
            raise TypeError(f"encryption_key: {encryption_key!r} is no key; give a kms.Key, or leave it out")
        self.environment = _checks.environment(environment)
        deadline = (
            _checks.milliseconds("enrichment_deadline", enrichment_deadline, fix="write Duration.seconds(3)") / 1000
        )
        _checks.number("enrichment_deadline", deadline, low=1, high=10, fix="give 1 to 10 seconds")
        routes = complete_routes(sinks, routes)

        self.encryption_key = encryption_key or kms.Key(
            self, "Key", description="Alerts on their way", enable_key_rotation=True, removal_policy=removal_policy
        )
        self._transport = Transport(self, encryption_key=self.encryption_key)
        self._topics = {
            severity: self._transport.topic(severity.title(), display_name=f"endpointwatch {severity}")
            for severity in Severity
        }
        self.queue = self._transport.queue("Alerts")
        for severity, topic in self._topics.items():
            self._transport.subscribe(self.queue, severity=severity, topic=topic)
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
        self.charts = private_bucket(
            self,
            "Charts",
            encryption_key=self.encryption_key,
            expire_after_days=30,
            removal_policy=removal_policy,
            no_access_logs="pictures of metrics, kept 30 days, that only the two functions read",
        )

        shared = {
            "ENDPOINTWATCH_ENVIRONMENT": environment,
            "STATE_TABLE": self.state.table_name,
            "CHARTS_BUCKET": self.charts.bucket_name,
        }
        self.sink_queues = {sink.name: self._transport.queue(_queue_id(sink)) for sink in sinks}
        self.enricher = alert_function(self, "Enricher", package="alert_enricher", log_retention=log_retention)
        for name, value in {
            **shared,
            "ENRICHMENT_DEADLINE_SECONDS": f"{deadline:g}",
            "TOPIC_SEVERITIES": _json({topic.topic_arn: severity for severity, topic in self._topics.items()}),
            "ROUTES": _json([{"severities": sorted(route.severities), "sinks": list(route.sinks)} for route in routes]),
            "QUEUES": _json({name: queue.queue_url for name, queue in self.sink_queues.items()}),
        }.items():
            self.enricher.add_environment(name, value)
        # One at a time: no alert waits for the context of another.
        self.enricher.add_event_source(
            event_sources.SqsEventSource(self.queue, batch_size=1, report_batch_item_failures=True)
        )
        allow(
            self.enricher, "Deliveries", ["sqs:SendMessage"], [queue.queue_arn for queue in self.sink_queues.values()]
        )
        allow_state(self.enricher, table=self.state, encryption_key=self.encryption_key)
        allow_charts(_role(self.enricher), bucket=self.charts, action="s3:PutObject")
        allow_context(_role(self.enricher))

        self.dispatcher = alert_function(self, "Dispatcher", package="alert_dispatcher", log_retention=log_retention)
        settings = {
            sink.name: sink.bind(
                Construct(self, sink.name), dispatcher=self.dispatcher, encryption_key=self.encryption_key
            )
            for sink in sinks
        }
        for name, setting in settings.items():
            _checks.one_of(f"sinks[{name!r}]: type", setting["type"], _DELIVERABLE)
        refused = {sink.name: self._transport.dead_letter_queues[f"{_queue_id(sink)}Dead"] for sink in sinks}
        for name, value in {
            **shared,
            "SINKS": _json(settings),
            "DEAD_LETTERS": _json({name: queue.queue_url for name, queue in refused.items()}),
        }.items():
            self.dispatcher.add_environment(name, value)
        for queue in self.sink_queues.values():
            self.dispatcher.add_event_source(
                event_sources.SqsEventSource(queue, batch_size=1, report_batch_item_failures=True)
            )
        allow(self.dispatcher, "Refused", ["sqs:SendMessage"], [queue.queue_arn for queue in refused.values()])
        allow_state(self.dispatcher, table=self.state, encryption_key=self.encryption_key)
        allow_charts(_role(self.dispatcher), bucket=self.charts, action="s3:GetObject")

        self.dead_letter_alarm = self._watch_dead_letters(operators)

    @property
    def dead_letter_queues(self) -> Mapping[str, sqs.IQueue]:
        """Every dead-letter queue, by what it is for."""
        return self._transport.dead_letter_queues

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
            targets=[
                events_targets.SqsQueue(self.queue, dead_letter_queue=self._transport.dead_letter_queue("Undelivered"))
            ],
        )

    def route_endpoint_events(self, *, endpoint_names: Sequence[str]) -> events.Rule:
        """Pages when one of these SageMaker endpoints fails to be made, updated or rolled back; resolves when it serves again."""
        for name in endpoint_names:
            _checks.resource_name("endpoint_names", name)
        return self.route_events(
            "EndpointEvents",
            description="SageMaker endpoints that fail, and that serve again",
            pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Endpoint State Change"],
                detail={
                    "EndpointName": list(endpoint_names),
                    "EndpointStatus": [
                        "FAILED",
                        "OUT_OF_SERVICE",
                        "ROLLING_BACK",
                        "UPDATE_ROLLBACK_FAILED",
                        "IN_SERVICE",
                    ],
                },
            ),
        )

    def _watch_dead_letters(self, operators: Sequence[str]) -> cloudwatch.CfnAlarm:
        # Does not go through the routing: it is the routing that fails.
        fallback = self._transport.topic("Fallback", display_name="endpointwatch itself")
        for address in operators:
            fallback.add_subscription(subscriptions.EmailSubscription(address))
        counts = {
            f"q{number}": MetricSpec(
                namespace="AWS/SQS",
                name="ApproximateNumberOfMessagesVisible",
                dimensions={"QueueName": queue.queue_name},
                statistic="Maximum",
                label=name,
            )
            for number, (name, queue) in enumerate(self.dead_letter_queues.items())
        }
        return create_alarm(
            self,
            "DeadLetters",
            spec=AlarmSpec(
                signal="dead-letters",
                severity=Severity.CRITICAL,
                watches=MathSpec(expression=f"MAX([{', '.join(counts)}])", using=counts, label="dead letters"),
                threshold=0,
                unit="count",
                datapoints=1,
                periods=1,
                missing="notBreaching",
                summary="An alert could not be handled or delivered, and waits in a dead-letter queue.",
                first="look at the attribute `reason` of the messages, and at the log of the dispatcher.",
            ),
            name=None,
            action_arns=[fallback.topic_arn],
            tags={"endpointwatch:environment": self.environment},
            # Every new alarm becomes OK once: people who get mail straight from CloudWatch would be told so.
            tells_when_over=False,
        )


def _queue_id(sink: Sink) -> str:
    return f"Sink{sink.name.title().replace('-', '')}"


def _role(function: lambda_.Function) -> iam.Role:
    role = function.role
    assert isinstance(role, iam.Role)
    return role


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
