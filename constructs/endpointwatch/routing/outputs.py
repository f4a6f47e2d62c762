"""What the command `endpointwatch` finds a routing by: outputs of its stack."""

from collections.abc import Mapping

from aws_cdk import Aws, CfnOutput

from constructs import Construct

PREFIX = "Endpointwatch"
"""Every such output has this and its name in its key, after whatever the routing is called."""


class Outputs(Construct):
    """Outputs of the stack that has the routing.

    Args:
        values: by name; `endpointwatch.cli.routing` reads them.
    """

    def __init__(self, scope: Construct, *, values: Mapping[str, str]) -> None:
        super().__init__(scope, PREFIX)
        for name, value in values.items():
            CfnOutput(self, name, value=value)
        CfnOutput(
            self,
            "TryIt",
            value=f"endpointwatch send-test-alert --severity critical --stack {Aws.STACK_NAME} --region {Aws.REGION}",
            description="Sends an alert the whole way, says which sink took it, and ends it",
        )
