"""The endpoint: its status, what it runs on, and what was deployed last."""

from collections.abc import Callable, Mapping
from typing import Any

from alert_common.alert import Resource
from alert_common.context import Endpoint, Missing
from alert_common.redact import redact
from alert_enricher.enrich.finding import Finding, reason


def fetch(resource: Resource, sagemaker: Any) -> Finding:
    """Describe the endpoint, its configuration, and the model of the variant (the first where none is named).

    A model is often deleted while its endpoint serves on, and a role may be denied it: what one call cannot tell
    leaves the rest as it is.
    """
    missing: list[Missing] = []

    def described(what: str, describe: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        try:
            return describe()
        except Exception as error:
            missing.append(Missing(what=what, why=reason(error)))
            return {}

    endpoint = sagemaker.describe_endpoint(EndpointName=resource.name)
    name = endpoint["EndpointConfigName"]
    config = described("endpoint configuration", lambda: sagemaker.describe_endpoint_config(EndpointConfigName=name))
    deployed = endpoint.get("ProductionVariants", [])
    variants = config.get("ProductionVariants", deployed)
    variant = next((v for v in variants if v.get("VariantName") == resource.variant), variants[0] if variants else {})
    running: Mapping[str, Any] = next((v for v in deployed if v.get("VariantName") == variant.get("VariantName")), {})
    model = variant.get("ModelName", "")
    pending: Mapping[str, Any] = endpoint.get("PendingDeploymentSummary", {})
    found = Endpoint(
        status=endpoint.get("EndpointStatus", ""),
        variants=tuple(v.get("VariantName", "") for v in variants),
        instance_type=variant.get("InstanceType", ""),
        instance_count=running.get("CurrentInstanceCount", variant.get("InitialInstanceCount")),
        config=name,
        model=model,
        image=_image(described("model", lambda: sagemaker.describe_model(ModelName=model))) if model else "",
        created_at=endpoint.get("CreationTime"),
        modified_at=endpoint.get("LastModifiedTime"),
        config_created_at=config.get("CreationTime"),
        pending_config=pending.get("EndpointConfigName", ""),
        pending_since=pending.get("StartTime"),
        failure=redact(endpoint.get("FailureReason", "")),
    )
    return Finding(values={"endpoint": found}, missing=tuple(missing))


def _image(model: Mapping[str, Any]) -> str:
    containers = [model.get("PrimaryContainer", {}), *model.get("Containers", [])]
    return next((str(c["Image"]) for c in containers if c.get("Image")), "")
