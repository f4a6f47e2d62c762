"""The stack of one endpoint and of what watches it."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ecr as ecr

from constructs import Construct
from endpointwatch import AlertTargets, EndpointMonitoring, GpuEndpoint, WatchedEndpoint
from stacks.environments import Endpoint, Environment, Model
from stacks.tags import tag


class ServingStack(Stack):
    """An endpoint, declared here or watched only, with its alarms and its dashboard.

    Attributes:
        endpoint: the endpoint.
        monitoring: what watches it.
    """

    def __init__(self, scope: Construct, id: str, *, environment: Environment, alerts: AlertTargets) -> None:
        super().__init__(
            scope,
            id,
            description=f"endpointwatch: {environment.endpoint.name} in {environment.name}, and what watches it",
            termination_protection=environment.termination_protection,
        )
        self.endpoint = self._endpoint(environment)
        self.monitoring = EndpointMonitoring(
            self,
            "Monitoring",
            endpoint=self.endpoint,
            objectives=environment.objectives,
            alerts=alerts,
            environment=environment.name,
            ownership=environment.ownership,
        )
        CfnOutput(self, "EndpointName", value=self.endpoint.endpoint_name, description="What clients call")
        tag(self, environment)

    def _endpoint(self, environment: Environment) -> WatchedEndpoint:
        settings = environment.endpoint
        if settings.model is None:
            return GpuEndpoint.from_endpoint_attributes(
                self, "Endpoint", endpoint_name=settings.name, instance_type=settings.instance_type
            )
        return self._served(settings, settings.model, environment)

    def _served(self, settings: Endpoint, model: Model, environment: Environment) -> GpuEndpoint:
        repository = ecr.Repository.from_repository_name(self, "Images", model.repository)
        return GpuEndpoint(
            self,
            "Endpoint",
            endpoint_name=settings.name,
            image=repository.repository_uri_for_tag(model.tag),
            repository=repository,
            instance_type=settings.instance_type,
            instance_count=settings.instance_count,
            model_data_url=model.data_url,
            environment=model.variables,
            data_capture=settings.data_capture,
            removal_policy=environment.removal_policy,
        )
