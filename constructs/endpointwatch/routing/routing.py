"""From an alarm to a page: topics, the queue of alerts, the two functions, a queue for each sink."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from aws_cdk import Aws, Duration, RemovalPolicy
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

from constructs import Construct, IConstruct
from endpointwatch import _checks
from endpointwatch._buckets import private_bucket
from endpointwatch.routing.document import SettingsDocument
from endpointwatch.routing.events import endpoint_events, job_events
from endpointwatch.routing.functions import VENDORED, ZONES, alert_function
from endpointwatch.routing.heartbeat import Heartbeat
from endpointwatch.routing.outputs import Outputs
from endpointwatch.routing.permissions import allow, allow_charts, allow_context, allow_metrics, allow_state
from endpointwatch.routing.routes import Route, complete_routes
from endpointwatch.routing.sinks import Sink
from endpointwatch.routing.times import heartbeat_minutes, times
from endpointwatch.routing.transport import BATCHING_WINDOW, DELIVERY_ATTEMPTS, Transport
from endpointwatch.routing.watch import NAMESPACE, RoutingWatch
from endpointwatch.severity import Severity

ENRICHER_BATCH, DISPATCHER_BATCH = 10, 50


class AlertRouting(Construct):
    """Routes alarms to people: one topic a severity, enrichment, and a queue for each sink, so that a slow one delays no other.

    Args:
        environment: such as `prod`; part of every page.
        sinks: where pages can go; at least one.
        routes: who is told of what, in order; the first that matches decides. When left out, every sink gets its own
            `severities` (critical alerts PagerDuty and Slack, warnings Slack), and what only informs comes as an hourly digest by
            Slack and e-mail; what no sink asks for goes to those that wake nobody, else to what there is.
        group_window: alerts of one resource that fire within so long of its incident's newest one join that incident
            (1 minute up to 1 day).
        settle: how long all must be well until an incident is over; an alarm that fires again before is the same incident
            (0 up to 1 hour).
        remind: tells an incident again that stays open for so long (5 minutes up to 12 hours); never when left out.
        enrichment_deadline: how long a page waits for its context before it goes out with what is there (1 to 10 seconds).
        heartbeat: how often a heartbeat proves the whole way to each sink (1 to 60 minutes, whole ones); when three are missing
            in a row, the operators are told.
        encryption_key: encrypts topics, queues, the table and the charts; one is made when it is left out. An existing key must
            let CloudWatch and EventBridge use it, or alarms vanish without a trace; a key that this app owns is told so here.
        log_retention: how long the functions' logs are kept.
        operators: e-mail addresses of those who look after the routing itself; told, past the routing, when alerts could
            not be delivered or would not be (`routing/watch.py` says when).
        removal_policy: what becomes of the table and the charts when the stack is deleted; neither holds anything but the
            state of open alerts and pictures of the last month.

    Attributes:
        environment: what this routes for.
        encryption_key: the key.
        queue: the queue of alerts; EventBridge rules and other sources may write to it.
        enricher, dispatcher: the functions.
        sink_queues: the queue of each sink, by name.
        fallback: the topic that tells the operators when the routing itself fails.
        watch: the alarms on the routing itself.

    Raises:
        ValueError: no sink, two sinks of one name, a route to a sink that is not there, a severity that may find no route, or
            a time that is out of range.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: str,
        sinks: Sequence[Sink],
        routes: Sequence[Route] | None = None,
        group_window: Duration | timedelta = timedelta(minutes=30),
        settle: Duration | timedelta = timedelta(minutes=5),
        remind: Duration | timedelta | None = None,
        enrichment_deadline: Duration | timedelta = timedelta(seconds=3),
        heartbeat: Duration | timedelta = timedelta(minutes=5),
        encryption_key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
        operators: Sequence[str] = (),
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        super().__init__(scope, id)
        if encryption_key is not None and not hasattr(encryption_key, "key_arn"):
            raise TypeError(f"encryption_key: {encryption_key!r} is no key; give a kms.Key, or leave it out")
        self.environment = _checks.environment(environment)
        every = times(group_window, settle, remind, enrichment_deadline)
        minutes = heartbeat_minutes(heartbeat)
        routes = complete_routes(sinks, routes)
        _checks.addresses("operators", operators)

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
        self.sink_queues = {
            sink.name: self._transport.queue(_queue_id(sink), attempts=DELIVERY_ATTEMPTS) for sink in sinks
        }
        self._make_state(removal_policy)
        self._make_functions(sinks, routes, log_retention)
        self._settings = self._make_settings(sinks, routes, every)
        for function in (self.enricher, self.dispatcher):
            self._settings.give_to(function)
        Heartbeat(
            self,
            "Heartbeat",
            topic=self._topics[Severity.INFO],
            encryption_key=self.encryption_key,
            minutes=minutes,
        )
        # Does not go through the routing: it is the routing that fails.
        self.fallback = self._transport.topic("Fallback", display_name="endpointwatch itself")
        for address in operators:
            self.fallback.add_subscription(subscriptions.EmailSubscription(address))
        self.watch = self._watch(minutes)
        Outputs(
            self,
            values={
                "Environment": self.environment,
                "Settings": self._settings.names,
                "StateTable": self.state.table_name,
                "AlertsQueue": self.queue.queue_url,
                "AlertsDeadLetters": self.dead_letter_queues["AlertsDead"].queue_url,
                "Undelivered": self.dead_letter_queues["Undelivered"].queue_url,
                "EnricherLogs": self.enricher.log_group.log_group_name,
                "DispatcherLogs": self.dispatcher.log_group.log_group_name,
            },
        )

    def _make_state(self, removal_policy: RemovalPolicy) -> None:
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

    def _make_functions(
        self, sinks: Sequence[Sink], routes: Sequence[Route], log_retention: logs.RetentionDays
    ) -> None:
        has_hours = any(route.hours is not None for route in routes)
        self.enricher = alert_function(
            self,
            "Enricher",
            package="alert_enricher",
            log_retention=log_retention,
            vendored=(*VENDORED, ZONES) if has_hours else VENDORED,
        )
        self.dispatcher = alert_function(
            self,
            "Dispatcher",
            package="alert_dispatcher",
            log_retention=log_retention,
            modules=sorted({sink.code.resolve() for sink in sinks if sink.code is not None}),
        )
        for function in (self.enricher, self.dispatcher):
            function.add_environment("ENDPOINTWATCH_ENVIRONMENT", self.environment)
            function.add_environment("STATE_TABLE", self.state.table_name)
            function.add_environment("CHARTS_BUCKET", self.charts.bucket_name)
            allow_state(function, table=self.state, encryption_key=self.encryption_key)
        # Alerts of a batch are enriched side by side, so ten wait no longer than one does.
        self.enricher.add_event_source(
            event_sources.SqsEventSource(self.queue, batch_size=ENRICHER_BATCH, report_batch_item_failures=True)
        )
        # More than ten need a window. It buys one reading of the state for all, critical ones first across the batch, and a
        # backlog that shrinks to one message an incident.
        for queue in self.sink_queues.values():
            self.dispatcher.add_event_source(
                event_sources.SqsEventSource(
                    queue,
                    batch_size=DISPATCHER_BATCH,
                    max_batching_window=Duration.seconds(BATCHING_WINDOW),
                    report_batch_item_failures=True,
                )
            )
        deliveries = [queue.queue_arn for queue in self.sink_queues.values()]
        allow(self.enricher, "Deliveries", ["sqs:SendMessage"], deliveries)
        # Fallbacks, digests and reminders; and what a sink refuses for good.
        allow(self.dispatcher, "Deliveries", ["sqs:SendMessage"], deliveries)
        allow(self.dispatcher, "Refused", ["sqs:SendMessage"], [queue.queue_arn for queue in self._refused.values()])
        allow_charts(_role(self.enricher), bucket=self.charts, action="s3:PutObject")
        allow_charts(_role(self.dispatcher), bucket=self.charts, action="s3:GetObject")
        allow_context(_role(self.enricher))
        allow_metrics(_role(self.dispatcher), namespace=NAMESPACE)

    def _make_settings(
        self, sinks: Sequence[Sink], routes: Sequence[Route], every: Mapping[str, float]
    ) -> SettingsDocument:
        def document(sink: Sink) -> Mapping[str, Any]:
            return {
                "queue": self.sink_queues[sink.name].queue_url,
                "dead_letters": self._refused[sink.name].queue_url,
                "fallback": sink.fallback or "",
                "rate": sink.rate.document if sink.rate is not None else None,
                "settings": sink.bind(
                    Construct(self, sink.name), dispatcher=self.dispatcher, encryption_key=self.encryption_key
                ),
            }

        return SettingsDocument(
            self,
            "Settings",
            routes={
                "environment": self.environment,
                "topics": {topic.topic_arn: severity for severity, topic in self._topics.items()},
                "routes": [route.document for route in routes],
                **every,
            },
            sinks={sink.name: document(sink) for sink in sinks},
        )

    def read_cluster(self, id: str, *, cluster_name: str) -> IConstruct:
        """Lets pages tell of an EKS cluster's pods and nodes: an access entry for the enricher, which may view and nothing else.

        Nodes belong to no namespace, which AWS's view policy covers only: bind the group `endpointwatch` to a role that may list
        them (docs/deploying.md has the manifest), or pages tell the pods alone.

        Args:
            id: of the construct.
            cluster_name: a cluster of this account and region, with access entries enabled.
        """
        # Here, since this module of CDK takes a second to load, and few need it.
        from aws_cdk import aws_eks as eks  # noqa: PLC0415

        _checks.text("cluster_name", cluster_name, fix="give the cluster's name")
        view = f"arn:{Aws.PARTITION}:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
        return eks.CfnAccessEntry(
            self,
            id,
            cluster_name=cluster_name,
            principal_arn=_role(self.enricher).role_arn,
            kubernetes_groups=["endpointwatch"],
            access_policies=[
                eks.CfnAccessEntry.AccessPolicyProperty(
                    policy_arn=view, access_scope=eks.CfnAccessEntry.AccessScopeProperty(type="cluster")
                )
            ],
        )

    def _watch(self, minutes: int) -> RoutingWatch:
        watch = RoutingWatch(
            self, "Watch", environment=self.environment, table=self.state.table_name, topic=self.fallback
        )
        watch.dead_letters(self.dead_letter_queues)
        for name in self.sink_queues:
            watch.heartbeat(name, minutes=minutes)
        watch.functions({"Enricher": self.enricher, "Dispatcher": self.dispatcher})
        watch.oldest_alert(self.queue)
        watch.oldest_delivery(list(self.sink_queues))
        return watch

    @property
    def _refused(self) -> Mapping[str, sqs.IQueue]:
        """The dead-letter queue of each sink."""
        dead = self._transport.dead_letter_queues
        return {name: dead[f"{queue.node.id}Dead"] for name, queue in self.sink_queues.items()}

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
        return self.route_events(
            "EndpointEvents",
            description="SageMaker endpoints that fail, and that serve again",
            pattern=endpoint_events(endpoint_names),
        )

    def route_job_events(self, *, name_prefixes: Sequence[str]) -> events.Rule:
        """Tells when a SageMaker training job fails whose name begins with one of these; a job's failure has no end."""
        return self.route_events(
            "JobEvents", description="SageMaker training jobs that fail", pattern=job_events(name_prefixes)
        )


def _queue_id(sink: Sink) -> str:
    return f"Sink{sink.name.replace('-', '').capitalize()}"


def _role(function: lambda_.Function) -> iam.Role:
    role = function.role
    assert isinstance(role, iam.Role)
    return role
