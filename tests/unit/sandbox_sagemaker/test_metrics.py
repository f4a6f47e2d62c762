"""An invocation's metrics, and the synthetic ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.sagemaker.instances import gpu_count
from sandbox.aws.sagemaker.metrics import Outcome, record_invocation, synthetic_gpu


def recorded(status: int) -> dict[str, tuple[float, str]]:
    """Name to value and unit of what one invocation records."""
    found: dict[str, tuple[float, str]] = {}

    def record(
        namespace: str, name: str, value: float, *, unit: str, dimensions: object, at: float | None = None
    ) -> None:
        assert (namespace, dimensions, at) == ("AWS/SageMaker", {"EndpointName": "e"}, None)
        found[name] = (value, unit)

    record_invocation(
        record,
        dimensions={"EndpointName": "e"},
        instances=4,
        outcome=Outcome(status=status, model_seconds=0.25, overhead_seconds=0.001),
    )
    return found


def test_latencies_are_microseconds_and_counts_are_per_request() -> None:
    """A quarter of a second is 250,000; each of four instances took a quarter of the request."""
    found = recorded(200)
    assert found["ModelLatency"] == (250_000, "Microseconds")
    assert found["OverheadLatency"] == (1_000, "Microseconds")
    assert found["Invocations"] == (1, "None")
    assert found["InvocationsPerInstance"] == (0.25, "None")


@pytest.mark.parametrize(
    ("status", "client", "server", "model"),
    [(200, 0, 0, 0), (400, 1, 0, 1), (500, 0, 1, 1), (0, 0, 1, 1), (302, 0, 1, 1)],
)
def test_every_request_counts_as_an_error_or_none(status: int, client: int, server: int, model: int) -> None:
    """0 is recorded as well as 1, so that the average is the error rate; no answer at all is a server's error."""
    found = recorded(status)
    assert found["Invocation4XXErrors"][0] == client
    assert found["Invocation5XXErrors"][0] == server
    assert found["InvocationModelErrors"][0] == model


@pytest.mark.parametrize(
    ("instance_type", "gpus"),
    [
        ("ml.g5.xlarge", 1),
        ("ml.g5.12xlarge", 4),
        ("ml.g6e.48xlarge", 8),
        ("ml.p4d.24xlarge", 8),
        ("ml.p5en.48xlarge", 8),
        ("ml.p6-b200.48xlarge", 8),
        ("ml.m5.large", 0),
        ("ml.inf2.xlarge", 0),
        ("", 0),
    ],
)
def test_gpus_of_an_instance_type(instance_type: str, gpus: int) -> None:
    """As the service's instance tables have them."""
    assert gpu_count(instance_type) == gpus


@given(rate=st.floats(min_value=0, max_value=1e6), gpus=st.integers(min_value=1, max_value=16))
def test_synthetic_gpu_metrics_stay_within_their_scale(rate: float, gpus: int) -> None:
    """0 to 100 times the GPUs, and never less under more load."""
    utilization, memory = synthetic_gpu(requests_per_second=rate, gpus=gpus)
    assert 0 <= utilization <= 100 * gpus
    assert 0 < memory <= 100 * gpus
    more_utilization, more_memory = synthetic_gpu(requests_per_second=rate + 1, gpus=gpus)
    assert more_utilization >= utilization
    assert more_memory >= memory


def test_an_idle_gpu_is_idle() -> None:
    """No request, no utilization, yet the weights stay in memory."""
    assert synthetic_gpu(requests_per_second=0, gpus=2) == (0, 60)


def test_gpus_are_counted_as_the_library_counts_them() -> None:
    """The library divides GPU percentages by its table's counts, so the sandbox must have multiplied by the same."""
    from endpointwatch.sagemaker.instance_types import INSTANCE_SHAPES

    counts = {instance_type: gpu_count(instance_type) for instance_type in INSTANCE_SHAPES}
    assert counts == {instance_type: shape.gpus for instance_type, shape in INSTANCE_SHAPES.items()}
