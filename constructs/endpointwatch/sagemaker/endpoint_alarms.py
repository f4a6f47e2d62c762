"""Which alarms an endpoint gets, and why each has the threshold it has.

AWS's published list of recommended alarms has no entry for SageMaker, so these are ours. Those that are about users follow from
the objectives; those about hardware warn before users notice. None rests on a
single minute: an endpoint with 50 requests a minute that is three times better than its objective has one slow request in every
seventh minute, and five such minutes in a row about once in two weeks. And none takes missing data as `missing`: one bad minute
of an instance that is then scaled in would become an alarm by waiting, since what is missing after it does not speak against it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypedDict

from endpointwatch import _checks
from endpointwatch.alarms.objectives import Objectives
from endpointwatch.alarms.spec import AlarmOverride, AlarmSpec
from endpointwatch.sagemaker.endpoint_metrics import EndpointMetrics
from endpointwatch.sagemaker.signals import Signal
from endpointwatch.severity import Severity

FAST_BURN = 14.4
"""Burn rate that spends 2 % of a 30-day error budget in one hour, at which Google's SRE workbook ("Alerting on SLOs") pages. Its
alarm watches an hour and five minutes; this one watches three of five minutes, and is quicker and more easily set off."""

OVERHEAD_SHARE = 0.25
"""Share of the latency objective that SageMaker may add before it is worth a look: a judgement, there is no published figure."""

GPU_BUSY, GPU_MEMORY_FULL, CPU_BUSY, MEMORY_FULL, DISK_FULL = 90, 95, 90, 90, 80
"""Percent. CPU, memory and disk are those of AWS's recommended alarms for container nodes (80 to 90); GPU memory is higher because
serving frameworks reserve about 90 % of it from the start (vLLM's `gpu_memory_utilization` is 0.9)."""

BUSY, GPU_IDLE = 0.2, 1
"""A model that is busy for a fifth of the time and works on its GPU keeps it busy for more than one percent of the time."""


def endpoint_alarms(
    metrics: EndpointMetrics, objectives: Objectives, overrides: Mapping[Signal, AlarmOverride]
) -> list[AlarmSpec]:
    """The alarms of one endpoint variant, with a team's changes applied.

    What needs the count of cores or GPUs is left out when the instance type is not known.

    Raises:
        ValueError: an override names no signal, or makes an alarm that CloudWatch would refuse.
    """
    for signal, override in overrides.items():
        _checks.one_of("overrides", signal, tuple(Signal))
        _checks.instance(f"overrides[{signal}]", override, AlarmOverride, fix="write AlarmOverride(threshold=...)")
    alarms = []
    for spec in (*_promised(metrics, objectives), *_hardware(metrics)):
        override = overrides.get(Signal(spec.signal), AlarmOverride())
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
        watches=metrics.failure_ratio(least_failures=objectives.least_failures),
        # Above half of all requests the burn rate says nothing new; a loose objective must not make the alarm impossible.
        threshold=round(min(FAST_BURN * budget, 0.5), 6),
        unit="share",
        datapoints=3,
        periods=5,
        missing="notBreaching",
        summary="Far more requests fail than the objective allows.",
        first="look at the last error lines.",
        # "percent": the objective travels as a tag, whose value cannot hold the sign.
        objective=f"{100 * objectives.availability:g} percent of requests answered without a failure",
        objective_value=round(budget, 9),
    )
    yield AlarmSpec(
        signal=Signal.LATENCY,
        severity=Severity.CRITICAL,
        watches=metrics.model_latency("p99"),
        threshold=latency,
        unit="microseconds",
        datapoints=5,
        periods=5,
        missing="notBreaching",
        summary="The model answers slower than the objective allows.",
        first="compare with requests and GPU: where both are up, add an instance.",
        objective=f"p99 of model latency at most {latency / 1000:g} ms",
        objective_value=latency,
    )
    yield AlarmSpec(
        signal=Signal.OVERHEAD,
        severity=Severity.WARNING,
        watches=metrics.overhead_latency(),
        threshold=latency * OVERHEAD_SHARE,
        unit="microseconds",
        datapoints=10,
        periods=15,
        missing="notBreaching",
        summary="SageMaker itself adds a large part of the latency objective.",
        first="look at the size of requests and responses, and at whether clients open a new connection for each.",
    )
    if (minutes := objectives.silence_minutes) is not None:
        yield AlarmSpec(
            signal=Signal.SILENCE,
            # Not critical: what is not called around the clock would wake somebody every night.
            severity=Severity.WARNING,
            watches=metrics.invocations(),
            comparison="LessThanThreshold",
            threshold=1,
            unit="count",
            datapoints=minutes,
            periods=minutes,
            # Without traffic SageMaker publishes nothing at all: missing is what silence looks like.
            missing="breaching",
            warm_up_minutes=60,
            summary="No request reaches the endpoint, although clients should call.",
            first="call the endpoint yourself; when it answers, look at the clients and what routes to it.",
            objective=f"at least one request in {minutes} minutes",
            objective_value=1,
        )


def _hardware(metrics: EndpointMetrics) -> Iterator[AlarmSpec]:
    if metrics.shape is None or metrics.shape.gpus:
        yield AlarmSpec(
            signal=Signal.GPU_IDLE,
            severity=Severity.WARNING,
            watches=metrics.gpu_while_busy(busy=BUSY),
            comparison="LessThanThreshold",
            threshold=GPU_IDLE,
            unit="percent",
            **_minutes(5, of=5, period=metrics.instance_period),
            missing="notBreaching",
            summary="The model is busy while the GPUs do nothing: it runs on the CPU.",
            first="look in the log for a CUDA or driver message at start-up, and for the execution provider in use.",
        )
    if (gpu := metrics.gpu()) is not None:
        yield AlarmSpec(
            signal=Signal.GPU,
            severity=Severity.WARNING,
            watches=gpu,
            threshold=GPU_BUSY,
            unit="percent",
            **_minutes(10, of=15, period=metrics.instance_period),
            missing="notBreaching",
            summary="The GPUs are close to saturated.",
            first="add an instance, or let autoscaling do it; latency follows soon.",
        )
    if (gpu_memory := metrics.gpu_memory()) is not None:
        yield AlarmSpec(
            signal=Signal.GPU_MEMORY,
            severity=Severity.WARNING,
            watches=gpu_memory,
            threshold=GPU_MEMORY_FULL,
            unit="percent",
            **_minutes(5, of=5, period=metrics.instance_period),
            missing="notBreaching",
            summary="GPU memory is nearly full; the next large request may end in a CUDA out-of-memory error.",
            first="lower the batch size or the context length, or choose a type with more GPU memory.",
        )
    if (cpu := metrics.cpu()) is not None:
        yield AlarmSpec(
            signal=Signal.CPU,
            severity=Severity.WARNING,
            watches=cpu,
            threshold=CPU_BUSY,
            unit="percent",
            **_minutes(10, of=15, period=metrics.instance_period),
            missing="notBreaching",
            summary="The CPUs are close to saturated.",
            first="look for pre- and post-processing that outgrew the instance; add one if traffic did.",
        )
    yield AlarmSpec(
        signal=Signal.MEMORY,
        severity=Severity.WARNING,
        watches=metrics.memory(),
        threshold=MEMORY_FULL,
        unit="percent",
        **_minutes(5, of=5, period=metrics.instance_period),
        missing="notBreaching",
        summary="The instance's memory is nearly full; the container may be killed.",
        first="see whether it grows with time (a leak: replace the instance) or with traffic (fewer workers, or a larger type).",
    )
    yield AlarmSpec(
        signal=Signal.DISK,
        severity=Severity.WARNING,
        watches=metrics.disk(),
        threshold=DISK_FULL,
        unit="percent",
        **_minutes(5, of=5, period=metrics.instance_period),
        missing="notBreaching",
        summary="The instance's disk is filling up.",
        first="look for temporary files and logs that the container leaves behind; a new instance buys time.",
    )


class _Span(TypedDict):
    datapoints: int
    periods: int


def _minutes(datapoints: int, *, of: int, period: int) -> _Span:
    """`datapoints` of `of` minutes, in periods of `period` seconds."""
    return {"datapoints": math.ceil(60 * datapoints / period), "periods": math.ceil(60 * of / period)}
