"""Images, statuses and settings of the model."""

import sys

import pytest

from sandbox.aws.sagemaker.cloudformation import emulated
from sandbox.aws.sagemaker.errors import ServiceError
from sandbox.aws.sagemaker.events import event_status
from sandbox.aws.sagemaker.images import command_for
from sandbox.model.settings import Settings


@pytest.mark.parametrize(
    "image",
    [
        "endpointwatch/magika",
        "endpointwatch/magika:1",
        "000000000000.dkr.ecr.us-east-1.amazonaws.com/endpointwatch/magika:1.2-rc",
        f"localhost:5000/endpointwatch/magika:1@sha256:{'0' * 64}",
    ],
)
def test_an_image_is_known_by_its_repository(image: str) -> None:
    """Registry, tag and digest do not matter."""
    assert command_for(image) == (sys.executable, "-m", "sandbox.model")


@pytest.mark.parametrize("image", ["magika", "other/magika", "notendpointwatch/magika", "endpointwatch/magika2:1", ""])
def test_other_images_are_refused_with_what_there_is(image: str) -> None:
    """The message names the images that can run."""
    with pytest.raises(ServiceError, match=r"it runs endpointwatch/magika$"):
        command_for(image)


@pytest.mark.parametrize(
    ("status", "event"), [("InService", "IN_SERVICE"), ("Creating", "CREATING"), ("RollingBack", "ROLLING_BACK")]
)
def test_statuses_of_events(status: str, event: str) -> None:
    """Upper case with underscores, unlike the API's."""
    assert event_status(status) == event


def test_a_models_settings_have_defaults() -> None:
    """One pass, any size."""
    assert Settings.from_environment({}) == Settings(model_passes=1, max_input_bytes=None)
    assert Settings.from_environment({"MODEL_PASSES": "3", "MAX_INPUT_BYTES": "99"}) == Settings(
        model_passes=3, max_input_bytes=99
    )


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "many", "1001", "²"])
def test_a_models_bad_setting_is_named(text: str) -> None:
    """Variable, value and range are in one line."""
    with pytest.raises(ValueError, match=r"^MODEL_PASSES: .* is not a whole number from 1 to 1000"):
        Settings.from_environment({"MODEL_PASSES": text})


def test_what_is_not_real_is_said() -> None:
    """GPUs that are a CPU, weights that are not downloaded, settings without effect."""
    config = {
        "ProductionVariants": [{"VariantName": "A", "InstanceType": "ml.g5.xlarge"}],
        "MetricsConfig": {"EnableEnhancedMetrics": True},
    }
    lines = emulated("AWS::SageMaker::EndpointConfig", config)
    assert "ml.g5.xlarge" in lines[0]
    assert "synthetic" in lines[0]
    assert lines[1:] == ["MetricsConfig has no effect"]
    model = {"PrimaryContainer": {"Image": "x", "ModelDataUrl": "s3://bucket/model.tar.gz"}}
    assert any("model data" in line for line in emulated("AWS::SageMaker::Model", model))
    assert emulated("AWS::SNS::Topic", {}) == []
