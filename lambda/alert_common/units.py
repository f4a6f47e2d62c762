"""Which unit a person reads a metric in, and the factor that takes CloudWatch's figure there."""

from collections.abc import Mapping
from dataclasses import dataclass

from alert_common import tags as tag
from alert_common.alert import MetricFacts

_MICROSECONDS = {
    "ModelLatency",
    "OverheadLatency",
    "FirstChunkLatency",
    "ModelSetupTime",
    "TimeInBacklog",
    "ModelLoadingWaitTime",
    "ModelLoadingTime",
    "ModelUnloadingTime",
    "ModelDownloadingTime",
}
_RATES = {"Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors", "MidStreamErrors"}
_COUNTS = {"Sum", "SampleCount"}


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit (`%`, `ms`, or empty) and what CloudWatch's figure is multiplied by."""

    name: str
    scale: float


PLAIN = Unit(name="", scale=1.0)


_TOLD = {
    "share": Unit(name="%", scale=100.0),
    "percent": Unit(name="%", scale=1.0),
    "microseconds": Unit(name="ms", scale=0.001),
    "count": PLAIN,
}


def unit_of(metric: MetricFacts, tags: Mapping[str, str]) -> Unit:
    """Tell the unit of what an alarm compares with its threshold: by its tag, else by names and labels."""
    return _TOLD.get(tags.get(tag.UNIT, "")) or _guess(metric)


def _guess(metric: MetricFacts) -> Unit:
    """Tell the unit of a foreign alarm.

    SageMaker's latencies are microseconds; its error metrics are 1 or 0 a request, so their average, and any ratio
    with a threshold of at most 1, is a share; utilizations are percent.
    """
    subject, watched = metric.subject, metric.watched
    if subject is None or watched is None:
        return PLAIN
    words = f"{watched.label} {watched.expression}".lower()
    if "(share)" in words:
        return Unit(name="%", scale=100.0)
    if subject.name in _MICROSECONDS:
        # An expression that divides by a thousand has done the conversion already.
        return Unit(name="ms", scale=1.0 if "/1000" in words.replace(" ", "") or "(ms)" in words else 0.001)
    if subject.name in _RATES or "error" in words:
        return _share(metric, words)
    if "utilization" in subject.name.lower() or "%" in words or "percent" in words:
        return Unit(name="%", scale=1.0)
    return PLAIN


def _share(metric: MetricFacts, words: str) -> Unit:
    watched = metric.watched
    if watched is not None and watched.name and watched.statistic in _COUNTS:
        return PLAIN
    if "%" in words or "percent" in words or "100" in words:
        return Unit(name="%", scale=1.0)
    figures = [abs(f) for f in (metric.threshold, *metric.values) if f is not None]
    if any(figure > 1 for figure in figures):
        return Unit(name="%" if "/" in words else "", scale=1.0)
    return Unit(name="%", scale=100.0)
