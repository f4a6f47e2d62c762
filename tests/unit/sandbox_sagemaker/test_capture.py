"""Captured data has the service's own format."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.sagemaker.capture import CaptureSettings, DataCapture, Exchange, capture_key, capture_line
from sandbox.clock import Clock

AT = datetime(2026, 11, 23, 4, 5, 6, 789000, UTC)
SETTINGS = CaptureSettings(
    destination="s3://bucket/prefix",
    sampling_percentage=100,
    modes=frozenset({"Input", "Output"}),
    json_types=frozenset({"application/json"}),
    csv_types=frozenset({"text/csv"}),
)
EXCHANGE = Exchange(
    inference_id=None, input_type="text/csv", input=b"1,2\n", output_type="application/json", output=b'{"a": 1}'
)


def test_a_line_is_as_sagemaker_writes_it() -> None:
    """Both sides with content type, mode and encoding, then the event's metadata."""
    assert json.loads(capture_line(EXCHANGE, SETTINGS, event_id="e", at=AT)) == {
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": "1,2\n", "encoding": "CSV"},
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": '{"a": 1}',
                "encoding": "JSON",
            },
        },
        "eventMetadata": {"eventId": "e", "inferenceTime": "2026-11-23T04:05:06Z"},
        "eventVersion": "0",
    }


def test_only_the_configured_sides_are_captured() -> None:
    """CaptureMode Output leaves the input out."""
    line = json.loads(capture_line(EXCHANGE, replace(SETTINGS, modes=frozenset({"Output"})), event_id="e", at=AT))
    assert set(line["captureData"]) == {"endpointOutput"}


def test_the_callers_inference_id_is_kept() -> None:
    """It ties a captured request to what the caller knows of it."""
    line = json.loads(capture_line(replace(EXCHANGE, inference_id="42"), SETTINGS, event_id="e", at=AT))
    assert line["eventMetadata"]["inferenceId"] == "42"


@given(st.binary())
def test_other_content_types_are_base64_and_come_back_whole(content: bytes) -> None:
    """Whatever the bytes are, decoding the data gives them back, and the line is a single one."""
    exchange = replace(EXCHANGE, input_type="application/octet-stream", input=content)
    line = capture_line(exchange, SETTINGS, event_id="e", at=AT)
    assert "\n" not in line
    side = json.loads(line)["captureData"]["endpointInput"]
    assert side["encoding"] == "BASE64"
    assert base64.b64decode(side["data"]) == content


def test_keys_are_by_endpoint_variant_and_hour() -> None:
    """prefix/endpoint/variant/yyyy/mm/dd/hh/MM-SS-mmm-id.jsonl; an empty prefix leaves no slash behind."""
    tail = "ranker/AllTraffic/2026/11/23/04/05-06-789-id.jsonl"
    assert capture_key("a/b/", "ranker", "AllTraffic", at=AT, file_id="id") == f"a/b/{tail}"
    assert capture_key("", "ranker", "AllTraffic", at=AT, file_id="id") == tail


def test_a_config_is_read_or_means_nothing() -> None:
    """Without EnableCapture nothing is captured; InputAndOutput is both sides."""
    config = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://bucket",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        "KmsKeyId": "key",
    }
    settings = CaptureSettings.from_config(config)
    assert settings == CaptureSettings(
        destination="s3://bucket", sampling_percentage=20, modes=frozenset({"Input", "Output"}), kms_key_id="key"
    )
    assert CaptureSettings.from_config({**config, "EnableCapture": False}) is None
    assert CaptureSettings.from_config(None) is None


def test_lines_of_a_variant_share_an_object() -> None:
    """One object an endpoint and variant, with the lines in order and the bucket's key; 0 % samples nothing."""
    written: list[tuple[str, str, bytes, str | None]] = []
    capture = DataCapture(clock=Clock(), put_object=lambda *call: written.append(call))
    for _ in range(3):
        capture.offer(EXCHANGE, replace(SETTINGS, kms_key_id="key"), endpoint_name="ranker", variant_name="A")
    capture.offer(EXCHANGE, replace(SETTINGS, sampling_percentage=0), endpoint_name="ranker", variant_name="B")
    capture.flush()
    capture.flush()
    ((bucket, key, body, kms_key_id),) = written
    assert (bucket, kms_key_id) == ("bucket", "key")
    assert key.startswith("prefix/ranker/A/")
    assert len(body.splitlines()) == 3
