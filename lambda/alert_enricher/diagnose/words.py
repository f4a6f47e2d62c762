"""How programs, SageMaker and Kubernetes word what the rules look for; pure."""

_QUOTED = 160
"""Characters of somebody's words that are enough to know them again."""


class Phrases:
    """Any of several phrases, in whatever case.

    Not a pattern: one without case tries every phrase at every character, and costs twenty times as much.
    """

    def __init__(self, *phrases: str) -> None:
        self._phrases = tuple(phrase.lower() for phrase in phrases)

    def are_in(self, text: str) -> bool:
        """Whether the text says one of them."""
        lowered = text.lower()
        return any(phrase in lowered for phrase in self._phrases)


OUT_OF_MEMORY = Phrases(
    "CUDA out of memory",
    "CUDA error: out of memory",
    "cudaErrorMemoryAllocation",
    "CUDA_ERROR_OUT_OF_MEMORY",
    "HIP out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "RESOURCE_EXHAUSTED: Out of memory",
    "Failed to allocate memory for requested buffer",
    "Out of memory: Kill",
    "OOMKilled",
    "OutOfMemory",
    "MemoryError",
    "std::bad_alloc",
    "can't allocate memory",
)
"""PyTorch, CUDA, cuBLAS, TensorFlow and JAX, ONNX Runtime, the kernel, Kubernetes, Java, Python, C++."""


def quote(text: str) -> str:
    """Quote somebody's words as evidence, on one line."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= _QUOTED else line[: _QUOTED - 1] + '…'}”"
