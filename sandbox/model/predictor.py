"""Inference: bytes in, file type out."""

import onnxruntime  # type: ignore[import-untyped]
from magika import Magika

from sandbox.model.settings import Settings


class _SingleThreadedMagika(Magika):  # type: ignore[misc]  # magika is followed as Any
    """Magika on one thread a request, so that a busy model leaves the machine to the rest of the sandbox."""

    def _init_onnx_session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(
            str(self._model_path), sess_options=options, providers=["CPUExecutionProvider"]
        )


class Predictor:
    """The loaded network. Loading takes about a second; one instance serves many threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._magika = _SingleThreadedMagika()

    def predict(self, content: bytes) -> dict[str, str | float]:
        """Name the file type of `content`.

        Returns:
            `label` ("python"), `group` ("code"), `mime_type` and `score` (0 to 1, the mean over all passes).

        Raises:
            ValueError: the input is larger than `max_input_bytes`.
        """
        limit = self._settings.max_input_bytes
        if limit is not None and len(content) > limit:
            raise ValueError(f"input of {len(content)} bytes is larger than MAX_INPUT_BYTES={limit}")
        results = [self._magika.identify_bytes(content) for _ in range(self._settings.model_passes)]
        output = results[0].output
        return {
            "label": str(output.label),
            "group": output.group,
            "mime_type": output.mime_type,
            "score": round(sum(result.score for result in results) / len(results), 6),
        }
