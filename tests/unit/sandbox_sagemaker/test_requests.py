"""Requests are held against SageMaker's own model."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.sagemaker.errors import ServiceError
from sandbox.aws.sagemaker.requests import checked, operation_of

VARIANT = {"VariantName": "AllTraffic", "ModelName": "ranker", "InstanceType": "ml.g5.xlarge"}


def config(**more: Any) -> dict[str, Any]:
    """A request of CreateEndpointConfig."""
    return {"EndpointConfigName": "ranker", "ProductionVariants": [{**VARIANT, **more}]}


def test_a_right_request_comes_back_unchanged() -> None:
    """What the model knows is kept as it is."""
    request = config(InitialInstanceCount=2, InitialVariantWeight=0.5)
    assert checked("CreateEndpointConfig", request) == request


def test_members_the_service_does_not_know_are_dropped() -> None:
    """As the service does, at every depth."""
    assert checked("CreateEndpointConfig", {**config(Colour="red"), "Shade": 1}) == config()


@pytest.mark.parametrize(("given_value", "kept"), [("2", 2), (2, 2)])
def test_numbers_may_be_texts(given_value: object, kept: int) -> None:
    """CloudFormation parameters arrive as texts."""
    checked_request = checked("CreateEndpointConfig", config(InitialInstanceCount=given_value))
    assert checked_request["ProductionVariants"][0]["InitialInstanceCount"] == kept


@pytest.mark.parametrize(
    ("operation", "request_body", "words"),
    [
        ("CreateEndpoint", {"EndpointName": "ranker"}, ["EndpointConfigName"]),
        (
            "CreateEndpoint",
            {"EndpointName": "two words", "EndpointConfigName": "-"},
            ["2 validation errors", "'two words' at 'endpointName'", "'-' at 'endpointConfigName'"],
        ),
        ("DescribeEndpoint", {"EndpointName": "x" * 64}, ["length less than or equal to 63"]),
        (
            "CreateEndpointConfig",
            config(InstanceType="ml.imaginary"),
            ["'ml.imaginary' at 'productionVariants.1.member.instanceType'", "enum value set"],
        ),
        ("CreateEndpointConfig", config(InitialInstanceCount="many"), ["InitialInstanceCount", "many"]),
        ("CreateEndpointConfig", config(ContainerStartupHealthCheckTimeoutInSeconds=3601), ["3600"]),
    ],
)
def test_a_wrong_request_names_what_is_wrong(operation: str, request_body: dict[str, Any], words: list[str]) -> None:
    """Every violated constraint is in one ValidationException."""
    with pytest.raises(ServiceError) as raised:
        checked(operation, request_body)
    assert raised.value.code == "ValidationException"
    for word in words:
        assert word in str(raised.value)


@given(st.text(max_size=80))
def test_names_are_taken_or_refused_never_a_crash(name: str) -> None:
    """Any text as a name either passes as it is or is a ValidationException."""
    if re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name) and len(name) <= 63:
        assert checked("DescribeEndpoint", {"EndpointName": name}) == {"EndpointName": name}
    else:
        with pytest.raises(ServiceError) as raised:
            checked("DescribeEndpoint", {"EndpointName": name})
        assert raised.value.code == "ValidationException"


def test_targets_name_operations() -> None:
    """`SageMaker.X` is operation X; an operation that SageMaker does not have is refused."""
    assert operation_of("SageMaker.CreateModel") == "CreateModel"
    with pytest.raises(ServiceError, match="MakeCoffee"):
        operation_of("SageMaker.MakeCoffee")
