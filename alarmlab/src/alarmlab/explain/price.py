"""What an alarm costs a month.

List prices of us-east-1 in US dollars, as quoted in November 2026 (https://aws.amazon.com/cloudwatch/pricing/, of which
third parties keep copies); other regions differ by up to a third. The first ten metrics of standard alarms are free.
"""

from dataclasses import dataclass

from alarmlab.model.alarms import Alarm, CompositeAlarm, MetricAlarm
from alarmlab.model.insights import is_insights

STANDARD = 0.10
"""For each metric that an alarm of a period of a minute or more reads."""
HIGH_RESOLUTION = 0.30
"""For each metric that an alarm of a shorter period reads."""
COMPOSITE = 0.50
ANALYZED = 0.10
"""For each metric that a Metrics Insights query analyzes."""
BAND_METRICS = 2
"""A band counts as two more metrics, its upper and its lower bound."""
PRICED = "us-east-1 list prices of November 2026"


@dataclass(frozen=True, kw_only=True)
class Price:
    """What an alarm costs.

    Args:
        dollars: a month.
        parts: what that is made of.
        open: what comes on top and cannot be told from the template; empty for nothing.
    """

    dollars: float
    parts: str
    open: str = ""


def price_of(alarm: Alarm) -> Price:
    """What an alarm costs a month, before anything free."""
    if isinstance(alarm, CompositeAlarm):
        return Price(dollars=COMPOSITE, parts="composite")
    if not isinstance(alarm, MetricAlarm):
        return Price(dollars=0.0, parts="PromQL", open="PromQL alarms have no published price that we know of")
    metrics = sum(query.metric is not None for query in alarm.queries)
    queries = any(is_insights(query.expression) for query in alarm.queries)
    each = HIGH_RESOLUTION if alarm.settings.period < 60 else STANDARD
    counted = metrics + (BAND_METRICS if alarm.band else 0)
    resolution = ", high resolution" if each == HIGH_RESOLUTION else ""
    band = " and the two of the band" if alarm.band else ""
    plural = "metric" if metrics == 1 else "metrics"
    return Price(
        dollars=round(each * counted, 2),
        parts="Metrics Insights" if queries and not metrics else f"{metrics} {plural}{band}{resolution}",
        open=f"${ANALYZED:.2f} for each metric that the query analyzes" if queries else "",
    )
