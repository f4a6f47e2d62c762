"""The dashboard of one endpoint: what users notice on top, what causes it below."""

from collections.abc import Sequence

from endpointwatch.alarms.objectives import Objectives
from endpointwatch.alarms.spec import AlarmSpec
from endpointwatch.dashboards.widgets import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, Line, Widget, graph, rows
from endpointwatch.metrics import MathSpec, MetricSpec, Spec
from endpointwatch.sagemaker.endpoint_metrics import EndpointMetrics
from endpointwatch.sagemaker.signals import Signal


def endpoint_dashboard(
    *,
    title: str,
    region: str,
    metrics: EndpointMetrics,
    objectives: Objectives,
    alarms: Sequence[AlarmSpec],
    alarm_arns: Sequence[str],
    runbook: str | None,
) -> dict[str, object]:
    """The dashboard's body: what users notice on top, what causes it below.

    Strings may hold CDK tokens, as long as what they stand for needs no JSON escaping (names and regions do not).
    """
    thresholds = {alarm.signal: alarm.threshold for alarm in alarms}
    graphs: list[Widget | None] = [
        graph("Requests a minute", region, rows((metrics.invocations(), BLUE)), label="count"),
        graph(
            "Failed requests",
            region,
            rows(
                (_percent(metrics.failure_ratio(), "failed"), RED),
                (_percent_of(metrics.client_error_ratio(), "4XX"), ORANGE),
            ),
            label="% of requests",
            line=_line(thresholds, Signal.ERRORS, "pages", factor=100),
        ),
        graph(
            "Model latency",
            region,
            rows(
                (_milliseconds(metrics.model_latency("p50"), "p50"), GREEN),
                (_milliseconds(metrics.model_latency("p90"), "p90"), ORANGE),
                (_milliseconds(metrics.model_latency("p99"), "p99"), RED),
            ),
            label="ms",
            line=("objective (p99)", objectives.latency_p99_microseconds / 1000),
        ),
        graph(
            "SageMaker overhead",
            region,
            rows(
                (_milliseconds(metrics.overhead_latency("Average"), "average"), PURPLE),
                (_milliseconds(metrics.overhead_latency("Maximum"), "maximum"), GREY),
            ),
            label="ms",
            line=_line(thresholds, Signal.OVERHEAD, "warns", factor=1 / 1000),
        ),
        _utilization(
            "GPU",
            region,
            (metrics.gpu(), BLUE),
            (metrics.gpu_memory(), PURPLE),
            line=_line(thresholds, Signal.GPU, "busy"),
        ),
        _utilization(
            "CPU, memory, disk",
            region,
            (metrics.cpu(), BLUE),
            (metrics.memory(), PURPLE),
            (metrics.disk(), GREY),
            line=_line(thresholds, Signal.MEMORY, "memory warns"),
        ),
    ]
    widgets: list[Widget] = [
        {
            "type": "text",
            "x": 0,
            "y": 0,
            "width": 12,
            "height": 3,
            "properties": {"markdown": _intro(title, objectives, runbook)},
        },
        {
            "type": "alarm",
            "x": 12,
            "y": 0,
            "width": 12,
            "height": 3,
            "properties": {"title": "Alarms", "alarms": list(alarm_arns)},
        },
    ]
    for index, widget in enumerate(widget for widget in graphs if widget is not None):
        widgets.append({**widget, "x": 12 * (index % 2), "y": 3 + 6 * (index // 2), "width": 12, "height": 6})
    return {"start": "-PT3H", "periodOverride": "inherit", "widgets": widgets}


def _intro(title: str, objectives: Objectives, runbook: str | None) -> str:
    promised = (
        f"Promised: **{100 * objectives.availability:g} %** of requests without a failure, "
        f"p99 of model latency at most **{objectives.latency_p99_microseconds / 1000:g} ms**."
    )
    lines = [f"## {title}", promised]
    if runbook:
        lines.append(f"[Runbook]({runbook})")
    return "\n\n".join(lines)


def _utilization(title: str, region: str, *series: tuple[Spec | None, str], line: Line | None) -> Widget | None:
    known = [(spec, color) for spec, color in series if spec is not None]
    if not known:
        return None
    widget = graph(title, region, rows(*known), label="%", line=line)
    properties = widget["properties"]
    assert isinstance(properties, dict)
    properties["yAxis"]["left"]["max"] = 100
    return widget


def _line(thresholds: dict[str, float], signal: Signal, label: str, *, factor: float = 1) -> Line | None:
    return (label, round(thresholds[signal] * factor, 6)) if signal in thresholds else None


def _milliseconds(spec: MetricSpec, label: str) -> MathSpec:
    return MathSpec(expression="raw / 1000", using={"raw": spec}, label=label)


def _percent_of(spec: MetricSpec, label: str) -> MathSpec:
    return MathSpec(expression="100 * raw", using={"raw": spec}, label=label)


def _percent(spec: MathSpec, label: str) -> MathSpec:
    return MathSpec(expression=f"100 * ({spec.expression})", using=spec.using, label=label)
