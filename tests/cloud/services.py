"""The services beside the table and the queues: what they keep, and what they answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from botocore.model import OperationModel
from botocore.response import StreamingBody

from tests.cloud.errors import RefusedError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
Request = Mapping[str, Any]


@dataclass
class Services:
    """Parameters, secrets, objects, what was published and what was measured."""

    parameters: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """By bucket and key."""
    published: list[Request] = field(default_factory=list)
    """Calls of SNS Publish."""
    metrics: list[Request] = field(default_factory=list)
    """Calls of PutMetricData."""

    def operations(self) -> Mapping[tuple[str, str], Callable[[Request], Any]]:
        """What answers, by service and operation."""
        return {
            ("ssm", "GetParameters"): self._get_parameters,
            ("secretsmanager", "GetSecretValue"): self._get_secret_value,
            ("s3", "PutObject"): self._put_object,
            ("s3", "GetObject"): self._get_object,
            ("sns", "Publish"): self._publish,
            ("cloudwatch", "PutMetricData"): self._put_metric_data,
            ("cloudwatch", "GetMetricWidgetImage"): self._picture,
            ("sagemaker", "DescribeEndpoint"): self._describe_endpoint,
        }

    def _get_parameters(self, request: Request) -> Any:
        there = [name for name in request["Names"] if name in self.parameters]
        return {
            "Parameters": [{"Name": name, "Type": "String", "Value": self.parameters[name]} for name in there],
            "InvalidParameters": [name for name in request["Names"] if name not in there],
        }

    def _get_secret_value(self, request: Request) -> Any:
        if request["SecretId"] not in self.secrets:
            raise RefusedError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return {"SecretString": self.secrets[request["SecretId"]]}

    def _put_object(self, request: Request) -> Any:
        body = request["Body"]
        self.objects[request["Bucket"], request["Key"]] = body if isinstance(body, bytes) else body.read()
        return {}

    def _get_object(self, request: Request) -> Any:
        data = self.objects.get((request["Bucket"], request["Key"]))
        if data is None:
            raise RefusedError("NoSuchKey", "The specified key does not exist.", 404)
        return {"Body": StreamingBody(BytesIO(data), len(data)), "ContentLength": len(data)}

    def _publish(self, request: Request) -> Any:
        self.published.append(request)
        return {"MessageId": f"p-{len(self.published)}"}

    def _put_metric_data(self, request: Request) -> Any:
        self.metrics.append(request)
        return {}

    def _picture(self, request: Request) -> Any:
        return {"MetricWidgetImage": PNG}

    def _describe_endpoint(self, request: Request) -> Any:
        raise RefusedError("ValidationException", f'Could not find endpoint "{request["EndpointName"]}".')


def empty(operation: OperationModel) -> Any:
    """Return what a service with nothing in it answers: empty lists and objects, and no word about anything else."""
    shape = operation.output_shape
    members = shape.members if shape is not None else {}
    kinds: Mapping[str, Callable[[], Any]] = {"list": list, "map": dict}
    return {name: kinds[member.type_name]() for name, member in members.items() if member.type_name in kinds}
