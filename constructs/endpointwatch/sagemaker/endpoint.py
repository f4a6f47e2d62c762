"""A deep-learning endpoint on GPUs: declared here, or one that exists already."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker

from constructs import Construct
from endpointwatch import _checks
from endpointwatch._buckets import private_bucket
from endpointwatch.sagemaker.capture_role import CAPTURED, allow_capture
from endpointwatch.sagemaker.data_capture import DataCapture, MetricsConfig
from endpointwatch.sagemaker.endpoint_metrics import EndpointMetrics, required
from endpointwatch.sagemaker.instance_types import InstanceShape, has_ebs_volume, shape_of
from endpointwatch.sagemaker.model_role import model_role

DEFAULT_VARIANT = "AllTraffic"


class WatchedEndpoint(Construct):
    """One production variant of an endpoint, and its metrics; what `EndpointMonitoring` takes.

    Attributes:
        endpoint_name: may be a CDK token.
        variant_name: may be a CDK token.
        metrics: the same metrics as plain values, for alarms and dashboards that are built without jsii.
    """

    endpoint_name: str
    variant_name: str
    metrics: EndpointMetrics

    def _watch(
        self, *, endpoint_name: str, variant_name: str, shape: InstanceShape | None, metrics_config: MetricsConfig
    ) -> None:
        self.endpoint_name = endpoint_name
        self.variant_name = variant_name
        self.metrics = EndpointMetrics(
            endpoint_name=endpoint_name,
            variant_name=variant_name,
            shape=shape,
            # Alarms look at whole minutes, also where metrics come more often.
            instance_period=max(60, metrics_config.publish_frequency_seconds),
        )

    def metric_invocations(self) -> cloudwatch.IMetric:
        """Requests a minute (count, sum)."""
        return self.metrics.invocations().to_metric()

    def metric_client_error_ratio(self) -> cloudwatch.IMetric:
        """Share of requests that the model answered with 4XX (0 to 1)."""
        return self.metrics.client_error_ratio().to_metric()

    def metric_failure_ratio(self, *, least_failures: int = 1) -> cloudwatch.IMetric:
        """Share of requests that failed on our side (0 to 1); 0 in a minute with fewer than `least_failures` of them."""
        return self.metrics.failure_ratio(least_failures=least_failures).to_metric()

    def metric_model_latency(self, statistic: str = "p99") -> cloudwatch.IMetric:
        """Time that the model took (MICROSECONDS)."""
        return self.metrics.model_latency(statistic).to_metric()

    def metric_overhead_latency(self, statistic: str = "Average") -> cloudwatch.IMetric:
        """Time that SageMaker added (MICROSECONDS)."""
        return self.metrics.overhead_latency(statistic).to_metric()

    def metric_cpu_utilization(self) -> cloudwatch.IMetric:
        """Busy share of all cores (percent, 0 to 100)."""
        return required(self.metrics.cpu(), metric="metric_cpu_utilization").to_metric()

    def metric_gpu_utilization(self) -> cloudwatch.IMetric:
        """Busy share of all GPUs (percent, 0 to 100)."""
        return required(self.metrics.gpu(), metric="metric_gpu_utilization").to_metric()

    def metric_gpu_memory_utilization(self) -> cloudwatch.IMetric:
        """Used share of all GPUs' memory (percent, 0 to 100)."""
        return required(self.metrics.gpu_memory(), metric="metric_gpu_memory_utilization").to_metric()

    def metric_gpu_while_busy(self, *, busy: float = 0.2) -> cloudwatch.IMetric:
        """GPU work while the model is busy for at least a share `busy` of the time, else 100 (percent of one GPU)."""
        return self.metrics.gpu_while_busy(busy=busy).to_metric()

    def metric_memory_utilization(self) -> cloudwatch.IMetric:
        """Used memory of the instance (percent, 0 to 100)."""
        return self.metrics.memory().to_metric()

    def metric_disk_utilization(self) -> cloudwatch.IMetric:
        """Used disk of the instance (percent, 0 to 100)."""
        return self.metrics.disk().to_metric()


class GpuEndpoint(WatchedEndpoint):
    """A model served by SageMaker on GPU instances: model, endpoint configuration, endpoint, capture of inputs and outputs.

    The model and the endpoint configuration are unnamed, so that a change replaces them and rolls the endpoint over.

    Args:
        image: URI of the serving image in ECR.
        instance_type: such as `ml.g5.xlarge`.
        endpoint_name: what clients call; CloudFormation chooses one when it is left out.
        variant_name: name of the only production variant.
        model_data_url: `s3://` URL of the model archive; None when the image carries its weights.
        environment: environment of the container; no secrets, SageMaker shows it in clear.
        role: the container's role; one with least privilege is made when it is left out.
        repository: repository of `image`, when its URI does not name one.
        instance_count: how many instances to run; with `autoscaled`, how many to start with.
        autoscaled: whether something else changes the count of instances. Updates then keep what it is, and a changed
            `instance_count` has no effect.
        instance_shape: cores and GPUs of `instance_type`, for types that endpointwatch does not know.
        data_capture: what of inputs and outputs is kept; None keeps nothing.
        metrics_config: what SageMaker publishes.
        encryption_key: encrypts the instances' volumes and what is captured; one is made when it is left out.
        network_isolation: whether the container is cut off from the network.
        removal_policy: what becomes of captured data when the stack is deleted; kept by default.

    Raises:
        ValueError: a setting is out of range; the message names the field, the value and the fix.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        image: str,
        instance_type: str,
        endpoint_name: str | None = None,
        variant_name: str = DEFAULT_VARIANT,
        model_data_url: str | None = None,
        environment: Mapping[str, str] | None = None,
        role: iam.IRole | None = None,
        repository: ecr.IRepository | None = None,
        instance_count: int = 1,
        autoscaled: bool = False,
        instance_shape: InstanceShape | None = None,
        data_capture: DataCapture | None = DataCapture(),
        metrics_config: MetricsConfig = MetricsConfig(),
        encryption_key: kms.IKey | None = None,
        network_isolation: bool = False,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id)
        shape = instance_shape or shape_of(instance_type)
        if shape.gpus == 0:
            raise ValueError(f"instance_type: {instance_type!r} has no GPU; choose an ml.g* or ml.p* type")
        _checks.text("image", image, fix="give the URI of an image in ECR")
        _checks.resource_name("variant_name", variant_name)
        _checks.whole("instance_count", instance_count, low=1, high=1000, fix="give the number of instances")
        if endpoint_name is not None:
            _checks.resource_name("endpoint_name", endpoint_name)
        if data_capture is not None:
            _checks.instance("data_capture", data_capture, DataCapture, fix="write DataCapture(...), or None")
        _checks.instance("metrics_config", metrics_config, MetricsConfig, fix="write MetricsConfig(...)")
        for name, value in (environment or {}).items():
            _checks.instance(f"environment[{name!r}]", value, str, fix="give a string")
        if model_data_url is not None:
            _checks.s3_url("model_data_url", model_data_url)

        self.role = role or model_role(self, "Role", image=image, repository=repository, model_data_url=model_data_url)
        self.encryption_key = encryption_key or kms.Key(
            self,
            "Key",
            description="What a model endpoint keeps",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        self.capture_bucket: s3.Bucket | None = None
        if data_capture is not None:
            self.capture_bucket = private_bucket(
                self,
                "Captured",
                encryption_key=self.encryption_key,
                expire_after_days=data_capture.expire_after_days,
                removal_policy=removal_policy,
                no_access_logs="written by SageMaker only; turn on CloudTrail data events where reads must be audited",
            )
            allow_capture(self.role, bucket=self.capture_bucket, encryption_key=self.encryption_key)

        self.model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=self.role.role_arn,
            enable_network_isolation=network_isolation,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=image, model_data_url=model_data_url, environment=dict(environment or {})
            ),
        )
        # SageMaker checks the role's permissions when the model is made, not when they are used.
        self.model.node.add_dependency(self.role)
        self.endpoint_config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            kms_key_id=self.encryption_key.key_arn if has_ebs_volume(instance_type) else None,
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=variant_name,
                    model_name=self.model.attr_model_name,
                    instance_type=instance_type,
                    initial_instance_count=instance_count,
                    initial_variant_weight=1,
                )
            ],
            metrics_config=sagemaker.CfnEndpointConfig.MetricsConfigProperty(
                enable_detailed_observability=metrics_config.detailed_observability,
                enable_enhanced_metrics=metrics_config.enhanced_metrics,
                metric_publish_frequency_in_seconds=metrics_config.publish_frequency_seconds,
            ),
            data_capture_config=self._data_capture_config(data_capture) if data_capture else None,
        )
        self.endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=endpoint_name,
            endpoint_config_name=self.endpoint_config.attr_endpoint_config_name,
            retain_all_variant_properties=autoscaled,
        )
        self._watch(
            endpoint_name=endpoint_name or self.endpoint.attr_endpoint_name,
            variant_name=variant_name,
            shape=shape,
            metrics_config=metrics_config,
        )

    def _data_capture_config(self, capture: DataCapture) -> sagemaker.CfnEndpointConfig.DataCaptureConfigProperty:
        assert self.capture_bucket is not None
        config = sagemaker.CfnEndpointConfig
        return config.DataCaptureConfigProperty(
            enable_capture=True,
            initial_sampling_percentage=capture.sampling_percentage,
            destination_s3_uri=self.capture_bucket.s3_url_for_object(CAPTURED),
            kms_key_id=self.encryption_key.key_arn,
            capture_options=[config.CaptureOptionProperty(capture_mode=mode) for mode in capture.captured],
            capture_content_type_header=config.CaptureContentTypeHeaderProperty(
                csv_content_types=list(capture.csv_content_types),
                json_content_types=list(capture.json_content_types),
            ),
        )

    @staticmethod
    def from_endpoint_attributes(
        scope: Construct,
        id: str,
        *,
        endpoint_name: str,
        variant_name: str = DEFAULT_VARIANT,
        instance_type: str | None = None,
        instance_shape: InstanceShape | None = None,
        metrics_config: MetricsConfig = MetricsConfig(),
    ) -> WatchedEndpoint:
        """An endpoint that exists already, whoever deployed it; declares no resource.

        Args:
            scope: where the construct goes.
            id: its id.
            endpoint_name: may be a CDK token, such as a CloudFormation parameter.
            variant_name: the production variant to watch.
            instance_type: such as `ml.g5.xlarge`. Left out, whatever needs the count of cores or GPUs cannot be watched, and
                the synthesized app says so.
            instance_shape: cores and GPUs of `instance_type`, for types that endpointwatch does not know; wins over it.
            metrics_config: what SageMaker publishes; its frequency is the period of alarms on the instances.
        """
        return _ExistingEndpoint(
            scope,
            id,
            endpoint_name=endpoint_name,
            variant_name=variant_name,
            shape=instance_shape or (shape_of(instance_type) if instance_type is not None else None),
            metrics_config=metrics_config,
        )


class _ExistingEndpoint(WatchedEndpoint):
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        endpoint_name: str,
        variant_name: str,
        shape: InstanceShape | None,
        metrics_config: MetricsConfig,
    ) -> None:
        super().__init__(scope, id)
        self._watch(
            endpoint_name=_checks.resource_name("endpoint_name", endpoint_name),
            variant_name=_checks.resource_name("variant_name", variant_name),
            shape=shape,
            metrics_config=metrics_config,
        )
