"""With raw L1s: 8 alarms and a dashboard of 4 graphs an endpoint."""

import json

from aws_cdk import App, CfnTag, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns

from bench.apps import ENDPOINTS, METRICS

app = App()
stack = Stack(app, "Stack")
topic = sns.CfnTopic(stack, "Topic")
for number, name in enumerate(ENDPOINTS):
    dimensions = {"EndpointName": name, "VariantName": "AllTraffic"}
    for metric in METRICS:
        cloudwatch.CfnAlarm(
            stack,
            f"{metric}{number}",
            alarm_name=f"{name}/{metric}",
            alarm_description=f"{metric} of {name}",
            namespace="AWS/SageMaker",
            metric_name=metric,
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(name=key, value=value) for key, value in dimensions.items()
            ],
            statistic="Average",
            period=60,
            evaluation_periods=5,
            datapoints_to_alarm=3,
            threshold=1,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[topic.ref],
            ok_actions=[topic.ref],
            tags=[CfnTag(key="endpoint", value=name), CfnTag(key="severity", value="critical")],
        )
    cloudwatch.CfnDashboard(
        stack,
        f"Dashboard{number}",
        dashboard_name=name,
        dashboard_body=json.dumps(
            {
                "widgets": [
                    {
                        "type": "metric",
                        "x": 0,
                        "y": 6 * row,
                        "width": 24,
                        "height": 6,
                        "properties": {
                            "region": "us-east-1",
                            "metrics": [
                                ["AWS/SageMaker", metric, "EndpointName", name, "VariantName", "AllTraffic"]
                                for metric in METRICS[2 * row : 2 * row + 2]
                            ],
                        },
                    }
                    for row in range(4)
                ]
            }
        ),
    )
app.synth()
