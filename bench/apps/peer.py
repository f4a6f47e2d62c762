"""With cdk-monitoring-constructs: 8 alarms and a dashboard of 4 graphs an endpoint."""

from aws_cdk import App, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from cdk_monitoring_constructs import (
    AlarmFactoryDefaults,
    CustomMetricGroup,
    CustomMetricWithAlarm,
    CustomThreshold,
    MonitoringFacade,
    SnsAlarmActionStrategy,
)

from bench.apps import ENDPOINTS, METRICS

app = App()
stack = Stack(app, "Stack")
topic = sns.Topic(stack, "Topic")
threshold = CustomThreshold(
    comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    threshold=1,
    evaluation_periods=5,
    datapoints_to_alarm=3,
    treat_missing_data_override=cloudwatch.TreatMissingData.NOT_BREACHING,
)
for number, name in enumerate(ENDPOINTS):
    dimensions = {"EndpointName": name, "VariantName": "AllTraffic"}
    alarmed = [
        CustomMetricWithAlarm(
            alarm_friendly_name=metric,
            metric=cloudwatch.Metric(namespace="AWS/SageMaker", metric_name=metric, dimensions_map=dimensions),
            add_alarm={"Critical": threshold},
        )
        for metric in METRICS
    ]
    MonitoringFacade(
        stack,
        f"Monitoring{number}",
        alarm_factory_defaults=AlarmFactoryDefaults(
            actions_enabled=True,
            alarm_name_prefix=name,
            action=SnsAlarmActionStrategy(on_alarm_topic=topic, on_ok_topic=topic),
        ),
    ).monitor_custom(
        alarm_friendly_name=name,
        human_readable_name=name,
        metric_groups=[
            CustomMetricGroup(title=f"Graph {row}", metrics=alarmed[2 * row : 2 * row + 2]) for row in range(4)
        ],
    )
app.synth()
