"""What is probably a mistake in an alarm, why, and how to fix it. Few rules, each of which is nearly always right."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alarmlab.explain.known import Known, known
from alarmlab.explain.quantities import compared
from alarmlab.explain.units import duration, quantity
from alarmlab.model.alarms import Alarm, CompositeAlarm, MetricAlarm
from alarmlab.model.family import looked_at
from alarmlab.model.insights import is_insights, parse_insights
from alarmlab.model.metrics import MetricId, MetricQuery
from alarmlab.model.rules import Constant
from alarmlab.model.states import Missing
from alarmlab.model.statistics import percentile_of

_LEAST_LATENCY = 5000.0
"""Microseconds; a threshold below it on a time in microseconds was probably meant in milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is suspicious.

    Args:
        rule: its name.
        why: what will happen.
        fix: what to do.
    """

    rule: str
    why: str
    fix: str


def findings(alarm: Alarm, alarms: Mapping[str, Alarm]) -> tuple[Finding, ...]:
    """What is suspicious about an alarm.

    Args:
        alarm: the alarm.
        alarms: all of them by id: one that others look at needs no actions of its own.
    """
    return tuple(_findings(alarm, alarms))


def _findings(alarm: Alarm, alarms: Mapping[str, Alarm]) -> Iterator[Finding]:
    watched = any(alarm.about.id in looked_at(other) for other in alarms.values())
    if not watched and not (alarm.about.alarm_actions and alarm.about.actions_enabled):
        yield _no_actions(alarm)
    if isinstance(alarm, CompositeAlarm) and isinstance(alarm.rule, Constant):
        yield Finding(
            rule="constant-rule",
            why=f"The rule is {str(alarm.rule.value).upper()}: the state never changes.",
            fix="Name alarms in the rule.",
        )
    if isinstance(alarm, MetricAlarm):
        watching = _Watching(alarm)
        for rule in _RULES:
            found = rule(watching)
            if found is not None:
                yield found


def _no_actions(alarm: Alarm) -> Finding:
    disabled = alarm.about.alarm_actions and not alarm.about.actions_enabled
    return Finding(
        rule="no-actions",
        why="Nobody hears of it: its actions are disabled."
        if disabled
        else "Nobody hears of it, and no alarm looks at it.",
        fix="Enable its actions." if disabled else "Give it AlarmActions, or remove it.",
    )


class _Watching:
    """A metric alarm with what is known of its metrics."""

    def __init__(self, alarm: MetricAlarm) -> None:
        self.alarm = alarm
        self.settings = alarm.settings
        self.queries: Sequence[MetricQuery] = [query for query in alarm.queries if query.metric is not None]
        self.returned = alarm.query
        self.facts: Sequence[Known] = [known(query.metric) for query in self.queries if query.metric is not None]

    @property
    def up(self) -> bool:
        """Whether values above the threshold breach."""
        return self.settings.threshold is not None and self.settings.comparison.startswith("GreaterThan")

    @property
    def down(self) -> bool:
        """Whether values below the threshold breach."""
        return self.settings.threshold is not None and self.settings.comparison.startswith("LessThan")

    @property
    def metric(self) -> MetricId | None:
        """The metric that is compared as it is."""
        return self.returned.metric

    @property
    def fact(self) -> Known:
        """What is known of the metric that is compared as it is."""
        return known(self.metric) if self.metric is not None else Known()

    @property
    def sparse_errors(self) -> bool:
        """Whether errors are counted, and nothing is published where there is nothing to count."""
        return any(fact.errors for fact in self.facts) and all(fact.on_demand for fact in self.facts)

    @property
    def threshold(self) -> float:
        return self.settings.threshold or 0.0


def _missing_is_no_error(watching: _Watching) -> Finding | None:
    if watching.settings.missing is not Missing.BREACHING or not watching.up:
        return None
    sparse = [query.metric.name for query in watching.queries if query.metric and known(query.metric).on_demand]
    if not sparse:
        return None
    return Finding(
        rule="missing-breaches",
        why=f"{sparse[0]} is only published when something happens: a quiet hour goes off.",
        fix="TreatMissingData: notBreaching; watch for silence with an alarm of its own.",
    )


def _silence_unseen(watching: _Watching) -> Finding | None:
    quiet = watching.settings.missing is not Missing.BREACHING and not watching.alarm.about.insufficient_data_actions
    if not (
        watching.down and quiet and watching.metric and watching.fact.on_demand and watching.returned.stat == "Sum"
    ):
        return None
    return Finding(
        rule="silence-unseen",
        why=f"When nothing comes any more, {watching.metric.name} has no datapoint at all, which is no breach here.",
        fix="TreatMissingData: breaching, with a WarmUpConfiguration for new deployments.",
    )


def _ok_after_silence(watching: _Watching) -> Finding | None:
    if not (
        watching.settings.missing is Missing.MISSING
        and watching.sparse_errors
        and watching.alarm.about.ok_actions
        and watching.up
    ):
        return None
    return Finding(
        rule="ok-after-silence",
        why="After each quiet stretch it goes from INSUFFICIENT_DATA to OK and tells that, though nothing was wrong.",
        fix="TreatMissingData: notBreaching.",
    )


def _one_then_silence(watching: _Watching) -> Finding | None:
    settings = watching.settings
    missing_is_skipped = settings.missing is Missing.MISSING and settings.datapoints_to_alarm > 1
    if not (missing_is_skipped and watching.sparse_errors and watching.up):
        return None
    old = settings.period * settings.datapoints_to_alarm
    return Finding(
        rule="one-then-silence",
        why=f"One bad datapoint with nothing after it is an alarm once it is {duration(old)} old: what is missing does not "
        "speak against it.",
        fix="TreatMissingData: notBreaching.",
    )


def _few_samples(watching: _Watching) -> Finding | None:
    settings = watching.settings
    percentile = percentile_of(settings.stat)
    decided = settings.low_sample_ignore or settings.datapoints_to_alarm > 2
    if percentile is None or decided or not watching.fact.on_demand or not (90 <= percentile < 100):
        return None
    enough = "one such period is" if settings.datapoints_to_alarm == 1 else "two such periods are"
    return Finding(
        rule="few-samples",
        why=f"With little traffic the {settings.stat} is the one slowest request, and {enough} enough.",
        fix="EvaluateLowSampleCountPercentile: ignore, or more DatapointsToAlarm.",
    )


def _one_datapoint(watching: _Watching) -> Finding | None:
    settings = watching.settings
    noisy = watching.fact.unit in ("percent", "microseconds", "milliseconds")
    if not (settings.evaluation_periods == 1 and settings.period <= 60 and noisy and watching.up):
        return None
    return Finding(
        rule="one-datapoint",
        why=f"One period of {duration(settings.period)} is enough: a short peak goes off.",
        fix="3 of 5 DatapointsToAlarm, for instance: it fires two periods later.",
    )


def _milliseconds(watching: _Watching) -> Finding | None:
    if not (watching.up and watching.fact.unit == "microseconds" and 0 < watching.threshold < _LEAST_LATENCY):
        return None
    if watching.returned.stat == "SampleCount" or watching.metric is None:
        return None
    return Finding(
        rule="microseconds",
        why=f"{watching.metric.name} is in microseconds: {watching.threshold:g} is {quantity(watching.threshold, 'microseconds')}.",
        fix=f"Threshold: {watching.threshold * 1000:g}, if {watching.threshold:g} ms was meant.",
    )


def _adds_up(watching: _Watching) -> Finding | None:
    if not (watching.up and watching.fact.adds_up) or watching.metric is None:
        return None
    devices = "GPUs" if watching.metric.name.startswith("GPU") else "CPUs"
    return Finding(
        rule="adds-up",
        why=f"{watching.metric.name} adds up over the {devices} of an instance: with 4 of them, all busy is 400 %.",
        fix=f"Compare `m / {devices.lower()}` (metric math) with the threshold.",
    )


def _gaps(watching: _Watching) -> Finding | None:
    slow = [query for query in watching.queries if query.metric and known(query.metric).resolution > query.period]
    if not slow:
        return None
    metric = slow[0].metric
    assert metric is not None
    every = known(metric).resolution
    return Finding(
        rule="gaps",
        why=f"{metric.name} comes every {duration(every)}, the alarm looks for it every {duration(slow[0].period)}.",
        fix=f"Period: {every}.",
    )


def _out_of_reach(watching: _Watching) -> Finding | None:
    """Thresholds that a metric cannot pass, or passes always."""
    unit, threshold = watching.fact.unit, watching.threshold
    if not unit or watching.fact.adds_up or watching.returned.stat == "SampleCount" or watching.metric is None:
        return None
    strict = watching.settings.comparison in ("GreaterThanThreshold", "LessThanThreshold")
    share = compared(watching.alarm).unit == "share"
    most = 100.0 if unit == "percent" else 1.0 if share else None
    shown = quantity(threshold, "share" if share else unit)
    if most is not None and watching.up and (threshold > most or (strict and threshold == most)):
        return Finding(
            rule="never", why=f"It is never above {shown}: the alarm cannot fire.", fix=f"A Threshold below {most:g}."
        )
    if watching.down and (threshold < 0 or (strict and threshold == 0)):
        return Finding(
            rule="never", why=f"It is never below {shown}: the alarm cannot fire.", fix="A Threshold above 0."
        )
    if watching.up and (threshold < 0 or (not strict and threshold == 0)):
        return Finding(
            rule="always", why=f"It is always at least {shown}: every datapoint breaches.", fix="A Threshold above 0."
        )
    return None


def _unordered(watching: _Watching) -> Finding | None:
    if not is_insights(watching.returned.expression):
        return None
    query = parse_insights(watching.returned.expression)
    if not query.group_by or query.order_by:
        return None
    return Finding(
        rule="unordered",
        why="Of more than 500 series only the first are looked at, and without ORDER BY those are not the worst.",
        fix=f"ORDER BY {query.function}(){' DESC' if watching.up else ' ASC'}, which AWS asks for in alarms with GROUP BY.",
    )


_RULES: tuple[Callable[[_Watching], Finding | None], ...] = (
    _missing_is_no_error,
    _silence_unseen,
    _one_then_silence,
    _ok_after_silence,
    _few_samples,
    _one_datapoint,
    _milliseconds,
    _adds_up,
    _gaps,
    _out_of_reach,
    _unordered,
)
