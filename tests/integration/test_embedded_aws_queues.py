"""SQS in the embedded AWS publishes what waits in its queues, so that alarms on dead letters work."""

import time
from datetime import datetime, timedelta

from tests.integration.embedded_aws import embedded_aws, eventually


def test_a_message_that_waits_is_a_metric_and_an_alarm() -> None:
    """A message in a queue becomes AWS/SQS ApproximateNumberOfMessagesVisible, and an alarm on it fires."""
    with embedded_aws(speed=600) as aws:
        sqs, cloudwatch = aws.client("sqs"), aws.client("cloudwatch")
        url = sqs.create_queue(QueueName="dead")["QueueUrl"]
        cloudwatch.put_metric_alarm(
            AlarmName="dead-letters",
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": "dead"}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )

        def state() -> str:
            (alarm,) = cloudwatch.describe_alarms(AlarmNames=["dead-letters"])["MetricAlarms"]
            return str(alarm["StateValue"])

        eventually(lambda: state() == "OK")
        sqs.send_message(QueueUrl=url, MessageBody="refused")
        eventually(lambda: state() == "ALARM")


def test_the_age_of_the_oldest_message_is_a_metric() -> None:
    """ApproximateAgeOfOldestMessage grows while a message waits, in seconds of the wall clock, and is 0 for an empty queue."""
    with embedded_aws(speed=600) as aws:
        sqs, cloudwatch = aws.client("sqs"), aws.client("cloudwatch")
        url = sqs.create_queue(QueueName="waiting")["QueueUrl"]
        sqs.create_queue(QueueName="empty")
        sqs.send_message(QueueUrl=url, MessageBody="old")
        time.sleep(2)

        def oldest(name: str) -> float | None:
            now = datetime.fromisoformat(aws.page("health")["now"])
            points = cloudwatch.get_metric_statistics(
                Namespace="AWS/SQS",
                MetricName="ApproximateAgeOfOldestMessage",
                Dimensions=[{"Name": "QueueName", "Value": name}],
                StartTime=now - timedelta(hours=2),
                EndTime=now + timedelta(hours=1),
                Period=86_400,
                Statistics=["Maximum"],
            )["Datapoints"]
            return max((point["Maximum"] for point in points), default=None)

        assert eventually(lambda: (age := oldest("waiting")) is not None and age >= 2)
        age = oldest("waiting")
        assert age is not None
        assert age < 15
        assert oldest("empty") == 0
