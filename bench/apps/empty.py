"""One empty stack: what starting jsii and synthesizing costs."""

from aws_cdk import App, Stack

app = App()
Stack(app, "Stack")
app.synth()
