"""Watch an endpoint that already runs: alarms, a dashboard, and pages in Slack."""

from aws_cdk import App, Duration, Stack
from aws_cdk.aws_secretsmanager import Secret

from endpointwatch import AlertRouting, EndpointMonitoring, GpuEndpoint, Objectives, Slack

app = App()
stack = Stack(app, "WatchRanker")
token = Secret.from_secret_name_v2(stack, "Token", "slack-bot-token")
alerts = AlertRouting(stack, "Alerts", environment="prod", sinks=[Slack(bot_token=token, channel="C0123456789")])
ranker = GpuEndpoint.from_endpoint_attributes(stack, "Ranker", endpoint_name="ranker", instance_type="ml.g5.xlarge")
objectives = Objectives(latency_p99=Duration.millis(200), availability=0.999)
EndpointMonitoring(stack, "Watch", endpoint=ranker, objectives=objectives, alerts=alerts)
app.synth()
