"""How programs, SageMaker and Kubernetes word what the rules look for; pure."""

import re

OUT_OF_MEMORY = re.compile(
    r"CUDA out of memory|CUDA error: out of memory|cudaErrorMemoryAllocation|CUDA_ERROR_OUT_OF_MEMORY"
    r"|torch\.(?:cuda\.)?OutOfMemoryError|HIP out of memory|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED"
    r"|RESOURCE_EXHAUSTED: Out of memory|Failed to allocate memory for requested buffer"
    r"|Out of memory: Kill|\bOOMKilled\b|\bMemoryError\b|java\.lang\.OutOfMemoryError|std::bad_alloc"
    r"|DefaultCPUAllocator: can't allocate memory|\bOutOfMemory(?:Error)?\b",
    re.I,
)
"""PyTorch, CUDA, cuBLAS, TensorFlow and JAX, ONNX Runtime, the kernel, Kubernetes, Python, Java, C++."""
_QUOTED = 160
"""Characters of somebody's words that are enough to know them again."""


def quote(text: str) -> str:
    """Quote somebody's words as evidence, on one line."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= _QUOTED else line[: _QUOTED - 1] + '…'}”"
