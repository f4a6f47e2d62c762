"""The endpoint: its status, what it runs on, and what was deployed last."""

from collections.abc import Mapping
from typing import Any

from alert_common.alert import Resource
from alert_common.context import Endpoint


def fetch(resource: Resource, sagemaker: Any) -> Endpoint:
    """Describe the endpoint, its configuration, and the model of the variant (the first where none is named)."""
    endpoint = sagemaker.describe_endpoint(EndpointName=resource.name)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    variants = config.get("ProductionVariants", [])
    variant = next((v for v in variants if v.get("VariantName") == resource.variant), variants[0] if variants else {})
    running: Mapping[str, Any] = next(
        (v for v in endpoint.get("ProductionVariants", []) if v.get("VariantName") == variant.get("VariantName")), {}
    )
    model = variant.get("ModelName", "")
    pending: Mapping[str, Any] = endpoint.get("PendingDeploymentSummary", {})
    return Endpoint(
        status=endpoint.get("EndpointStatus", ""),
        variants=tuple(v.get("VariantName", "") for v in variants),
        instance_type=variant.get("InstanceType", ""),
        instance_count=running.get("CurrentInstanceCount", variant.get("InitialInstanceCount")),
        config=endpoint["EndpointConfigName"],
        model=model,
        image=_image(sagemaker.describe_model(ModelName=model)) if model else "",
        created_at=endpoint.get("CreationTime"),
        modified_at=endpoint.get("LastModifiedTime"),
        config_created_at=config.get("CreationTime"),
        pending_config=pending.get("EndpointConfigName", ""),
        pending_since=pending.get("StartTime"),
    )


def _image(model: dict[str, Any]) -> str:
    containers = [model.get("PrimaryContainer", {}), *model.get("Containers", [])]
    return next((str(c["Image"]) for c in containers if c.get("Image")), "")
