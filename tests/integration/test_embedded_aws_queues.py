"""SQS in the embedded AWS publishes what waits in its queues, so that alarms on dead letters work."""

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
