"""Who watches the watcher: alarms on the routing itself, on a topic that it does not feed on.

They tell `Fallback`, past the queues and functions that they watch. Their thresholds:

- **dead letters**: any. Each is an alert that somebody was not told.
- **heartbeat of each sink**: none in the time of three. One may be late by a retry (a message is tried again after three
  minutes); of three in a row none is noise. Minutes are counted and not intervals: CloudWatch alarms on missing data only when
  all of its evaluation range is empty, which is some periods longer, and with periods of five minutes makes 25 out of 15. Alarms
  of their own, not one expression: whether a metric without any datapoint is nothing in metric math, also to FILL, is not
  documented, and one sink that never worked must not hide behind those that do.
- **functions**: errors or throttles in three of ten minutes. What crashes a function comes back every three minutes (six times
  its time-out, AWS's advice for queues), so three tell a crash that stays from one that its retry has healed. A delivery that a
  sink refuses is no error of the function.
- **oldest alert**: 15 minutes old. Nothing waits in the queue of alerts, but for a minute behind another change of the same alarm.

- **oldest delivery**: 15 minutes old. The dispatcher itself says for how long what is due has not got through, whether the sink
  fails or its rate limit holds a storm back. SQS's own age of a sink's queue says nothing: some messages wait for an end to
  settle, for a digest or a reminder to be due, and SQS leaves out what was received three times. Where nobody takes deliveries up
  at all, three heartbeats are missing: they lie in the same queues.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from constructs import Construct
from endpointwatch.alarms.alarm import create_alarm
from endpointwatch.alarms.spec import AlarmSpec
from endpointwatch.metrics import MathSpec, MetricSpec
from endpointwatch.severity import Severity

NAMESPACE = "endpointwatch"
"""Of the dispatcher's own metrics."""
MISSED = 3
"""Heartbeats in a row."""
OLD_MINUTES = 15


class RoutingWatch(Construct):
    """Alarms on the routing itself.

    Args:
        environment: what the routing is for.
        table: name of its table, which tells two routings of an environment apart.
        topic: whom they tell.

    Attributes:
        alarms: all of them, by what they watch.
    """

    def __init__(self, scope: Construct, id: str, *, environment: str, table: str, topic: sns.ITopic) -> None:
        super().__init__(scope, id)
        self._table = table
        self._environment = environment
        self._topic = topic
        self.alarms: dict[str, cloudwatch.CfnAlarm] = {}

    def dead_letters(self, queues: Mapping[str, sqs.IQueue]) -> None:
        """An alarm when any of these holds a message."""
        counts = _visible(queues)
        self._alarm(
            "DeadLetters",
            AlarmSpec(
                severity=Severity.CRITICAL,
                signal="dead-letters",
                watches=MathSpec(expression=f"MAX([{', '.join(counts)}])", using=counts, label="dead letters"),
                threshold=0,
                unit="count",
                datapoints=1,
                periods=1,
                missing="notBreaching",
                summary="An alert could not be handled or delivered, and waits in a dead-letter queue.",
                first="look at the attribute `reason` of the messages with `endpointwatch redrive --dry-run`; after a fix "
                "`endpointwatch redrive` puts them back.",
            ),
        )

    def heartbeat(self, sink: str, *, minutes: int) -> None:
        """An alarm when heartbeats, sent every so many minutes, do not get through to a sink."""
        self._alarm(
            f"Heartbeat{sink.title().replace('-', '')}",
            AlarmSpec(
                severity=Severity.CRITICAL,
                signal="heartbeat",
                watches=MetricSpec(
                    namespace=NAMESPACE,
                    name="Heartbeats",
                    dimensions={"Environment": self._environment, "Routing": self._table, "Sink": sink},
                    statistic="Sum",
                    label=sink,
                ),
                comparison="LessThanThreshold",
                threshold=1,
                unit="count",
                datapoints=MISSED * minutes,
                periods=MISSED * minutes,
                missing="breaching",
                # A new deployment has sent none yet; one interval more, since the schedule starts at any moment of the first.
                warm_up_minutes=(MISSED + 1) * minutes,
                summary=f"Heartbeats do not get through to {sink}: neither would an alert.",
                first="look at the log of the dispatcher, then of the enricher; `endpointwatch send-test-alert` tries the way.",
            ),
        )

    def functions(self, functions: Mapping[str, lambda_.IFunction]) -> None:
        """An alarm when any of these keeps failing, or is throttled."""
        counts = {
            f"{name.lower()}_{what.lower()}": MetricSpec(
                namespace="AWS/Lambda",
                name=what,
                dimensions={"FunctionName": function.function_name},
                statistic="Sum",
                label=f"{name} {what}",
            )
            for name, function in functions.items()
            for what in ("Errors", "Throttles")
        }
        self._alarm(
            "Functions",
            AlarmSpec(
                severity=Severity.CRITICAL,
                signal="functions",
                watches=MathSpec(
                    expression=f"SUM([{', '.join(counts)}])", using=counts, label="failed or throttled invocations"
                ),
                threshold=0,
                unit="count",
                datapoints=3,
                periods=10,
                missing="notBreaching",
                summary="A function of the routing crashes, runs out of time or is throttled: alerts wait.",
                first="look at the functions' logs; when throttled, at the account's concurrency of Lambda.",
            ),
        )

    def oldest_alert(self, queue: sqs.IQueue) -> None:
        """An alarm when a message in the queue of alerts is old."""
        self._alarm(
            "OldestAlert",
            AlarmSpec(
                severity=Severity.CRITICAL,
                signal="oldest-alert",
                watches=_queue_metric("ApproximateAgeOfOldestMessage", queue, label="oldest alert"),
                threshold=60 * OLD_MINUTES,
                unit="seconds",
                datapoints=1,
                periods=1,
                missing="notBreaching",
                summary=f"An alert has not been looked at for {OLD_MINUTES} minutes.",
                first="look at the log of the enricher, and whether its event source mapping is enabled.",
            ),
        )

    def oldest_delivery(self, sinks: Sequence[str]) -> None:
        """An alarm when something that one of these sinks should have been told is old."""
        ages = {
            f"s{number}": MetricSpec(
                namespace=NAMESPACE,
                name="OldestDelivery",
                dimensions={"Environment": self._environment, "Routing": self._table, "Sink": sink},
                statistic="Maximum",
                label=sink,
            )
            for number, sink in enumerate(sinks)
        }
        self._alarm(
            "OldestDelivery",
            AlarmSpec(
                severity=Severity.CRITICAL,
                signal="oldest-delivery",
                watches=MathSpec(expression=f"MAX([{', '.join(ages)}])", using=ages, label="oldest delivery"),
                threshold=60 * OLD_MINUTES,
                unit="seconds",
                datapoints=1,
                periods=1,
                missing="notBreaching",
                summary=f"A sink has not taken for {OLD_MINUTES} minutes what it should have been told.",
                first="look at the log of the dispatcher: it names the sink, and why it does not take it.",
            ),
        )

    def _alarm(self, id: str, spec: AlarmSpec) -> None:
        self.alarms[id] = create_alarm(
            self,
            id,
            spec=spec,
            name=None,
            action_arns=[self._topic.topic_arn],
            tags={"endpointwatch:environment": self._environment},
            # Every new alarm becomes OK once: people who get mail straight from CloudWatch would be told so.
            tells_when_over=False,
        )


def _visible(queues: Mapping[str, sqs.IQueue]) -> Mapping[str, MetricSpec]:
    return {
        f"q{number}": _queue_metric("ApproximateNumberOfMessagesVisible", queue, label=name)
        for number, (name, queue) in enumerate(queues.items())
    }


def _queue_metric(name: str, queue: sqs.IQueue, *, label: str) -> MetricSpec:
    return MetricSpec(
        namespace="AWS/SQS", name=name, dimensions={"QueueName": queue.queue_name}, statistic="Maximum", label=label
    )
