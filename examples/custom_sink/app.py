"""Send alerts to Opsgenie: a sink of one's own, in a module beside this file."""

from pathlib import Path

from aws_cdk import App, Duration, Stack
from aws_cdk.aws_secretsmanager import Secret

from endpointwatch import AlertRouting, CustomSink, EndpointMonitoring, GpuEndpoint, Objectives, Rate

app = App()
stack = Stack(app, "WatchRanker")
opsgenie = CustomSink(
    name="opsgenie",
    code=Path(__file__).parent / "opsgenie.py",
    handler="opsgenie:Opsgenie",
    secret=Secret.from_secret_name_v2(stack, "Key", "opsgenie-integration-key"),
    settings={"api_url": "https://api.opsgenie.com/v2/alerts"},
    rate=Rate(messages=10, per=Duration.seconds(1), burst=10),
)
alerts = AlertRouting(stack, "Alerts", environment="prod", sinks=[opsgenie])
ranker = GpuEndpoint.from_endpoint_attributes(stack, "Ranker", endpoint_name="ranker", instance_type="ml.g5.xlarge")
objectives = Objectives(latency_p99=Duration.millis(200), availability=0.999)
EndpointMonitoring(stack, "Watch", endpoint=ranker, objectives=objectives, alerts=alerts)
app.synth()
