"""The reasons CloudWatch gives."""

import json
from datetime import UTC, datetime
from math import nan

import numpy as np
import pytest

from alarmlab.engine.judge import STATES, breaches, judge
from alarmlab.engine.reasons import Row, reason, reason_data, timestamp
from alarmlab.model.alarms import AlarmSettings
from alarmlab.model.states import Missing, State

AT = int(datetime(2026, 11, 23, 15, 5, tzinfo=UTC).timestamp())


def alarm(n: int, m: int, mode: Missing = Missing.MISSING) -> AlarmSettings:
    """An alarm on values over 0.01."""
    return AlarmSettings(
        comparison="GreaterThanThreshold",
        threshold=0.01,
        evaluation_periods=n,
        datapoints_to_alarm=m,
        period=60,
        missing=mode,
        stat="Average",
    )


def history(*values: float) -> Row:
    """Values of the minutes up to 15:05, oldest first."""
    found = np.array(values)
    return Row(
        values=found,
        starts=AT - 60 * np.arange(len(values), 0, -1, dtype=np.int64),
        counts=np.where(np.isnan(found), nan, 5.0),
    )


def judged(settings: AlarmSettings, row: Row) -> State:
    """The state that the row puts an alarm into."""
    values = row.values[np.newaxis, :]
    return STATES[judge(settings, ~np.isnan(values), breaches(settings, values))[0]]


@pytest.mark.parametrize(
    ("settings", "row", "text"),
    [
        (
            alarm(1, 1),
            history(0.31),
            (
                "Threshold Crossed: 1 out of the last 1 datapoints [0.31 (23/11/26 15:04:00)] was greater than the "
                "threshold (0.01) (minimum 1 datapoint for OK -> ALARM transition)."
            ),
        ),
        (
            alarm(3, 2),
            history(0.31, 0.0, 0.5),
            (
                "Threshold Crossed: 2 out of the last 3 datapoints [0.5 (23/11/26 15:04:00), 0.31 (23/11/26 15:02:00)] "
                "were greater than the threshold (0.01) (minimum 2 datapoints for OK -> ALARM transition)."
            ),
        ),
        (
            alarm(1, 1),
            history(0.0),
            (
                "Threshold Crossed: 1 out of the last 1 datapoints [0.0 (23/11/26 15:04:00)] was not greater than the "
                "threshold (0.01) (minimum 1 datapoint for ALARM -> OK transition)."
            ),
        ),
        (
            alarm(2, 2, Missing.BREACHING),
            history(nan, nan),
            (
                "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
                "[Breaching]."
            ),
        ),
        (
            alarm(1, 1, Missing.NOT_BREACHING),
            history(nan),
            (
                "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
                "[NonBreaching]."
            ),
        ),
        (
            alarm(2, 2, Missing.BREACHING),
            history(nan, 0.5),
            (
                "Threshold Crossed: 1 datapoint [0.5 (23/11/26 15:04:00)] was greater than the threshold (0.01) and "
                "1 missing datapoint was treated as [Breaching]."
            ),
        ),
        (alarm(2, 2), history(nan, nan), "Insufficient Data: 2 datapoints were unknown."),
    ],
)
def test_reason(settings: AlarmSettings, row: Row, text: str) -> None:
    """Each kind of verdict reads as CloudWatch writes it."""
    assert reason(settings, judged(settings, row), row) == text


def test_reason_of_a_band() -> None:
    """Of an alarm on a band the bounds of the periods that decided are told."""
    settings = AlarmSettings(
        comparison="LessThanLowerOrGreaterThanUpperThreshold",
        threshold=None,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        period=60,
    )
    row = Row(
        values=np.array([1.0, 9.0]),
        starts=np.array([AT - 120, AT - 60]),
        band=(np.array([0.0, 1.0]), np.array([2.0, 3.0])),
    )
    assert reason(settings, State.ALARM, row) == (
        "Thresholds Crossed: 1 out of the last 1 datapoints [9.0 (23/11/26 15:04:00)] was less than the lower thresholds "
        "[1.0] or greater than the upper thresholds [3.0] (minimum 1 datapoint for OK -> ALARM transition)."
    )
    data = json.loads(reason_data(settings, row, at=AT))
    assert (data["recentLowerThresholds"], data["recentUpperThresholds"]) == ([1.0], [3.0])
    assert "threshold" not in data


def test_reason_data() -> None:
    """The JSON has the evaluated datapoints newest first, with their sample counts, and the recent values oldest first."""
    data = json.loads(reason_data(alarm(3, 2), history(nan, nan, 0.31, 0.0, 0.5), at=AT, unit="Count"))
    assert data == {
        "version": "1.0",
        "queryDate": "2026-11-23T15:05:00.000+0000",
        "startDate": "2026-11-23T15:02:00.000+0000",
        "unit": "Count",
        "statistic": "Average",
        "period": 60,
        "recentDatapoints": [0.31, 0.0, 0.5],
        "threshold": 0.01,
        "evaluatedDatapoints": [
            {"timestamp": "2026-11-23T15:04:00.000+0000", "sampleCount": 5.0, "value": 0.5},
            {"timestamp": "2026-11-23T15:03:00.000+0000", "sampleCount": 5.0, "value": 0.0},
            {"timestamp": "2026-11-23T15:02:00.000+0000", "sampleCount": 5.0, "value": 0.31},
        ],
    }


def test_reason_data_of_missing_periods() -> None:
    """Periods that only count because they are missing are listed without a value, and there is no start date."""
    data = json.loads(reason_data(alarm(2, 2, Missing.BREACHING), history(nan, nan, nan, nan), at=AT))
    assert data["evaluatedDatapoints"] == [
        {"timestamp": "2026-11-23T15:04:00.000+0000"},
        {"timestamp": "2026-11-23T15:03:00.000+0000"},
    ]
    assert "startDate" not in data


def test_timestamp_has_milliseconds() -> None:
    """Moments are written to the millisecond, with +0000."""
    assert timestamp(AT + 0.1239) == "2026-11-23T15:05:00.123+0000"
