"""With endpointwatch: 8 alarms and a dashboard of 6 graphs an endpoint."""

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_sns as sns

from bench.apps import ENDPOINTS
from endpointwatch import AlarmOverride, AlertTopics, EndpointMonitoring, GpuEndpoint, Objectives, Signal

app = App()
stack = Stack(app, "Stack")
topic = sns.Topic(stack, "Topic")
for number, name in enumerate(ENDPOINTS):
    EndpointMonitoring(
        stack,
        f"Monitoring{number}",
        endpoint=GpuEndpoint.from_endpoint_attributes(
            stack, f"Endpoint{number}", endpoint_name=name, instance_type="ml.g5.xlarge"
        ),
        objectives=Objectives(latency_p99=Duration.millis(200)),
        alerts=AlertTopics(critical=topic, warning=topic),
        overrides=dict.fromkeys((Signal.DISK, Signal.MEMORY), AlarmOverride(enabled=False)),
    )
app.synth()
