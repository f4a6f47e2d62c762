"""The stack of one endpoint and of what watches it."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ecr as ecr

from constructs import Construct
from endpointwatch import AlertTargets, EndpointMonitoring, GpuEndpoint, WatchedEndpoint
from stacks.environments import Endpoint, Environment
from stacks.tags import tag


class ServingStack(Stack):
    """An endpoint, declared here or watched only, with its alarms and its dashboard.

    Attributes:
        endpoint: the endpoint.
        monitoring: what watches it.
    """

    def __init__(
        self, scope: Construct, id: str, *, endpoint: Endpoint, environment: Environment, alerts: AlertTargets
    ) -> None:
        super().__init__(
            scope,
            id,
            description=f"endpointwatch: {endpoint.name} in {environment.name}, and what watches it",
            termination_protection=environment.termination_protection,
        )
        self.endpoint = self._endpoint(endpoint, environment)
        self.monitoring = EndpointMonitoring(
            self,
            "Monitoring",
            endpoint=self.endpoint,
            objectives=endpoint.objectives,
            alerts=alerts,
            ownership=environment.ownership,
        )
        CfnOutput(self, "EndpointName", value=self.endpoint.endpoint_name, description="What clients call")
        tag(self, environment)

    def _endpoint(self, endpoint: Endpoint, environment: Environment) -> WatchedEndpoint:
        model = endpoint.model
        if model is None:
            return GpuEndpoint.from_endpoint_attributes(
                self, "Endpoint", endpoint_name=endpoint.name, instance_type=endpoint.instance_type
            )
        repository = ecr.Repository.from_repository_name(self, "Images", model.repository)
        return GpuEndpoint(
            self,
            "Endpoint",
            endpoint_name=endpoint.name,
            image=repository.repository_uri_for_tag(model.tag),
            repository=repository,
            instance_type=endpoint.instance_type,
            instance_count=endpoint.instance_count,
            model_data_url=model.data_url,
            environment=model.variables,
            data_capture=endpoint.data_capture,
            removal_policy=environment.removal_policy,
        )
