"""Which alarms an endpoint gets, and why each has the threshold it has.

AWS's published list of recommended alarms has no entry for SageMaker, so these are ours. Those that are about users follow from
the objectives; those about hardware warn before users notice. All look at one-minute periods, and need several of them, because
a single bad minute is not worth a night's sleep.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from endpointwatch import _checks
from endpointwatch.alarms.objectives import Objectives
from endpointwatch.alarms.spec import AlarmOverride, AlarmSpec, Signal
from endpointwatch.sagemaker.endpoint_metrics import EndpointMetrics
from endpointwatch.severity import Severity

FAST_BURN = 14.4
"""Burn rate that spends 2 % of a 30-day error budget in one hour: Google's SRE workbook, "Alerting on SLOs", pages at it."""

OVERHEAD_SHARE = 0.25
"""Share of the latency objective that SageMaker may add before it is worth a look: a judgement, there is no published figure."""

GPU_BUSY, GPU_MEMORY_FULL, CPU_BUSY, MEMORY_FULL, DISK_FULL = 90, 95, 90, 90, 80
"""Percent. CPU, memory and disk are those of AWS's recommended alarms for container nodes (80 to 90); GPU memory is higher because
serving frameworks reserve about 90 % of it from the start (vLLM's `gpu_memory_utilization` is 0.9)."""

GPU_IDLE = 1
"""Percent of one GPU. A model that answers from its GPU shows more than this in any minute with traffic."""


def endpoint_alarms(
    metrics: EndpointMetrics, objectives: Objectives, overrides: Mapping[Signal, AlarmOverride]
) -> list[AlarmSpec]:
    """The alarms of one endpoint variant, with a team's changes applied.

    What needs the count of cores or GPUs is left out when the instance type is not known.

    Raises:
        ValueError: an override names no signal, or makes an alarm that CloudWatch would refuse.
    """
    for signal in overrides:
        _checks.one_of("overrides", signal, tuple(Signal))
    alarms = []
    for spec in (*_promised(metrics, objectives), *_hardware(metrics, objectives)):
        override = overrides.get(spec.signal, AlarmOverride())
        if override.enabled:
            changed = {
                name: value
                for name in ("severity", "threshold", "datapoints", "periods", "first")
                if (value := getattr(override, name)) is not None
            }
            alarms.append(replace(spec, **changed))
    return alarms


def _promised(metrics: EndpointMetrics, objectives: Objectives) -> Iterator[AlarmSpec]:
    latency = objectives.latency_p99_microseconds
    budget = 1 - objectives.availability
    yield AlarmSpec(
        signal=Signal.ERRORS,
        severity=Severity.CRITICAL,
        watches=metrics.failure_ratio(at_least=objectives.least_requests),
        # Above half of all requests the burn rate says nothing new; a loose objective must not make the alarm impossible.
        threshold=round(min(FAST_BURN * budget, 0.5), 6),
        datapoints=3,
        periods=5,
        missing="notBreaching",
        summary=f"Requests fail {FAST_BURN:g} times as often as the objective allows.",
        first="look at the last error lines; if a deployment came just before, roll it back.",
        # "percent": the objective travels as a tag, whose value cannot hold the sign.
        objective=f"{100 * objectives.availability:g} percent of requests answered without a failure",
    )
    yield AlarmSpec(
        signal=Signal.LATENCY,
        severity=Severity.CRITICAL,
        watches=metrics.model_latency("p99"),
        threshold=latency,
        datapoints=3,
        periods=5,
        missing="notBreaching",
        summary="The model answers slower than the objective allows.",
        first="compare with traffic and GPU: both up means scale out; neither up means roll back the last deployment.",
        objective=f"p99 of model latency at most {latency / 1000:g} ms",
    )
    yield AlarmSpec(
        signal=Signal.OVERHEAD,
        severity=Severity.WARNING,
        watches=metrics.overhead_latency(),
        threshold=latency * OVERHEAD_SHARE,
        datapoints=10,
        periods=15,
        missing="notBreaching",
        summary="SageMaker itself adds a large part of the latency objective.",
        first="look at the size of requests and responses, and at whether clients open a new connection for each.",
        objective=f"overhead at most {latency * OVERHEAD_SHARE / 1000:g} ms on average",
    )
    if (minutes := objectives.silence_minutes) is not None:
        yield AlarmSpec(
            signal=Signal.SILENCE,
            severity=Severity.CRITICAL,
            watches=metrics.invocations(),
            comparison="LessThanThreshold",
            threshold=1,
            datapoints=int(minutes),
            periods=int(minutes),
            # Without traffic SageMaker publishes nothing at all: missing is what silence looks like.
            missing="breaching",
            warm_up_minutes=60,
            summary="No request reaches the endpoint, although clients should call.",
            first="call the endpoint yourself; when it answers, look at the clients and what routes to it.",
            objective=f"at least one request in {int(minutes)} minutes",
        )


def _hardware(metrics: EndpointMetrics, objectives: Objectives) -> Iterator[AlarmSpec]:
    if metrics.shape is None or metrics.shape.gpus:
        yield AlarmSpec(
            signal=Signal.GPU_IDLE,
            severity=Severity.WARNING,
            watches=metrics.gpu_while_serving(at_least=objectives.least_requests),
            comparison="LessThanThreshold",
            threshold=GPU_IDLE,
            datapoints=5,
            periods=5,
            missing="notBreaching",
            summary="The endpoint serves requests while its GPUs do nothing: the model runs on the CPU.",
            first="look in the log for a CUDA or driver message at start-up, and for the execution provider in use.",
            objective="requests are answered by the GPU",
        )
    if (gpu := metrics.gpu()) is not None:
        yield AlarmSpec(
            signal=Signal.GPU,
            severity=Severity.WARNING,
            watches=gpu,
            threshold=GPU_BUSY,
            datapoints=10,
            periods=15,
            summary="The GPUs are close to saturated.",
            first="add an instance, or let autoscaling do it; latency follows soon.",
            objective=f"GPUs at most {GPU_BUSY} percent busy",
        )
    if (gpu_memory := metrics.gpu_memory()) is not None:
        yield AlarmSpec(
            signal=Signal.GPU_MEMORY,
            severity=Severity.WARNING,
            watches=gpu_memory,
            threshold=GPU_MEMORY_FULL,
            datapoints=5,
            periods=5,
            summary="GPU memory is nearly full; the next large request may end in a CUDA out-of-memory error.",
            first="lower the batch size or the context length, or choose a type with more GPU memory.",
            objective=f"GPU memory at most {GPU_MEMORY_FULL} percent used",
        )
    if (cpu := metrics.cpu()) is not None:
        yield AlarmSpec(
            signal=Signal.CPU,
            severity=Severity.WARNING,
            watches=cpu,
            threshold=CPU_BUSY,
            datapoints=10,
            periods=15,
            summary="The CPUs are close to saturated.",
            first="look for pre- and post-processing that outgrew the instance; add one if traffic did.",
            objective=f"CPUs at most {CPU_BUSY} percent busy",
        )
    yield AlarmSpec(
        signal=Signal.MEMORY,
        severity=Severity.WARNING,
        watches=metrics.memory(),
        threshold=MEMORY_FULL,
        datapoints=5,
        periods=5,
        summary="The instance's memory is nearly full; the container may be killed.",
        first="see whether it grows with time (a leak: replace the instance) or with traffic (fewer workers, or a larger type).",
        objective=f"memory at most {MEMORY_FULL} percent used",
    )
    yield AlarmSpec(
        signal=Signal.DISK,
        severity=Severity.WARNING,
        watches=metrics.disk(),
        threshold=DISK_FULL,
        datapoints=5,
        periods=5,
        summary="The instance's disk is filling up.",
        first="look for temporary files and logs that the container leaves behind; a new instance buys time.",
        objective=f"disk at most {DISK_FULL} percent used",
    )
