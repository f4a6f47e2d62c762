"""What an anomaly detection band is around, and how wide it is."""

from alarmlab.errors import UnsupportedError
from alarmlab.model.alarms import MetricAlarm
from alarmlab.model.metric_math import Call, MathError, Name, Node, Number, parse

WIDTH = 2.0
"""Of a band whose expression does not say, in standard deviations."""


def read_band(node: Node) -> tuple[str, float]:
    """The id that ANOMALY_DETECTION_BAND is around, and its width in standard deviations.

    Raises:
        MathError: `node` is another expression.
    """
    match node:
        case Call("ANOMALY_DETECTION_BAND", (Name(around),)):
            return around, WIDTH
        case Call("ANOMALY_DETECTION_BAND", (Name(around), Number(width))):
            return around, width
    raise MathError(
        "ANOMALY_DETECTION_BAND takes the id of a metric or of an expression, and a number of standard deviations"
    )


def band_of_alarm(alarm: MetricAlarm) -> tuple[str, float]:
    """The id that the band of an alarm is around, and its width in standard deviations.

    Raises:
        UnsupportedError: the alarm is compared with something else.
    """
    expression = next((query.expression for query in alarm.queries if query.id == alarm.band), "")
    try:
        return read_band(parse(expression))
    except MathError as error:
        raise UnsupportedError(
            f"ThresholdMetricId {alarm.band!r} is {expression!r}: only ANOMALY_DETECTION_BAND(id, width) is supported there"
        ) from error
