"""Apps that declare the same thing with different means."""

ENDPOINTS = [f"endpoint-{number}" for number in range(20)]

METRICS = (
    "Invocation5XXErrors",
    "Invocation4XXErrors",
    "InvocationModelErrors",
    "ModelLatency",
    "OverheadLatency",
    "Invocations",
    "InvocationsPerInstance",
    "ConcurrentRequestsPerModel",
)
