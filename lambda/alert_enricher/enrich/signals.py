"""The golden signals of a variant before and after the alert began, from one GetMetricData call.

Windows hang on the alert's own times, never on this function's clock: a replayed alert shows what was, and a sandbox
whose clock runs faster shows its own time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from alert_common import tags as tag
from alert_common.alert import Alert, Resource
from alert_common.context import Missing, Signal
from alert_enricher.enrich.finding import Finding

PERIOD = 60
BEFORE = timedelta(minutes=30)
BARS = 16
CLIENT_ERRORS = "Client errors (4xx)"
_BLOCKS = "▁▂▃▄▅▆▇█"
_REQUESTS, _HOST = "AWS/SageMaker", "/aws/sagemaker/Endpoints"

Series = Mapping[datetime, float]


@dataclass(frozen=True, kw_only=True)
class _Source:
    id: str
    namespace: str
    metric: str
    statistic: str


_SOURCES = (
    _Source(id="invocations", namespace=_REQUESTS, metric="Invocations", statistic="Sum"),
    _Source(id="server_errors", namespace=_REQUESTS, metric="Invocation5XXErrors", statistic="Sum"),
    _Source(id="model_errors", namespace=_REQUESTS, metric="InvocationModelErrors", statistic="Sum"),
    _Source(id="client_errors", namespace=_REQUESTS, metric="Invocation4XXErrors", statistic="Sum"),
    _Source(id="p50", namespace=_REQUESTS, metric="ModelLatency", statistic="p50"),
    _Source(id="p99", namespace=_REQUESTS, metric="ModelLatency", statistic="p99"),
    _Source(id="overhead", namespace=_REQUESTS, metric="OverheadLatency", statistic="Average"),
    _Source(id="gpu", namespace=_HOST, metric="GPUUtilization", statistic="Average"),
    _Source(id="gpu_memory", namespace=_HOST, metric="GPUMemoryUtilization", statistic="Average"),
    _Source(id="cpu", namespace=_HOST, metric="CPUUtilization", statistic="Average"),
    _Source(id="memory", namespace=_HOST, metric="MemoryUtilization", statistic="Average"),
)


_SUMMED = (
    (tag.GPUS, "GPUs", (("gpu", "GPU"), ("gpu_memory", "GPU memory"))),
    (tag.VCPUS, "vCPUs", (("cpu", "CPU"),)),
)
"""The tag that counts what a metric sums over, its name, and the signals."""


def window(alert: Alert) -> tuple[datetime, datetime, datetime]:
    """Start, split and end: half an hour before the alert began, when it began, and the minute after it was told."""
    split = (alert.since or alert.at).replace(second=0, microsecond=0)
    end = alert.at.replace(second=0, microsecond=0) + timedelta(seconds=PERIOD)
    return split - BEFORE, split, end


def fetch(alert: Alert, resource: Resource, cloudwatch: Any) -> Finding:
    """Fetch the minutes of every signal and turn them into figures."""
    start, _, end = window(alert)
    dimensions = [{"Name": "EndpointName", "Value": resource.name}, {"Name": "VariantName", "Value": resource.variant}]
    response = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": source.id,
                "MetricStat": {
                    "Metric": {
                        "Namespace": source.namespace,
                        "MetricName": source.metric,
                        "Dimensions": dimensions,
                    },
                    "Period": PERIOD,
                    "Stat": source.statistic,
                },
            }
            for source in _SOURCES
        ],
        StartTime=start,
        EndTime=end,
        ScanBy="TimestampAscending",
    )
    raw = {
        result["Id"]: dict(zip(result["Timestamps"], result["Values"], strict=True))
        for result in response["MetricDataResults"]
    }
    figures, uncounted = summarize(alert, raw, alert.tags)
    return Finding(values={"signals": figures}, missing=uncounted)


def summarize(
    alert: Alert, raw: Mapping[str, Series], tags: Mapping[str, str]
) -> tuple[tuple[Signal, ...], tuple[Missing, ...]]:
    """Turn raw minutes, in CloudWatch's units, into figures a person reads.

    Signals without any data are left out, and so are clients without errors.

    SageMaker reports CPUs from 0 to 100 x vCPUs and GPUs from 0 to 100 x GPUs. The alarm's tags tell how many there are;
    where they do not, these signals are left out and named, since 380 % would mislead.

    An error counts once: a model's 5xx is in both Invocation5XXErrors and InvocationModelErrors, and its 4xx are in
    the latter too, so each minute counts the greater of the 5xx and of the model errors without the 4xx. Before and
    after are the share over all requests, the mean a minute for traffic, and the median minute for everything else
    (percentiles of minutes cannot be added up).
    """
    start, split, end = window(alert)
    requests = raw.get("invocations", {})

    def errors(source: str, at: datetime) -> float:
        return raw.get(source, {}).get(at, 0.0)

    refused = {t: errors("client_errors", t) for t in requests}
    failed = {t: max(errors("server_errors", t), errors("model_errors", t) - refused[t]) for t in requests}

    def series(source: str, scale: float = 1.0) -> Series:
        return {t: v * scale for t, v in raw.get(source, {}).items()}

    def figure(name: str, unit: str, values: Series) -> Signal:
        before = [v for t, v in values.items() if t < split]
        after = [v for t, v in values.items() if t >= split]
        middle = (lambda vs: sum(vs) / len(vs)) if unit == "/min" else median
        return Signal(
            name=name,
            unit=unit,
            before=middle(before) if before else None,
            after=middle(after) if after else None,
            sparkline=sparkline(values, start, end),
        )

    def share(name: str, part: Series) -> Signal:
        rates = {t: 100 * part[t] / requests[t] for t in requests if requests[t] > 0}
        return Signal(
            name=name,
            unit="%",
            before=_ratio(part, requests, lambda t: t < split),
            after=_ratio(part, requests, lambda t: t >= split),
            sparkline=sparkline(rates, start, end),
        )

    signals = [
        figure("Requests", "/min", requests),
        share("Errors", failed),
        share(CLIENT_ERRORS, refused),
        figure("Latency p50", "ms", series("p50", 0.001)),
        figure("Latency p99", "ms", series("p99", 0.001)),
        figure("SageMaker overhead", "ms", series("overhead", 0.001)),
    ]
    missing = []
    for counted, what, parts in _SUMMED:
        count = _count(tags.get(counted, ""))
        if count is not None:
            signals += [figure(name, "%", series(source, 1 / count)) for source, name in parts]
        elif any(raw.get(source) for source, _ in parts):
            missing.append(Missing(what=" and ".join(name for _, name in parts), why=f"number of {what} unknown"))
    signals.append(figure("Memory", "%", series("memory")))
    told = (s for s in signals if s.before is not None or s.after is not None)
    return tuple(s for s in told if s.name != CLIENT_ERRORS or s.before or s.after), tuple(missing)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


def sparkline(values: Series, start: datetime, end: datetime) -> str:
    """Draw one character for a slice of the window: height from 0 to the greatest value, a dot where nothing is."""
    slots: list[list[float]] = [[] for _ in range(BARS)]
    for at, value in values.items():
        position = (at - start) / (end - start)
        if 0 <= position < 1:
            slots[int(position * BARS)].append(value)
    top = max((max(slot) for slot in slots if slot), default=0.0)
    return "".join(_bar(slot, top) for slot in slots) if values else ""


def _bar(slot: Sequence[float], top: float) -> str:
    if not slot:
        return "·"
    return _BLOCKS[min(int(max(slot) / top * len(_BLOCKS)), len(_BLOCKS) - 1)] if top > 0 else _BLOCKS[0]


def _ratio(part: Series, whole: Series, chosen: Any) -> float | None:
    total = sum(v for t, v in whole.items() if chosen(t))
    return 100 * sum(v for t, v in part.items() if chosen(t)) / total if total > 0 else None
