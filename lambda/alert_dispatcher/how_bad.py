"""How bad it is: the newest figure against what was promised, and against where the alarm fires."""

import math
from datetime import timedelta

from alert_common import tags
from alert_common.alert import MetricFacts, State
from alert_common.page import Page
from alert_common.units import Unit, unit_of
from alert_dispatcher.text import figure, span
from alert_dispatcher.words import signal

_SIDES = {"GreaterThanThreshold": "above", "LessThanThreshold": "below"}


def how_bad(page: Page) -> str:
    """Answer in one look; empty where the alert has no metric."""
    alert, metric = page.alert, page.alert.metric
    if metric is None:
        return ""
    unit = unit_of(metric, page.context.tags)
    periods = _periods(metric) if alert.state is State.ALARM else ""
    if metric.value is None:
        return f"No data{periods}" if alert.state is State.ALARM and metric.no_data else ""
    value = _figure(metric.value, unit)
    if metric.band is not None:
        low, high = (_figure(edge, unit) for edge in metric.band)
        return f"{value}; expected is {low} to {high}{periods}"
    if metric.threshold is None:
        return value
    told = f"{value} of requests fail" if signal(page) == "errors" and unit.name == "%" else value
    fires = f"alarm fires {_SIDES.get(metric.comparison, 'at')}"
    limit = _figure(metric.threshold, unit)
    objective = _number(page.context.tags.get(tags.OBJECTIVE_VALUE, ""))
    if objective is None:
        return f"{told}; the {fires} {limit}{_factor(metric, metric.threshold)}{periods}"
    promised = _figure(objective, unit)
    verb = "asks for" if _wants_more(metric) else "allows"
    return (
        f"{told}; the objective {verb} {promised}{_factor(metric, objective)}. "
        f"The {fires} {'that' if promised == limit else limit}{periods}."
    )


def _figure(value: float, unit: Unit) -> str:
    return figure(value * unit.scale, unit.name)


def _number(text: str) -> float | None:
    try:
        return value if math.isfinite(value := float(text)) else None
    except ValueError:
        return None


def _wants_more(metric: MetricFacts) -> bool:
    return metric.comparison.startswith("Less")


def _factor(metric: MetricFacts, limit: float) -> str:
    """How many times worse than the limit, where it is worth saying."""
    value = metric.value
    if value is None or value <= 0 or limit <= 0:
        return ""
    factor = limit / value if _wants_more(metric) else value / limit
    if factor < 1.5:
        return ""
    times = f"{factor:,.0f}" if factor >= 10 else f"{factor:.1f}".removesuffix(".0")
    return f" ({times}x{' below' if _wants_more(metric) else ''})"


def _periods(metric: MetricFacts) -> str:
    period = metric.watched.period if metric.watched else None
    period = period or next((m.period for m in metric.metrics if m.period), None)
    looked = metric.evaluation_periods
    if not period or not looked or looked == 1:
        return ""
    length = "minutes" if period == 60 else f"periods of {span(timedelta(seconds=period))}"
    return f" in {metric.datapoints_to_alarm or looked} of {looked} {length}"
