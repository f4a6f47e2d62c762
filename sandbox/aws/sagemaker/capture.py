"""Data capture: requests and responses as JSON lines in S3, in the service's own format."""

import base64
import json
import random
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.clock import Clock

_FLUSH_SECONDS = 2.0

PutObject = Callable[[str, str, bytes, str | None], None]
"""Bucket, key, body and KMS key id (None for the bucket's own encryption)."""


@dataclass(frozen=True, kw_only=True)
class CaptureSettings:
    """`DataCaptureConfig` of an endpoint config.

    Args:
        destination: `s3://bucket/prefix`.
        sampling_percentage: share of the requests that is captured, 0 to 100.
        modes: what is captured: "Input", "Output".
        csv_types: content types written as text with encoding CSV.
        json_types: content types written as text with encoding JSON; all others are BASE64.
        kms_key_id: key of the objects.
    """

    destination: str
    sampling_percentage: float
    modes: frozenset[str]
    csv_types: frozenset[str] = frozenset()
    json_types: frozenset[str] = frozenset()
    kms_key_id: str | None = None

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | None) -> "CaptureSettings | None":
        """Read a `DataCaptureConfig`; None when nothing is to be captured."""
        if not config or not config.get("EnableCapture", False):
            return None
        modes: set[str] = set()
        for option in config["CaptureOptions"]:
            modes |= {"Input", "Output"} if option["CaptureMode"] == "InputAndOutput" else {option["CaptureMode"]}
        headers = config.get("CaptureContentTypeHeader", {})
        return cls(
            destination=config["DestinationS3Uri"],
            sampling_percentage=config["InitialSamplingPercentage"],
            modes=frozenset(modes),
            csv_types=frozenset(headers.get("CsvContentTypes", ())),
            json_types=frozenset(headers.get("JsonContentTypes", ())),
            kms_key_id=config.get("KmsKeyId"),
        )


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its response; `inference_id` is what the caller named it."""

    inference_id: str | None
    input_type: str
    input: bytes
    output_type: str
    output: bytes


def capture_line(exchange: Exchange, settings: CaptureSettings, *, event_id: str, at: datetime) -> str:
    """One line of a capture file."""
    data = {}
    if "Input" in settings.modes:
        data["endpointInput"] = _side("INPUT", exchange.input_type, exchange.input, settings)
    if "Output" in settings.modes:
        data["endpointOutput"] = _side("OUTPUT", exchange.output_type, exchange.output, settings)
    metadata = {"eventId": event_id, "inferenceTime": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if exchange.inference_id is not None:
        metadata["inferenceId"] = exchange.inference_id
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"})


def capture_key(prefix: str, endpoint_name: str, variant_name: str, *, at: datetime, file_id: str) -> str:
    """Key of a capture file: `prefix/endpoint/variant/yyyy/mm/dd/hh/MM-SS-mmm-ID.jsonl`."""
    name = f"{at:%M-%S}-{at.microsecond // 1000:03d}-{file_id}.jsonl"
    parts = [prefix.strip("/"), endpoint_name, variant_name, f"{at:%Y/%m/%d/%H}", name]
    return "/".join(part for part in parts if part)


def _side(mode: str, content_type: str, content: bytes, settings: CaptureSettings) -> dict[str, str]:
    side = {"observedContentType": content_type, "mode": mode}
    for encoding, types in (("CSV", settings.csv_types), ("JSON", settings.json_types)):
        if content_type in types:
            return {**side, "data": content.decode(errors="replace"), "encoding": encoding}
    return {**side, "data": base64.b64encode(content).decode(), "encoding": "BASE64"}


class DataCapture:
    """Gathers lines and writes them to S3 every two seconds, a file an endpoint and variant."""

    def __init__(self, *, clock: Clock, put_object: PutObject) -> None:
        self._clock = clock
        self._put_object = put_object
        self._lines: dict[tuple[str, str, str, str | None], list[str]] = defaultdict(list)
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def start(self) -> None:
        """Write until `close`."""
        threading.Thread(target=self._run, name="data-capture", daemon=True).start()

    def close(self) -> None:
        """Write what is left, and no more."""
        self._ended.set()
        self.flush()

    def offer(self, exchange: Exchange, settings: CaptureSettings, *, endpoint_name: str, variant_name: str) -> None:
        """Capture the exchange if the sample takes it."""
        if random.uniform(0, 100) >= settings.sampling_percentage:  # noqa: S311 - a sample, not a secret
            return
        line = capture_line(exchange, settings, event_id=str(uuid.uuid4()), at=self._clock.now_utc())
        with self._lock:
            self._lines[settings.destination, endpoint_name, variant_name, settings.kms_key_id].append(line)

    def flush(self) -> None:
        """Write what has been gathered."""
        with self._lock:
            gathered, self._lines = self._lines, defaultdict(list)
        for (destination, endpoint_name, variant_name, kms_key_id), lines in gathered.items():
            bucket, _, prefix = destination.removeprefix("s3://").partition("/")
            key = capture_key(prefix, endpoint_name, variant_name, at=self._clock.now_utc(), file_id=str(uuid.uuid4()))
            self._put_object(bucket, key, _joined(lines), kms_key_id)

    def _run(self) -> None:
        while not self._ended.wait(_FLUSH_SECONDS):
            self.flush()


def _joined(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
