"""What an endpoint's alarms listen to."""

from enum import StrEnum


class Signal(StrEnum):
    """One alarm each; part of its name and of its construct id, so never renamed."""

    ERRORS = "errors"
    LATENCY = "latency"
    OVERHEAD = "overhead"
    SILENCE = "silence"
    GPU_IDLE = "gpu-idle"
    GPU = "gpu"
    GPU_MEMORY = "gpu-memory"
    CPU = "cpu"
    MEMORY = "memory"
    DISK = "disk"
