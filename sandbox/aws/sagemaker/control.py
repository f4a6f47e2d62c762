"""SageMaker's control plane: models, endpoint configs, endpoints and their tags."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.sagemaker.endpoint import Endpoint, PutEvent
from sandbox.aws.sagemaker.errors import ServiceError, invalid
from sandbox.aws.sagemaker.fleet import VariantPlan
from sandbox.aws.sagemaker.logs import LogWriter
from sandbox.aws.sagemaker.requests import checked
from sandbox.clock import Clock

_ARN_PREFIX = "arn:aws:sagemaker:us-east-1:000000000000"
_PAGE = 100

Record = dict[str, Any]
Trail = Callable[[str, Mapping[str, Any], str], None]


class ControlPlane:
    """The state of SageMaker in one account and region, and the operations on it.

    Args:
        clock: stamps what is created and changed.
        logs: takes the containers' output.
        put_event: takes state changes.
        on_deleted: called with an endpoint that is gone.
        trail: called with each call that succeeded: operation, request, who called.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        logs: LogWriter,
        put_event: PutEvent,
        on_deleted: Callable[[Endpoint], None],
        trail: Trail,
    ) -> None:
        self._clock = clock
        self._logs = logs
        self._put_event = put_event
        self._on_deleted = on_deleted
        self._trail = trail
        self._lock = threading.RLock()
        self._models: dict[str, Record] = {}
        self._configs: dict[str, Record] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self._operations: dict[str, Callable[[Record], Record]] = {
            "CreateModel": self._create_model,
            "DescribeModel": lambda request: self._found_model(request["ModelName"]),
            "ListModels": lambda request: self._listed("Model", self._models, request),
            "DeleteModel": self._delete_model,
            "CreateEndpointConfig": self._create_config,
            "DescribeEndpointConfig": lambda request: self.config(request["EndpointConfigName"]),
            "ListEndpointConfigs": lambda request: self._listed("EndpointConfig", self._configs, request),
            "DeleteEndpointConfig": self._delete_config,
            "CreateEndpoint": self._create_endpoint,
            "DescribeEndpoint": lambda request: self._described(self.endpoint(request["EndpointName"])),
            "ListEndpoints": self._list_endpoints,
            "UpdateEndpoint": self._update_endpoint,
            "UpdateEndpointWeightsAndCapacities": self._reweigh,
            "DeleteEndpoint": self._delete_endpoint,
            "AddTags": self._add_tags,
            "ListTags": lambda request: {"Tags": _tag_list(self._tags.get(request["ResourceArn"], {}))},
            "DeleteTags": self._delete_tags,
        }

    def call(self, operation: str, request: Mapping[str, Any], *, who: str) -> Record:
        """Run an operation with a request in the API's shape, and return its response in that shape.

        Raises:
            ServiceError: the error that the API would answer; `NotImplemented` for an operation that is not here.
        """
        run = self._operations.get(operation)
        if run is None:
            offered = ", ".join(sorted(self._operations))
            raise ServiceError(
                "NotImplemented", f"SageMaker {operation}: the sandbox does not have it; it has {offered}", status=501
            )
        known = checked(operation, request)
        with self._lock:
            answer = run(dict(known))
        self._trail(operation, known, who)
        return answer

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name.

        Raises:
            ServiceError: there is none.
        """
        try:
            return self._endpoints[name]
        except KeyError:
            raise invalid(f'Could not find endpoint "{_arn("endpoint", name)}".') from None

    def endpoints(self) -> list[Endpoint]:
        """Every endpoint."""
        return list(self._endpoints.values())

    def config(self, name: str) -> Record:
        """The endpoint config of that name, as `DescribeEndpointConfig` answers.

        Raises:
            ServiceError: there is none.
        """
        try:
            return self._configs[name]
        except KeyError:
            raise invalid(f'Could not find endpoint configuration "{_arn("endpoint-config", name)}".') from None

    def _create_model(self, request: Record) -> Record:
        return self._created("Model", "model", self._models, request)

    def _create_config(self, request: Record) -> Record:
        for variant in request["ProductionVariants"]:
            if "ModelName" in variant:
                self._found_model(variant["ModelName"])
        return self._created("EndpointConfig", "endpoint-config", self._configs, request)

    def _created(self, kind: str, resource: str, records: dict[str, Record], request: Record) -> Record:
        name = request[f"{kind}Name"]
        arn = _arn(resource, name)
        if name in records:
            raise invalid(f'Cannot create already existing {resource.replace("-", " ")} "{arn}".')
        self._tags[arn] = _tag_map(request.pop("Tags", []))
        records[name] = {**request, f"{kind}Arn": arn, "CreationTime": self._clock.now()}
        return {f"{kind}Arn": arn}

    def _found_model(self, name: str) -> Record:
        try:
            return self._models[name]
        except KeyError:
            raise invalid(f'Could not find model "{_arn("model", name)}".') from None

    def _delete_model(self, request: Record) -> Record:
        self._tags.pop(self._found_model(request["ModelName"])["ModelArn"], None)
        del self._models[request["ModelName"]]
        return {}

    def _delete_config(self, request: Record) -> Record:
        name = request["EndpointConfigName"]
        self._tags.pop(self.config(name)["EndpointConfigArn"], None)
        del self._configs[name]
        return {}

    def _create_endpoint(self, request: Record) -> Record:
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        arn = _arn("endpoint", name)
        if name in self._endpoints:
            raise invalid(f'Cannot create already existing endpoint "{arn}".')
        plans = self._plans(config_name)
        tags = self._tags[arn] = _tag_map(request.get("Tags", []))
        endpoint = self._endpoints[name] = Endpoint(
            name=name,
            arn=arn,
            config_name=config_name,
            tags=tags,
            clock=self._clock,
            logs=self._logs,
            put_event=self._put_event,
        )
        endpoint.create(plans)
        return {"EndpointArn": arn}

    def _update_endpoint(self, request: Record) -> Record:
        endpoint = self.endpoint(request["EndpointName"])
        endpoint.update(request["EndpointConfigName"], self._plans(request["EndpointConfigName"]))
        return {"EndpointArn": endpoint.arn}

    def _reweigh(self, request: Record) -> Record:
        endpoint = self.endpoint(request["EndpointName"])
        endpoint.reweigh(request["DesiredWeightsAndCapacities"])
        return {"EndpointArn": endpoint.arn}

    def _delete_endpoint(self, request: Record) -> Record:
        endpoint = self.endpoint(request["EndpointName"])

        def forget() -> None:
            with self._lock:
                self._endpoints.pop(endpoint.name, None)
                self._tags.pop(endpoint.arn, None)
            self._on_deleted(endpoint)

        endpoint.delete(forget)
        return {}

    def _plans(self, config_name: str) -> list[VariantPlan]:
        plans = []
        for variant in self.config(config_name)["ProductionVariants"]:
            if "ModelName" not in variant:
                raise invalid(
                    f"variant {variant['VariantName']}: has no ModelName; the sandbox does not run inference components"
                )
            plans.append(VariantPlan.from_request(variant, self._found_model(variant["ModelName"])))
        return plans

    def _described(self, endpoint: Endpoint) -> Record:
        config = self._configs.get(endpoint.config_name, {})
        described: Record = {
            **_summary(endpoint),
            "EndpointConfigName": endpoint.config_name,
            "ProductionVariants": [
                {
                    "VariantName": variant.plan.name,
                    "DeployedImages": [
                        {
                            "SpecifiedImage": variant.plan.image,
                            "ResolvedImage": variant.plan.image,
                            "ResolutionTime": endpoint.modified,
                        }
                    ],
                    "CurrentWeight": variant.weight,
                    "DesiredWeight": variant.weight,
                    "CurrentInstanceCount": variant.instance_count,
                    "DesiredInstanceCount": variant.instance_count,
                }
                for variant in endpoint.variants()
            ],
        }
        if endpoint.failure_reason:
            described["FailureReason"] = endpoint.failure_reason
        capture = config.get("DataCaptureConfig")
        if capture:
            described["DataCaptureConfig"] = {
                "EnableCapture": capture.get("EnableCapture", False),
                "CaptureStatus": "Started" if capture.get("EnableCapture") else "Stopped",
                "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
                "DestinationS3Uri": capture["DestinationS3Uri"],
                "KmsKeyId": capture.get("KmsKeyId", ""),
            }
        if "MetricsConfig" in config:
            described["MetricsConfig"] = config["MetricsConfig"]
        return described

    def _list_endpoints(self, request: Record) -> Record:
        wanted = request.get("StatusEquals")
        records = {
            name: _summary(endpoint) for name, endpoint in self._endpoints.items() if wanted in {None, endpoint.status}
        }
        return self._listed("Endpoint", records, request)

    def _listed(self, kind: str, records: Mapping[str, Record], request: Record) -> Record:
        part = request.get("NameContains", "").lower()
        names = sorted(name for name in records if part in name.lower())
        if request.get("SortBy", "CreationTime") == "CreationTime":
            names.sort(key=lambda name: float(records[name]["CreationTime"]))
        if request.get("SortOrder", "Descending") == "Descending":
            names.reverse()
        start = int(request.get("NextToken", "0"))
        end = start + request.get("MaxResults", _PAGE)
        keys = (f"{kind}Name", f"{kind}Arn", "CreationTime", "LastModifiedTime", "EndpointStatus")
        rows = [{key: records[name][key] for key in keys if key in records[name]} for name in names[start:end]]
        page: Record = {f"{kind}s": rows}
        if end < len(names):
            page["NextToken"] = str(end)
        return page

    def _add_tags(self, request: Record) -> Record:
        tags = self._tags.setdefault(request["ResourceArn"], {})
        tags.update(_tag_map(request["Tags"]))
        return {"Tags": _tag_list(tags)}

    def _delete_tags(self, request: Record) -> Record:
        for key in request["TagKeys"]:
            self._tags.get(request["ResourceArn"], {}).pop(key, None)
        return {}


def _summary(endpoint: Endpoint) -> Record:
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        "EndpointStatus": endpoint.status,
    }


def _arn(resource: str, name: str) -> str:
    return f"{_ARN_PREFIX}:{resource}/{name}"


def _tag_map(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
